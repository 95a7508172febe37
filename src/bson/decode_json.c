/*
 * decode_json.c
 *	  Decode BSON to json and jsonb.
 *
 * Numbers become numbers, ObjectIds become strings of hexadecimal digits, and
 * dates become strings in ISO 8601.  Values that JSON cannot express, such as
 * NaN, infinities, binary data and regular expressions, get the relaxed
 * format of MongoDB Extended JSON (v2).
 *
 * One walk over the BSON serves both types: it emits either text or the
 * tokens of pushJsonbValue().  We build jsonb directly from BSON, so its
 * strings point into the document until JsonbValueToJsonb() copies them.
 *
 * A string or name that contains U+0000, is not valid UTF-8, or has a
 * character that the database's encoding lacks, is a mismatch, because
 * PostgreSQL cannot store it as text.  If a document has several fields of
 * the same name, jsonb keeps the last one, and json keeps all.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/base64.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/decimal.h"
#include "bson/decode_json.h"
#include "bson/encoding.h"

/* the value while it is decoded */
typedef struct AdJson
{
	StringInfo	text;			/* output for json; NULL for jsonb */
	bool		need_comma;		/* json: does a comma precede the next item? */
	AdJsonbState state;			/* jsonb: the open containers; its result is
								 * the root, at the end */
	JsonbValue	scalar;			/* jsonb: the root, if it is a scalar */
} AdJson;

static bool emit_element(AdJson *json, const AdElement *element);

static void
separate(AdJson *json)
{
	if (json->need_comma)
		appendStringInfoChar(json->text, ',');
	json->need_comma = true;
}

/* add a value to the innermost open container of jsonb, or make it the root */
static void
push_value(AdJson *json, JsonbValue *value)
{
	JsonbParseState *parse = ad_jsonb_parse_state(&json->state);

	if (parse == NULL)
	{
		json->scalar = *value;
		json->state.result = &json->scalar;
	}
	else
		ad_jsonb_push(&json->state,
					  parse->contVal.type == jbvArray ? WJB_ELEM : WJB_VALUE, value);
}

static void
emit_begin(AdJson *json, bool array)
{
	if (json->text != NULL)
	{
		separate(json);
		appendStringInfoChar(json->text, array ? '[' : '{');
		json->need_comma = false;
	}
	else
		ad_jsonb_push(&json->state, array ? WJB_BEGIN_ARRAY : WJB_BEGIN_OBJECT, NULL);
}

static void
emit_end(AdJson *json, bool array)
{
	if (json->text != NULL)
	{
		appendStringInfoChar(json->text, array ? ']' : '}');
		json->need_comma = true;
	}
	else
		ad_jsonb_push(&json->state, array ? WJB_END_ARRAY : WJB_END_OBJECT, NULL);
}

/*
 * Emit a BSON string, or a field's name if "key" is set.  Returns false if
 * PostgreSQL cannot store it as text.
 */
static bool
emit_text(AdJson *json, const char *string, uint32 len, bool key)
{
	JsonbValue	value;

	string = ad_text_to_server(string, &len);
	if (string == NULL)
		return false;
	if (json->text != NULL)
	{
		separate(json);
		escape_json(json->text, string);
		if (key)
		{
			appendStringInfoChar(json->text, ':');
			json->need_comma = false;
		}
		return true;
	}
	value.type = jbvString;
	value.val.string.val = unconstify(char *, string);
	value.val.string.len = len;
	if (key)
		ad_jsonb_push(&json->state, WJB_KEY, &value);
	else
		push_value(json, &value);
	return true;
}

static void
emit_key(AdJson *json, const char *key)
{
	(void) emit_text(json, key, strlen(key), true);
}

static void
emit_string(AdJson *json, const char *string)
{
	(void) emit_text(json, string, strlen(string), false);
}

/* emit a number, given as text */
static void
emit_number(AdJson *json, const char *number)
{
	JsonbValue	value;

	if (json->text != NULL)
	{
		separate(json);
		appendStringInfoString(json->text, number);
		return;
	}
	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in,
															CStringGetDatum(number),
															ObjectIdGetDatum(InvalidOid),
															Int32GetDatum(-1)));
	push_value(json, &value);
}

static void
emit_integer(AdJson *json, int64 number)
{
	JsonbValue	value;

	if (json->text != NULL)
	{
		separate(json);
		appendStringInfo(json->text, INT64_FORMAT, number);
		return;
	}
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	push_value(json, &value);
}

static void
emit_bool(AdJson *json, bool boolean)
{
	JsonbValue	value;

	if (json->text != NULL)
	{
		separate(json);
		appendStringInfoString(json->text, boolean ? "true" : "false");
		return;
	}
	value.type = jbvBool;
	value.val.boolean = boolean;
	push_value(json, &value);
}

static void
emit_null(AdJson *json)
{
	JsonbValue	value;

	if (json->text != NULL)
	{
		separate(json);
		appendStringInfoString(json->text, "null");
		return;
	}
	value.type = jbvNull;
	push_value(json, &value);
}

/* emit {name: string} */
static void
emit_tagged(AdJson *json, const char *name, const char *string)
{
	emit_begin(json, false);
	emit_key(json, name);
	emit_string(json, string);
	emit_end(json, false);
}

/* emit {name: 1} */
static void
emit_marker(AdJson *json, const char *name)
{
	emit_begin(json, false);
	emit_key(json, name);
	emit_integer(json, 1);
	emit_end(json, false);
}

static void
emit_double(AdJson *json, double number)
{
	char		string[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(number))
		emit_tagged(json, "$numberDouble", "NaN");
	else if (isinf(number))
		emit_tagged(json, "$numberDouble", number < 0 ? "-Infinity" : "Infinity");
	else
	{
		double_to_shortest_decimal_buf(number, string);
		emit_number(json, string);
	}
}

static void
emit_decimal(AdJson *json, const AdElement *element)
{
	Datum		numeric = ad_decimal_to_numeric(element);
	char	   *string;

	string = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
	if (numeric_is_nan(DatumGetNumeric(numeric)) || numeric_is_inf(DatumGetNumeric(numeric)))
		emit_tagged(json, "$numberDecimal", string);
	else
		emit_number(json, string);
}

static void
emit_date(AdJson *json, int64 ms)
{
	StringInfoData string;

	initStringInfo(&string);
	if (ad_append_iso(&string, ms))
	{
		emit_string(json, string.data);
		return;
	}
	appendStringInfo(&string, INT64_FORMAT, ms);
	emit_begin(json, false);
	emit_key(json, "$date");
	emit_tagged(json, "$numberLong", string.data);
	emit_end(json, false);
}

static void
emit_binary(AdJson *json, const AdElement *element)
{
	bson_subtype_t subtype;
	uint32		len;
	const uint8 *bytes;
	char	   *base64;
	int			size;

	bytes = ad_element_bytes(element, &subtype, &len);
	size = pg_b64_enc_len(len);
	base64 = palloc(size + 1);
	size = pg_b64_encode((const void *) bytes, len, base64, size);
	base64[Max(size, 0)] = '\0';
	emit_begin(json, false);
	emit_key(json, "$binary");
	emit_begin(json, false);
	emit_key(json, "base64");
	emit_string(json, base64);
	emit_key(json, "subType");
	emit_string(json, psprintf("%02x", (unsigned) subtype & 0xff));
	emit_end(json, false);
	emit_end(json, false);
}

static bool
emit_regex(AdJson *json, const AdElement *element)
{
	const char *pattern = (const char *) element->value;
	const char *options = pattern + strlen(pattern) + 1;
	bool		ok;

	emit_begin(json, false);
	emit_key(json, "$regularExpression");
	emit_begin(json, false);
	emit_key(json, "pattern");
	ok = emit_text(json, pattern, strlen(pattern), false);
	emit_key(json, "options");
	ok = ok && emit_text(json, options, strlen(options), false);
	emit_end(json, false);
	emit_end(json, false);
	return ok;
}

static void
emit_timestamp(AdJson *json, const AdElement *element)
{
	uint32		increment = ad_read_int32(element->value);
	uint32		seconds = ad_read_int32(element->value + sizeof(int32));

	emit_begin(json, false);
	emit_key(json, "$timestamp");
	emit_begin(json, false);
	emit_key(json, "t");
	emit_integer(json, seconds);
	emit_key(json, "i");
	emit_integer(json, increment);
	emit_end(json, false);
	emit_end(json, false);
}

/*
 * Emit all elements of a document or an array.  Like the other functions that
 * return a bool, it returns false for a mismatch.
 */
static bool
emit_elements(AdJson *json, AdReader *reader, bool array)
{
	AdElement	element;

	check_stack_depth();
	emit_begin(json, array);
	while (ad_reader_next(reader, &element))
	{
		if (!array && !emit_text(json, element.key, element.key_len, true))
			return false;
		if (!emit_element(json, &element))
			return false;
	}
	emit_end(json, array);
	return true;
}

/* emit code, with the variables of its scope if it has one */
static bool
emit_code(AdJson *json, const AdElement *element)
{
	bool		has_scope = element->type == BSON_TYPE_CODEWSCOPE;
	const uint8 *value = element->value + (has_scope ? sizeof(int32) : 0);
	uint32		len;
	const char *code = ad_read_string(value, &len);

	emit_begin(json, false);
	emit_key(json, "$code");
	if (!emit_text(json, code, len, false))
		return false;
	if (has_scope)
	{
		const uint8 *scope = (const uint8 *) code + len + 1;
		AdReader	reader;

		emit_key(json, "$scope");
		ad_reader_init(&reader, scope, element->value + element->size - scope);
		if (!emit_elements(json, &reader, false))
			return false;
	}
	emit_end(json, false);
	return true;
}

static bool
emit_dbpointer(AdJson *json, const AdElement *element)
{
	uint32		len;
	const char *collection = ad_read_string(element->value, &len);
	char		hex[25];

	bson_oid_to_string((const bson_oid_t *) (collection + len + 1), hex);
	emit_begin(json, false);
	emit_key(json, "$dbPointer");
	emit_begin(json, false);
	emit_key(json, "$ref");
	if (!emit_text(json, collection, len, false))
		return false;
	emit_key(json, "$id");
	emit_string(json, pstrdup(hex));
	emit_end(json, false);
	emit_end(json, false);
	return true;
}

static bool
emit_container(AdJson *json, const AdElement *element)
{
	AdReader	reader;

	ad_reader_enter(&reader, element);
	return emit_elements(json, &reader, element->type == BSON_TYPE_ARRAY);
}

static bool
emit_symbol(AdJson *json, const AdElement *element)
{
	uint32		len;
	const char *string = ad_read_string(element->value, &len);

	return emit_text(json, string, len, false);
}

/* emit a value that JSON cannot express, but Extended JSON can */
static bool
emit_extended(AdJson *json, const AdElement *element)
{
	switch (element->type)
	{
		case BSON_TYPE_BINARY:
			emit_binary(json, element);
			return true;
		case BSON_TYPE_REGEX:
			return emit_regex(json, element);
		case BSON_TYPE_CODE:
		case BSON_TYPE_CODEWSCOPE:
			return emit_code(json, element);
		case BSON_TYPE_TIMESTAMP:
			emit_timestamp(json, element);
			return true;
		case BSON_TYPE_DBPOINTER:
			return emit_dbpointer(json, element);
		case BSON_TYPE_MINKEY:
			emit_marker(json, "$minKey");
			return true;
		case BSON_TYPE_MAXKEY:
			emit_marker(json, "$maxKey");
			return true;
		default:
			return false;
	}
}

/*
 * Emit the value of an element.  Returns false if it is a mismatch.
 */
static bool
emit_element(AdJson *json, const AdElement *element)
{
	const char *string;
	uint32		len;
	char		hex[25];

	switch (element->type)
	{
		case BSON_TYPE_UTF8:
			string = ad_read_string(element->value, &len);
			return emit_text(json, string, len, false);
		case BSON_TYPE_SYMBOL:
			return emit_symbol(json, element);
		case BSON_TYPE_DOCUMENT:
		case BSON_TYPE_ARRAY:
			return emit_container(json, element);
		case BSON_TYPE_INT32:
			emit_integer(json, ad_read_int32(element->value));
			return true;
		case BSON_TYPE_INT64:
			emit_integer(json, ad_read_int64(element->value));
			return true;
		case BSON_TYPE_DOUBLE:
			emit_double(json, ad_read_double(element->value));
			return true;
		case BSON_TYPE_DECIMAL128:
			emit_decimal(json, element);
			return true;
		case BSON_TYPE_BOOL:
			emit_bool(json, (*element->value != 0));
			return true;
		case BSON_TYPE_DATE_TIME:
			emit_date(json, ad_read_int64(element->value));
			return true;
		case BSON_TYPE_OID:
			bson_oid_to_string((const bson_oid_t *) element->value, hex);
			/* the string must outlive this function */
			emit_string(json, pstrdup(hex));
			return true;
		case BSON_TYPE_NULL:
		case BSON_TYPE_UNDEFINED:
			emit_null(json);
			return true;
		default:
			return emit_extended(json, element);
	}
}

/*
 * Decode a whole document if "document" is not NULL, else an element.
 * Returns false if it is a mismatch.
 */
static bool
decode(const AdTarget *target, AdReader *document, const AdElement *element,
	   Datum *value)
{
	StringInfoData text;
	AdJson		json = {0};

	if (target->type->typid == JSONOID)
	{
		initStringInfo(&text);
		json.text = &text;
	}
	if (document != NULL ? !emit_elements(&json, document, false) : !emit_element(&json, element))
		return false;
	*value = json.text != NULL ?
		PointerGetDatum(cstring_to_text_with_len(text.data, text.len)) :
		PointerGetDatum(JsonbValueToJsonb(json.state.result));
	return true;
}

/*
 * Decode the value of a json or jsonb column; an AdType.decode function.
 * Returns false if it is a mismatch.  The result is palloc'd.
 */
bool
ad_decode_json(const AdTarget *target, const AdElement *element, Datum *value)
{
	return decode(target, NULL, element, value);
}

/*
 * Decode a whole document to json or jsonb.  The reader is at its start.
 * Returns false if it is a mismatch.
 */
bool
ad_decode_whole(const AdTarget *target, AdReader *document, Datum *value)
{
	return decode(target, document, NULL, value);
}
