/*
 * bsonread.c
 *	  Read the elements of BSON documents in place, without a copy.
 *
 * The driver has checked the length of a document, but nothing inside it.  We
 * therefore compare every length with the bytes that are left before we use
 * it.
 */
#include "postgres.h"

#include "base/compat.h"
#include "bson/bsonread.h"

/*
 * The functions *_size() return the size in bytes of a value of some type, or
 * AD_CORRUPT.  "left" is the number of bytes up to the end of the document.
 */

/* a string, with its length before it and a null byte after it */
static int64
string_size(const uint8 *value, uint32 left)
{
	uint32		len;

	if (left < sizeof(int32))
		return AD_CORRUPT;
	len = ad_read_int32(value);
	if (len < 1 || len > left - sizeof(int32) || value[sizeof(int32) + len - 1] != 0)
		return AD_CORRUPT;
	return sizeof(int32) + (int64) len;
}

/* a value that begins with its own size */
static int64
sized_size(const uint8 *value, uint32 left, uint32 smallest)
{
	uint32		size;

	if (left < sizeof(int32))
		return AD_CORRUPT;
	size = ad_read_int32(value);
	return size < smallest || size > left ? AD_CORRUPT : size;
}

static int64
binary_size(const uint8 *value, uint32 left)
{
	uint32		len;

	if (left < sizeof(int32) + 1)
		return AD_CORRUPT;
	len = ad_read_int32(value);
	return len > left - sizeof(int32) - 1 ? AD_CORRUPT : sizeof(int32) + 1 + (int64) len;
}

/* pattern and options: two strings that end with null bytes */
static int64
regex_size(const uint8 *value, uint32 left)
{
	uint32		pattern = strnlen((const char *) value, left);
	uint32		options;

	if (pattern == left)
		return AD_CORRUPT;
	left -= pattern + 1;
	options = strnlen((const char *) value + pattern + 1, left);
	return options == left ? AD_CORRUPT : (int64) pattern + options + 2;
}

/* code with scope: the size of the whole value, a string and a document */
static int64
code_with_scope_size(const uint8 *value, uint32 left)
{
	int64		size = sized_size(value, left, 14);
	int64		code;
	uint32		scope;

	if (size == AD_CORRUPT)
		return AD_CORRUPT;
	code = string_size(value + sizeof(int32), size - sizeof(int32));
	if (code == AD_CORRUPT)
		return AD_CORRUPT;
	scope = size - sizeof(int32) - code;
	return sized_size(value + sizeof(int32) + code, scope, 5) == scope ? size : AD_CORRUPT;
}

/*
 * Returns the size in bytes of a value of any type.  The result is more than
 * "left", the number of bytes up to the end of the document, if the value is
 * corrupt.
 */
int64
ad_value_size(bson_type_t type, const uint8 *value, uint32 left)
{
	int64		size;

	switch (type)
	{
		case BSON_TYPE_NULL:
		case BSON_TYPE_UNDEFINED:
		case BSON_TYPE_MINKEY:
		case BSON_TYPE_MAXKEY:
			return 0;
		case BSON_TYPE_BOOL:
			return 1;
		case BSON_TYPE_INT32:
			return sizeof(int32);
		case BSON_TYPE_DOUBLE:
		case BSON_TYPE_INT64:
		case BSON_TYPE_DATE_TIME:
		case BSON_TYPE_TIMESTAMP:
			return sizeof(int64);
		case BSON_TYPE_OID:
			return sizeof(bson_oid_t);
		case BSON_TYPE_DECIMAL128:
			return 2 * sizeof(int64);
		case BSON_TYPE_UTF8:
		case BSON_TYPE_CODE:
		case BSON_TYPE_SYMBOL:
			return string_size(value, left);
		case BSON_TYPE_DOCUMENT:
		case BSON_TYPE_ARRAY:
			return sized_size(value, left, 5);
		case BSON_TYPE_BINARY:
			return binary_size(value, left);
		case BSON_TYPE_REGEX:
			return regex_size(value, left);
		case BSON_TYPE_DBPOINTER:
			size = string_size(value, left);
			return size == AD_CORRUPT ? AD_CORRUPT : size + (int64) sizeof(bson_oid_t);
		case BSON_TYPE_CODEWSCOPE:
			return code_with_scope_size(value, left);
		default:
			return AD_CORRUPT;
	}
}

/*
 * Raise the error for a corrupt document.
 */
void
ad_report_corruption(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("MongoDB sent a corrupt document")));
}

/*
 * Find the first element with a name among those that have not been read yet.
 * Returns false if there is none.  The caller's reader does not move.  Raises
 * an error if an element on the way is corrupt.
 */
bool
ad_reader_find(AdReader reader, const char *name, AdElement *element)
{
	while (ad_reader_next(&reader, element))
	{
		if (strcmp(element->key, name) == 0)
			return true;
	}
	return false;
}

/*
 * Like ad_reader_find(), for an element that is a document or an array, as
 * "type" says.  "inner" then starts to read it.  Returns false also if the
 * element has another type.
 */
bool
ad_reader_find_inner(AdReader reader, const char *name, bson_type_t type, AdReader *inner)
{
	AdElement	element;

	if (!ad_reader_find(reader, name, &element) || element.type != type)
		return false;
	ad_reader_enter(inner, &element);
	return true;
}

/*
 * Do these bytes form a document of "size" bytes?  We check all lengths down
 * to the given number of levels, where 1 is the document itself.  For
 * documents and arrays below, we only check that they have a size and a final
 * null byte.  Does not throw.
 */
bool
ad_is_document(const uint8 *document, uint32 size, int levels)
{
	AdReader	reader;
	AdElement	element;
	AdStep		step;

	if (!ad_reader_try_init(&reader, document, size))
		return false;
	if (levels == 0)
		return true;
	while ((step = ad_reader_try_next(&reader, &element)) == AD_STEP_ELEMENT)
	{
		if ((element.type == BSON_TYPE_DOCUMENT || element.type == BSON_TYPE_ARRAY) &&
			!ad_is_document(element.value, element.size, levels - 1))
			return false;
	}
	return step == AD_STEP_END;
}

/*
 * Returns the bytes of a binary value, their number in *len, and the subtype.
 * In the old subtype 2 another length precedes the bytes; we skip it if it is
 * right, else we return it with the bytes.
 */
const uint8 *
ad_element_bytes(const AdElement *element, bson_subtype_t *subtype, uint32 *len)
{
	const uint8 *bytes = element->value + sizeof(int32) + 1;

	*len = ad_read_int32(element->value);
	*subtype = (bson_subtype_t) element->value[sizeof(int32)];
	if (*subtype == BSON_SUBTYPE_BINARY_DEPRECATED && *len >= sizeof(int32) &&
		(uint32) ad_read_int32(bytes) == *len - sizeof(int32))
	{
		bytes += sizeof(int32);
		*len -= sizeof(int32);
	}
	return bytes;
}
