/*
 * rest.c
 *	  Reads the requests of the REST endpoint, and writes their answers.
 *
 * rest/setup.sql declares these functions, in a schema that only the endpoint's
 * owner may use, and calls them.  They are in C because they take a fiftieth of
 * the time that they took in PL/pgSQL.  None of them has an effect beyond its
 * result.  A declaration stays when the library is replaced, so a function here
 * keeps its arguments and its result: another one needs another name.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/utf8.h"
#include "bson/encoding.h"
#include "calls_query.h"

PG_FUNCTION_INFO_V1(admin_dashboard_rest_request);
PG_FUNCTION_INFO_V1(admin_dashboard_rest_parameter);
PG_FUNCTION_INFO_V1(admin_dashboard_rest_period);
PG_FUNCTION_INFO_V1(admin_dashboard_rest_body);

/* no key is longer */
#define MAX_KEY_BYTES	512

/* from the beginning of a day to its last microsecond, and to its last second */
#define WHOLE_DAY		(USECS_PER_DAY - 1)
#define LAST_SECOND		(USECS_PER_DAY - USECS_PER_SEC)

/* bytes of a parameter, NULL if it is missing */
typedef struct Bytes
{
	char	   *data;
	int			len;
} Bytes;

/*
 * Returns a member of a JSON object as text, palloc'd, or NULL if there is none
 * or if it is no string.
 */
static text *
string_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(object) ||
		getKeyJsonValueFromContainer(&object->root, name, strlen(name), &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return cstring_to_text_with_len(value.val.string.val, value.val.string.len);
}

/*
 * Returns the key in the header Authorization, palloc'd, or NULL if the header is
 * not "Bearer" and one word of printable ASCII.
 */
static text *
bearer_key(text *authorization)
{
	const char *start = VARDATA_ANY(authorization);
	const char *end = start + VARSIZE_ANY_EXHDR(authorization);

	if (end - start < 7 || pg_strncasecmp(start, "bearer ", 7) != 0)
		return NULL;
	for (start += 7; start < end && *start == ' ';)
		start++;
	while (start < end && end[-1] == ' ')
		end--;
	if (start == end || end - start > MAX_KEY_BYTES)
		return NULL;
	for (const char *p = start; p < end; p++)
	{
		if (*p < '!' || *p > '~')
			return NULL;
	}
	return cstring_to_text_with_len(start, end - start);
}

/* Returns a row of the function's result type, in which NULL is null. */
static Datum
form_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function is not declared as in setup.sql");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * request(headers text, OUT id text, OUT gone text, OUT key text, OUT query text)
 *
 * Returns what nginx.conf sends in headers of its own, which PostgREST provides as
 * a JSON object: the request's id, the id of the request to cancel, the key, and
 * the query string.  Each is null if it is not there; the key also if it cannot be
 * one.  Null or '' as the headers, which is what a session without PostgREST has,
 * are no headers.
 */
Datum
admin_dashboard_rest_request(PG_FUNCTION_ARGS)
{
	char	   *json = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	Jsonb	   *headers = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(*json == '\0' ? "{}" : json)));
	text	   *authorization = string_member(headers, "x-api-authorization");
	text	   *parts[] = {
		string_member(headers, "x-request-id"),
		string_member(headers, "x-gone"),
		authorization == NULL ? NULL : bearer_key(authorization),
		string_member(headers, "x-query"),
	};
	Datum		values[lengthof(parts)];
	bool		nulls[lengthof(parts)];

	for (int i = 0; i < lengthof(parts); i++)
	{
		values[i] = PointerGetDatum(parts[i]);
		nulls[i] = parts[i] == NULL;
	}
	return form_row(fcinfo, values, nulls);
}

/* Returns the value of a hexadecimal digit, or -1. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Returns the bytes that a part of a query string encodes (RFC 3986, 2.1),
 * palloc'd and with a null byte behind them.  "plus" is what a plus is.
 */
static Bytes
url_decode(const char *part, int len, char plus)
{
	Bytes		bytes = {palloc(len + 1), 0};

	for (int i = 0; i < len; i++)
	{
		char		c = part[i];

		if (c == '+')
			c = plus;
		else if (c == '%' && i + 2 < len && hex_digit(part[i + 1]) >= 0 && hex_digit(part[i + 2]) >= 0)
		{
			c = (char) (hex_digit(part[i + 1]) * 16 + hex_digit(part[i + 2]));
			i += 2;
		}
		bytes.data[bytes.len++] = c;
	}
	bytes.data[bytes.len] = '\0';
	return bytes;
}

/*
 * Returns the value of a parameter of a query string in UTF-8, in which a plus is
 * "plus".  If there are several of that name, the last counts.
 */
static Bytes
find_parameter(const char *query, const char *name, char plus)
{
	Bytes		value = {NULL, 0};
	const char *next;

	for (const char *pair = query; pair != NULL; pair = next)
	{
		const char *end = pair + strcspn(pair, "&");
		const char *sign = memchr(pair, '=', end - pair);
		const char *name_end = sign == NULL ? end : sign;
		Bytes		found = url_decode(pair, name_end - pair, plus);

		next = *end == '\0' ? NULL : end + 1;
		if (found.len != strlen(name) || memcmp(found.data, name, found.len) != 0)
			continue;
		value = sign == NULL ? url_decode(end, 0, plus) : url_decode(sign + 1, end - sign - 1, plus);
	}
	return value;
}

/* Returns a query string in UTF-8. */
static const char *
query_in_utf8(text *query)
{
	return ad_to_utf8(text_to_cstring(query));
}

/*
 * Returns bytes in UTF-8 as text of the database, palloc'd, or NULL if the
 * database cannot have them.
 */
static text *
text_from_utf8(Bytes bytes)
{
	uint32		len = bytes.len;
	const char *string = ad_text_to_server(bytes.data, &len);

	return string == NULL ? NULL : cstring_to_text_with_len(string, len);
}

/*
 * parameter(query text, name text) RETURNS text
 *
 * Returns the value of a parameter of a query string, null if it is missing.  A plus
 * is a space, as in forms.  If there are several of that name, the last counts.  Raises 22021 if the value is
 * not text in UTF-8 that the database can have; the names of other parameters are
 * not checked.
 */
Datum
admin_dashboard_rest_parameter(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Bytes		bytes = find_parameter(query_in_utf8(PG_GETARG_TEXT_PP(0)), name, ' ');
	text	   *value;

	if (bytes.data == NULL)
		PG_RETURN_NULL();
	value = text_from_utf8(bytes);
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("parameter \"%s\" is not text in UTF-8 that the database can have", name)));
	PG_RETURN_TEXT_P(value);
}

/*
 * Read a number of two or four digits.  Returns false if there are fewer.
 */
static bool
read_digits(const char **at, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (!isdigit((unsigned char) (*at)[i]))
			return false;
		*number = *number * 10 + (*at)[i] - '0';
	}
	*at += digits;
	return true;
}

/*
 * Read a date, as microseconds from PostgreSQL's epoch to its beginning.
 */
static bool
read_date(const char **at, Timestamp *date)
{
	int			year,
				month,
				day;

	if (!read_digits(at, 4, &year) || *(*at)++ != '-' ||
		!read_digits(at, 2, &month) || *(*at)++ != '-' || !read_digits(at, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR ||
		day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	*date = (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

/*
 * Read a time of a day, in microseconds.  Digits beyond microseconds do not count;
 * there are nine at most.  A leap second is the first second of the next minute,
 * as everywhere in PostgreSQL, but not of the next day's.
 */
static bool
read_time(const char **at, int64 *time)
{
	int			hour,
				minute,
				second = 0;
	int64		fraction = 0;

	if (!read_digits(at, 2, &hour) || *(*at)++ != ':' || !read_digits(at, 2, &minute))
		return false;
	if (**at == ':')
	{
		(*at)++;
		if (!read_digits(at, 2, &second))
			return false;
		if (**at == '.' || **at == ',')
		{
			int64		unit = USECS_PER_SEC / 10;
			int			digits = strspn(*at + 1, "0123456789");

			if (digits < 1 || digits > 9)
				return false;
			for (int i = 1; i <= digits; i++, unit /= 10)
				fraction += unit * ((*at)[i] - '0');
			*at += 1 + digits;
		}
	}
	*time = hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE + second * USECS_PER_SEC + fraction;
	return hour < HOURS_PER_DAY && minute < MINS_PER_HOUR && second <= SECS_PER_MINUTE &&
		*time <= USECS_PER_DAY;
}

/*
 * Read an offset from UTC, if there is one, in microseconds.  A plus that was not
 * written as %2B has become a space.
 */
static bool
read_offset(const char **at, int64 *offset)
{
	char		sign = **at;
	int			hours,
				minutes = 0;

	*offset = 0;
	if (sign == 'Z' || sign == 'z')
		(*at)++;
	if (sign != '+' && sign != '-' && sign != ' ')
		return true;
	(*at)++;
	if (!read_digits(at, 2, &hours))
		return false;
	if (**at != '\0')
	{
		if (**at == ':')
			(*at)++;
		if (!read_digits(at, 2, &minutes))
			return false;
	}
	*offset = (sign == '-' ? -1 : 1) * (hours * USECS_PER_HOUR + minutes * USECS_PER_MINUTE);
	return hours < HOURS_PER_DAY && minutes < MINS_PER_HOUR;
}

/*
 * Read a date and time in ISO 8601, in UTC if it has no offset; a date alone is
 * the beginning of its day.  Returns false if it is not such a date.
 */
static bool
read_instant(Bytes value, TimestampTz *instant)
{
	const char *at = value.data;
	int64		time = 0,
				offset = 0;

	if (!read_date(&at, instant))
		return false;
	if (*at != '\0')
	{
		char		separator = *at++;

		if (separator != 'T' && separator != 't' && separator != ' ')
			return false;
		if (!read_time(&at, &time) || !read_offset(&at, &offset))
			return false;
	}
	*instant += time - offset;
	return at == value.data + value.len;
}

/* the range of a request */
typedef struct Period
{
	bool		has_start;
	bool		has_end;
	TimestampTz start;
	TimestampTz end;
	bool		whole_day;		/* whether the end was a date alone */
	text	   *user;			/* NULL for all */
} Period;

/*
 * Read the parameters, of which empty ones count as not given.  Returns NULL, or
 * why they are refused; that is in plain ASCII.
 */
static const char *
read_period(const char *query, Period *period)
{
	const char *not_a_date = "%s must be a date and time in ISO 8601, such as 2026-02-26T00:00:00Z";
	Bytes		start = find_parameter(query, "start_date", ' ');
	Bytes		end = find_parameter(query, "end_date", ' ');

	/* people write an address as it is, and its pluses are pluses */
	Bytes		user = find_parameter(query, "user_email", '+');

	period->has_start = start.len > 0;
	if (period->has_start && !read_instant(start, &period->start))
		return psprintf(not_a_date, "start_date");
	period->has_end = end.len > 0;
	if (period->has_end && !read_instant(end, &period->end))
		return psprintf(not_a_date, "end_date");

	period->user = user.len == 0 ? NULL : text_from_utf8(user);
	if (user.len > 0 && period->user == NULL)
		return "user_email must be text in UTF-8";

	/*
	 * A date alone ends where nothing lies between it and the next day.  Its
	 * end is shown as 23:59:59, and so the default start is 30 days before
	 * that.
	 */
	period->whole_day = end.len == strlen("2026-02-26");
	if (period->whole_day)
	{
		if (!period->has_start)
			period->start = period->end + LAST_SECOND - AD_DEFAULT_RANGE;
		period->has_start = true;
		period->end += WHOLE_DAY;
	}
	if (period->has_start &&
		period->start > (period->has_end ? period->end : GetCurrentTransactionStartTimestamp()))
		return period->has_end ? "start_date must not be after end_date" :
			"start_date must not be after end_date, which is now if it is not given";
	return NULL;
}

/*
 * period(query text, OUT start_date timestamptz, OUT end_date timestamptz,
 * OUT whole_day boolean, OUT user_email text, OUT refusal text)
 *
 * Returns the range and the user that a query string gives, each null if it is not
 * given, and whether the end is a date alone; or why the request is refused.
 */
Datum
admin_dashboard_rest_period(PG_FUNCTION_ARGS)
{
	Period		period = {0};
	const char *refusal = read_period(query_in_utf8(PG_GETARG_TEXT_PP(0)), &period);
	Datum		values[] = {
		TimestampTzGetDatum(period.start), TimestampTzGetDatum(period.end), BoolGetDatum(period.whole_day),
		PointerGetDatum(period.user), PointerGetDatum(refusal == NULL ? NULL : cstring_to_text(refusal)),
	};
	bool		nulls[] = {!period.has_start, !period.has_end, false, period.user == NULL, refusal == NULL};

	return form_row(fcinfo, values, nulls);
}

/*
 * Append one of the dashboard's figures, with its name.
 */
static void
append_figure(StringInfo out, JsonbContainer * data, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(data, name, strlen(name), &value) == NULL || value.type != jbvNumeric)
		elog(ERROR, "the dashboard has no number %s", name);
	appendStringInfo(out, "\"%s\": %s, ", name,
					 DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric))));
}

/*
 * Append an end of the dashboard's range, with its name, and without "omit" if
 * that is not NULL.
 */
static void
append_instant(StringInfo out, JsonbContainer * data, const char *name, const char *omit)
{
	JsonbValue	range,
				value;
	char	   *instant;
	char	   *found;

	if (getKeyJsonValueFromContainer(data, "date_range", strlen("date_range"), &range) == NULL ||
		range.type != jbvBinary ||
		getKeyJsonValueFromContainer(range.val.binary.data, name, strlen(name), &value) == NULL ||
		value.type != jbvString)
		elog(ERROR, "the dashboard has no string %s", name);
	instant = pnstrdup(value.val.string.val, value.val.string.len);
	found = omit == NULL ? NULL : strstr(instant, omit);
	if (found != NULL)
		memmove(found, found + strlen(omit), strlen(found + strlen(omit)) + 1);
	appendStringInfo(out, "\"%s\": \"%s\"", name, instant);
}

/*
 * body(data jsonb, whole_day boolean) RETURNS json
 *
 * Returns the body of the answer: the figures of admin_dashboard() in the order of
 * the API description, since jsonb has its own.  The end of a whole day is shown
 * without its fraction.
 */
Datum
admin_dashboard_rest_body(PG_FUNCTION_ARGS)
{
	static const char *const figures[] = {
		"total_calls", "total_duration_minutes", "total_duration_hours", "avg_duration_minutes", "total_active_users",
	};
	JsonbContainer *data = &PG_GETARG_JSONB_P(0)->root;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"success\": true, \"message\": \"Admin dashboard fetched successfully\", \"data\": {");
	for (int i = 0; i < lengthof(figures); i++)
		append_figure(&out, data, figures[i]);
	appendStringInfoString(&out, "\"date_range\": {");
	append_instant(&out, data, "start_date", NULL);
	appendStringInfoString(&out, ", ");
	append_instant(&out, data, "end_date", PG_GETARG_BOOL(1) ? ".999999" : NULL);
	appendStringInfoString(&out, "}}}");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
