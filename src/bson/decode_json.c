/*
 * decode_json.c
 *	  Decode BSON to json.
 *
 * Numbers become numbers, ObjectIds become strings of hexadecimal digits, and
 * dates become strings in ISO 8601.  Values that JSON cannot express, such as
 * NaN, infinities, binary data and regular expressions, get the form that
 * extended_json.c gives them.  decode_jsonb.c does the same for jsonb.
 *
 * A string or name that contains U+0000, is not valid UTF-8, or has a
 * character that the database's encoding lacks, is a mismatch, because
 * PostgreSQL cannot store it as text.  If a document has several fields of
 * the same name, json keeps all of them, and jsonb the last one.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "bson/constant.h"
#include "bson/decimal.h"
#include "bson/decode_json.h"
#include "bson/encoding.h"
#include "bson/extended_json.h"

/*
 * The functions emit_*() append to the output.  Those that return a bool
 * return false for a mismatch.
 */
static bool emit_element(StringInfo out, const AdElement *element);

/*
 * Emit a BSON string, or a field's name.  Returns false if PostgreSQL cannot
 * store it as text.
 */
static bool
emit_text(StringInfo out, const char *string, uint32 len)
{
	string = ad_text_to_server(string, &len);
	if (string == NULL)
		return false;
	escape_json(out, string);
	return true;
}

/* emit a field, after those before it */
static bool
emit_field(StringInfo out, const AdElement *field, bool first)
{
	if (!first)
		appendStringInfoChar(out, ',');
	if (!emit_text(out, field->key, field->key_len))
		return false;
	appendStringInfoChar(out, ':');
	return emit_element(out, field);
}

static bool
emit_document(StringInfo out, const AdElement *element)
{
	AdReader	reader;
	AdElement	field;

	check_stack_depth();
	ad_reader_enter(&reader, element);
	appendStringInfoChar(out, '{');
	for (bool first = true; ad_reader_next(&reader, &field); first = false)
	{
		if (!emit_field(out, &field, first))
			return false;
	}
	appendStringInfoChar(out, '}');
	return true;
}

static bool
emit_array(StringInfo out, const AdElement *element)
{
	AdReader	reader;
	AdElement	inner;

	check_stack_depth();
	ad_reader_enter(&reader, element);
	appendStringInfoChar(out, '[');
	for (bool first = true; ad_reader_next(&reader, &inner); first = false)
	{
		if (!first)
			appendStringInfoChar(out, ',');
		if (!emit_element(out, &inner))
			return false;
	}
	appendStringInfoChar(out, ']');
	return true;
}

/* emit the document that stands for a value that JSON cannot express */
static bool
emit_extended(StringInfo out, const AdElement *element)
{
	AdExtended	extended;

	if (!ad_extend(element, &extended))
		return false;
	appendStringInfoChar(out, '{');
	for (int i = 0; i < extended.count; i++)
	{
		if (!emit_field(out, &extended.fields[i], i == 0))
			return false;
	}
	appendStringInfoChar(out, '}');
	return true;
}

static bool
emit_double(StringInfo out, const AdElement *element)
{
	double		number = ad_read_double(element->value);
	char		string[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (!isfinite(number))
		return emit_extended(out, element);
	double_to_shortest_decimal_buf(number, string);
	appendStringInfoString(out, string);
	return true;
}

static bool
emit_decimal(StringInfo out, const AdElement *element)
{
	Datum		number = ad_decimal_to_numeric(element);

	if (numeric_is_nan(DatumGetNumeric(number)) || numeric_is_inf(DatumGetNumeric(number)))
		return emit_extended(out, element);
	appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(numeric_out, number)));
	return true;
}

static bool
emit_date(StringInfo out, const AdElement *element)
{
	char		iso[AD_ISO_SIZE];

	if (ad_format_iso(iso, ad_read_int64(element->value)) == 0)
		return emit_extended(out, element);
	appendStringInfo(out, "\"%s\"", iso);
	return true;
}

static void
emit_hex(StringInfo out, const AdElement *element)
{
	char		hex[25];

	bson_oid_to_string((const bson_oid_t *) element->value, hex);
	appendStringInfo(out, "\"%s\"", hex);
}

/*
 * Emit the value of an element.
 */
static bool
emit_element(StringInfo out, const AdElement *element)
{
	const char *string;
	uint32		len;

	switch (element->type)
	{
		case BSON_TYPE_UTF8:
		case BSON_TYPE_SYMBOL:
			string = ad_read_string(element->value, &len);
			return emit_text(out, string, len);
		case BSON_TYPE_DOCUMENT:
			return emit_document(out, element);
		case BSON_TYPE_ARRAY:
			return emit_array(out, element);
		case BSON_TYPE_INT32:
			appendStringInfo(out, "%d", ad_read_int32(element->value));
			return true;
		case BSON_TYPE_INT64:
			appendStringInfo(out, INT64_FORMAT, ad_read_int64(element->value));
			return true;
		case BSON_TYPE_DOUBLE:
			return emit_double(out, element);
		case BSON_TYPE_DECIMAL128:
			return emit_decimal(out, element);
		case BSON_TYPE_BOOL:
			appendStringInfoString(out, (*element->value != 0) ? "true" : "false");
			return true;
		case BSON_TYPE_DATE_TIME:
			return emit_date(out, element);
		case BSON_TYPE_OID:
			emit_hex(out, element);
			return true;
		case BSON_TYPE_NULL:
		case BSON_TYPE_UNDEFINED:
			appendStringInfoString(out, "null");
			return true;
		default:
			return emit_extended(out, element);
	}
}

/*
 * Decode the value of a json column; an AdType.decode function.  Returns false
 * if it is a mismatch.  The result is palloc'd.
 */
bool
ad_decode_json(const AdTarget *target, const AdElement *element, Datum *value)
{
	StringInfoData out;

	initStringInfo(&out);
	if (!emit_element(&out, element))
		return false;
	*value = PointerGetDatum(cstring_to_text_with_len(out.data, out.len));
	return true;
}
