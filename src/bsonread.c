/*
 * bsonread.c
 *	  Read the elements of BSON documents where they lie.
 *
 * The driver has checked the length of a document, and nothing inside it:
 * every length here is compared with what is left before it is believed.
 */
#include "postgres.h"

#include "bsonread.h"
#include "compat.h"

pg_noreturn static void
report_corruption(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("MongoDB sent a corrupt document")));
}

/*
 * Begin to read a document of that size, which is what it says itself.
 */
void
ad_reader_init(AdReader *reader, const uint8 *document, uint32 size)
{
	/* a length and a null byte */
	if (size < 5 || (uint32) ad_read_int32(document) != size || document[size - 1] != 0)
		report_corruption();
	reader->next = document + sizeof(int32);
	reader->end = document + size - 1;
}

/* the size of a string with its length before it and a null byte after it */
static uint32
string_size(const uint8 *value, uint32 left)
{
	uint32		len;

	if (left < sizeof(int32))
		report_corruption();
	len = ad_read_int32(value);
	if (len < 1 || len > left - sizeof(int32) || value[sizeof(int32) + len - 1] != 0)
		report_corruption();
	return sizeof(int32) + len;
}

/* the size of something that begins with its own size */
static uint32
sized_size(const uint8 *value, uint32 left, uint32 smallest)
{
	uint32		size;

	if (left < sizeof(int32))
		report_corruption();
	size = ad_read_int32(value);
	if (size < smallest || size > left)
		report_corruption();
	return size;
}

static uint32
binary_size(const uint8 *value, uint32 left)
{
	uint32		len;

	if (left < sizeof(int32) + 1)
		report_corruption();
	len = ad_read_int32(value);
	if (len > left - sizeof(int32) - 1)
		report_corruption();
	return sizeof(int32) + 1 + len;
}

/* a string without a length, with its null byte */
static uint32
cstring_size(const uint8 *value, uint32 left)
{
	uint32		len = strnlen((const char *) value, left);

	if (len == left)
		report_corruption();
	return len + 1;
}

/*
 * A size in bytes, a string and a document.
 */
static uint32
code_with_scope_size(const uint8 *value, uint32 left)
{
	uint32		size = sized_size(value, left, 14);
	uint32		code = string_size(value + sizeof(int32), size - sizeof(int32));

	if (sized_size(value + sizeof(int32) + code, size - sizeof(int32) - code, 5) !=
		size - sizeof(int32) - code)
		report_corruption();
	return size;
}

/* the size of a value of which that many bytes are left at most */
static uint32
value_size(bson_type_t type, const uint8 *value, uint32 left)
{
	uint32		size;

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
			size = cstring_size(value, left);
			return size + cstring_size(value + size, left - size);
		case BSON_TYPE_DBPOINTER:
			return string_size(value, left) + sizeof(bson_oid_t);
		case BSON_TYPE_CODEWSCOPE:
			return code_with_scope_size(value, left);
		default:
			report_corruption();
	}
}

/*
 * Read the next element.  Returns false at the end of the document.
 */
bool
ad_reader_next(AdReader *reader, AdElement *element)
{
	const uint8 *at = reader->next;
	uint32		left = reader->end - at;

	if (left == 0)
		return false;
	element->type = (bson_type_t) *at++;
	element->key = (const char *) at;
	element->key_len = strnlen(element->key, --left);
	/* the key's null byte must come before the document's */
	if (element->key_len == left)
		report_corruption();
	at += element->key_len + 1;
	left -= element->key_len + 1;
	element->value = at;
	element->size = value_size(element->type, at, left);
	if (element->size > left)
		report_corruption();
	reader->next = at + element->size;
	return true;
}
