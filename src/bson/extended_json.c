/*
 * extended_json.c
 *	  Values that JSON cannot express, in MongoDB's Extended JSON.
 *
 * The relaxed format of Extended JSON (v2) has a document for each such value:
 * NaN is {"$numberDouble": "NaN"}.  We make that document, as BSON, so that
 * decode_json.c and decode_jsonb.c write it as they write any other.
 */
#include "postgres.h"

#include <math.h>

#include "common/base64.h"
#include "utils/builtins.h"

#include "bson/bsonwrite.h"
#include "bson/decimal.h"
#include "bson/extended_json.h"

/*
 * Add a field to the document.  The value must outlive it.
 */
static void
add_field(AdExtended *extended, const char *key, bson_type_t type, const void *value, uint32 size)
{
	AdElement  *field = &extended->fields[extended->count++];

	field->type = type;
	field->key = key;
	field->key_len = strlen(key);
	field->value = value;
	field->size = size;
}

static void
add_text(AdExtended *extended, const char *key, const char *text)
{
	StringInfoData value;

	initStringInfo(&value);
	ad_write_string(&value, text, strlen(text));
	add_field(extended, key, BSON_TYPE_UTF8, value.data, value.len);
}

static void
add_one(AdExtended *extended, const char *key)
{
	static const uint8 one[sizeof(int32)] = {1};

	add_field(extended, key, BSON_TYPE_INT32, one, sizeof(one));
}

/* start a document that becomes the value of a field */
static void
begin_inner(StringInfo inner)
{
	initStringInfo(inner);
	(void) ad_write_begin(inner);
}

static void
end_inner(AdExtended *extended, const char *key, StringInfo inner)
{
	ad_write_end(inner, 0);
	add_field(extended, key, BSON_TYPE_DOCUMENT, inner->data, inner->len);
}

static void
write_text_field(StringInfo inner, const char *key, const char *text, int len)
{
	ad_write_key(inner, BSON_TYPE_UTF8, key);
	ad_write_string(inner, text, len);
}

static void
write_integer_field(StringInfo inner, const char *key, int64 number)
{
	ad_write_key(inner, BSON_TYPE_INT64, key);
	ad_write_int64(inner, number);
}

static void
extend_date(const AdElement *element, AdExtended *extended)
{
	StringInfoData inner;
	char		number[32];

	snprintf(number, sizeof(number), INT64_FORMAT, ad_read_int64(element->value));
	begin_inner(&inner);
	write_text_field(&inner, "$numberLong", number, strlen(number));
	end_inner(extended, "$date", &inner);
}

static void
extend_binary(const AdElement *element, AdExtended *extended)
{
	bson_subtype_t subtype;
	uint32		len;
	const uint8 *bytes = ad_element_bytes(element, &subtype, &len);
	int			room = pg_b64_enc_len(len);
	char	   *base64 = palloc(room + 1);
	int			size = pg_b64_encode((const void *) bytes, len, base64, room);
	char		hex[3];
	StringInfoData inner;

	snprintf(hex, sizeof(hex), "%02x", (unsigned) subtype & 0xff);
	begin_inner(&inner);
	write_text_field(&inner, "base64", base64, Max(size, 0));
	write_text_field(&inner, "subType", hex, strlen(hex));
	end_inner(extended, "$binary", &inner);
}

static void
extend_regex(const AdElement *element, AdExtended *extended)
{
	const char *pattern = (const char *) element->value;
	const char *options = pattern + strlen(pattern) + 1;
	StringInfoData inner;

	begin_inner(&inner);
	write_text_field(&inner, "pattern", pattern, strlen(pattern));
	write_text_field(&inner, "options", options, strlen(options));
	end_inner(extended, "$regularExpression", &inner);
}

static void
extend_timestamp(const AdElement *element, AdExtended *extended)
{
	StringInfoData inner;

	begin_inner(&inner);
	write_integer_field(&inner, "t", (uint32) ad_read_int32(element->value + sizeof(int32)));
	write_integer_field(&inner, "i", (uint32) ad_read_int32(element->value));
	end_inner(extended, "$timestamp", &inner);
}

static void
extend_dbpointer(const AdElement *element, AdExtended *extended)
{
	uint32		len;
	const char *collection = ad_read_string(element->value, &len);
	StringInfoData inner;

	begin_inner(&inner);
	write_text_field(&inner, "$ref", collection, len);
	ad_write_key(&inner, BSON_TYPE_OID, "$id");
	appendBinaryStringInfo(&inner, collection + len + 1, sizeof(bson_oid_t));
	end_inner(extended, "$dbPointer", &inner);
}

/*
 * Code has the form of a string.  With a scope, the whole size precedes it, and
 * a document follows it.  We do not copy the scope, since it can have code
 * with a scope in it, and so on.
 */
static void
extend_code(const AdElement *element, AdExtended *extended)
{
	const uint8 *code = element->value;
	const uint8 *end = element->value + element->size;
	uint32		size = element->size;

	if (element->type == BSON_TYPE_CODEWSCOPE)
	{
		code += sizeof(int32);
		size = sizeof(int32) + ad_read_int32(code);
	}
	add_field(extended, "$code", BSON_TYPE_UTF8, code, size);
	if (element->type == BSON_TYPE_CODEWSCOPE)
		add_field(extended, "$scope", BSON_TYPE_DOCUMENT, code + size, end - (code + size));
}

static void
extend_double(const AdElement *element, AdExtended *extended)
{
	double		number = ad_read_double(element->value);

	add_text(extended, "$numberDouble",
			 isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
}

/*
 * Get the document that stands for a value that JSON cannot express.  Returns
 * false if there is none.  The document's values are palloc'd, or parts of the
 * value itself.
 */
bool
ad_extend(const AdElement *element, AdExtended *extended)
{
	extended->count = 0;
	switch (element->type)
	{
		case BSON_TYPE_DOUBLE:
			extend_double(element, extended);
			return true;
		case BSON_TYPE_DECIMAL128:
			add_text(extended, "$numberDecimal",
					 DatumGetCString(DirectFunctionCall1(numeric_out, ad_decimal_to_numeric(element))));
			return true;
		case BSON_TYPE_DATE_TIME:
			extend_date(element, extended);
			return true;
		case BSON_TYPE_BINARY:
			extend_binary(element, extended);
			return true;
		case BSON_TYPE_REGEX:
			extend_regex(element, extended);
			return true;
		case BSON_TYPE_CODE:
		case BSON_TYPE_CODEWSCOPE:
			extend_code(element, extended);
			return true;
		case BSON_TYPE_TIMESTAMP:
			extend_timestamp(element, extended);
			return true;
		case BSON_TYPE_DBPOINTER:
			extend_dbpointer(element, extended);
			return true;
		case BSON_TYPE_MINKEY:
			add_one(extended, "$minKey");
			return true;
		case BSON_TYPE_MAXKEY:
			add_one(extended, "$maxKey");
			return true;
		default:
			return false;
	}
}
