/*
 * bsonread.h
 *	  Read the elements of BSON documents in place, without a copy.
 *
 * libbson's iterator does the same with a larger state, and takes a corrupt
 * element for the end of the document, so that fields would silently be
 * missing.  Here a corrupt element is an error.  bsonspec.org, version 1.1,
 * defines the format.
 */
#ifndef AD_BSONREAD_H
#define AD_BSONREAD_H

#include <bson/bson.h>

#include "port/pg_bitutils.h"

#include "base/compat.h"

/* one element; key and value point into the document */
typedef struct AdElement
{
	bson_type_t type;
	uint32		key_len;		/* bytes of the key without its null byte */
	const char *key;			/* ends with a null byte */
	const uint8 *value;
	uint32		size;			/* bytes of the value */
} AdElement;

/* a position in a document or array */
typedef struct AdReader
{
	const uint8 *next;			/* the next element */
	const uint8 *end;			/* the document's last byte, which is zero */
} AdReader;

/* what a reader finds next */
typedef enum AdStep
{
	AD_STEP_ELEMENT,
	AD_STEP_END,
	AD_STEP_CORRUPT
} AdStep;

/* the size of a corrupt value, which is larger than any document */
#define AD_CORRUPT		PG_INT64_MAX

extern int64 ad_value_size(bson_type_t type, const uint8 *value, uint32 left);
pg_noreturn extern void ad_report_corruption(void);
extern bool ad_reader_find(AdReader reader, const char *name, AdElement *element);
extern bool ad_reader_find_inner(AdReader reader, const char *name, bson_type_t type, AdReader *inner);
extern bool ad_is_document(const uint8 *document, uint32 size, int levels);

/*
 * These functions read numbers of BSON, which are little-endian and need not
 * be aligned.
 */
static inline int32
ad_read_int32(const uint8 *bytes)
{
	uint32		value;

	memcpy(&value, bytes, sizeof(value));
	return (int32) BSON_UINT32_FROM_LE(value);
}

static inline int64
ad_read_int64(const uint8 *bytes)
{
	uint64		value;

	memcpy(&value, bytes, sizeof(value));
	return (int64) BSON_UINT64_FROM_LE(value);
}

static inline double
ad_read_double(const uint8 *bytes)
{
	int64		bits = ad_read_int64(bytes);
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * Returns the text of a string, symbol or code value, and in *len its bytes
 * without the null byte that follows them.  The text can contain null bytes.
 */
static inline const char *
ad_read_string(const uint8 *bytes, uint32 *len)
{
	*len = ad_read_int32(bytes) - 1;
	return (const char *) bytes + sizeof(int32);
}

/* returns the text of an element if it is a string, else "" */
static inline const char *
ad_element_string(const AdElement *element)
{
	uint32		len;

	return element->type == BSON_TYPE_UTF8 ? ad_read_string(element->value, &len) : "";
}

/*
 * Start to read a document.  Returns false if the size that it states is not
 * "size", or if it does not end with a null byte.
 */
static inline bool
ad_reader_try_init(AdReader *reader, const uint8 *document, uint32 size)
{
	/* the smallest document is a size and a null byte */
	if (size < 5 || (uint32) ad_read_int32(document) != size || document[size - 1] != 0)
		return false;
	reader->next = document + sizeof(int32);
	reader->end = document + size - 1;
	return true;
}

/*
 * Start to read a document of "size" bytes.  Raises an error if the document
 * states another size.
 */
static inline void
ad_reader_init(AdReader *reader, const uint8 *document, uint32 size)
{
	if (!ad_reader_try_init(reader, document, size))
		ad_report_corruption();
}

/*
 * Returns the number of bytes before the null byte that ends a key, or "left"
 * if none of the next "left" bytes is one.  Like strnlen(), but faster for
 * short strings.
 */
static inline uint32
ad_key_len(const uint8 *key, uint32 left)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint32		len = 0;
	uint64		bytes;

	for (; left - len >= sizeof(bytes); len += sizeof(bytes))
	{
		memcpy(&bytes, key + len, sizeof(bytes));
		bytes = BSON_UINT64_FROM_LE(bytes);
		/* the lowest bit that remains is in the first byte that is null */
		bytes = (bytes - ones) & ~bytes & (ones << 7);
		if (bytes != 0)
			return len + pg_rightmost_one_pos64(bytes) / BITS_PER_BYTE;
	}
	while (len < left && key[len] != 0)
		len++;
	return len;
}

/*
 * Returns the size in bytes of a value, and more than "left" if it is corrupt;
 * see ad_value_size().
 */
static inline int64
ad_quick_value_size(bson_type_t type, const uint8 *value, uint32 left)
{
	int64		size;

	switch (type)
	{
		case BSON_TYPE_DOUBLE:
		case BSON_TYPE_INT64:
		case BSON_TYPE_DATE_TIME:
			return sizeof(int64);
		case BSON_TYPE_INT32:
			return sizeof(int32);
		case BSON_TYPE_UTF8:
			if (left <= sizeof(int32))
				return AD_CORRUPT;
			size = sizeof(int32) + (int64) (uint32) ad_read_int32(value);
			return size > left || size <= sizeof(int32) || value[size - 1] != 0 ? AD_CORRUPT : size;
		default:
			return ad_value_size(type, value, left);
	}
}

/*
 * Read the next element, if there is one.  "key_len" is the length of its key,
 * whose null byte is before the end of the document.  Returns false if the
 * value is corrupt.  Does not throw.
 */
static inline bool
ad_reader_try_take(AdReader *reader, uint32 key_len, AdElement *element)
{
	const uint8 *at = reader->next;
	const uint8 *value = at + 1 + key_len + 1;
	int64		left = reader->end - value;
	int64		size = ad_quick_value_size((bson_type_t) *at, value, left);

	if (unlikely(size > left))
		return false;
	element->type = (bson_type_t) *at;
	element->key = (const char *) at + 1;
	element->key_len = key_len;
	element->value = value;
	element->size = (uint32) size;
	reader->next = value + size;
	return true;
}

/*
 * Read the next element, if there is one that is not corrupt.  Does not
 * throw.
 */
static inline AdStep
ad_reader_try_next(AdReader *reader, AdElement *element)
{
	uint32		left = reader->end - reader->next;
	uint32		key_len;

	if (left == 0)
		return AD_STEP_END;
	left--;
	key_len = ad_key_len(reader->next + 1, left);
	/* the key must end before the document's own null byte */
	if (unlikely(key_len == left) || !ad_reader_try_take(reader, key_len, element))
		return AD_STEP_CORRUPT;
	return AD_STEP_ELEMENT;
}

/*
 * Read the next element.  Returns false at the end of the document.  Raises
 * an error if the element is corrupt.
 */
static inline bool
ad_reader_next(AdReader *reader, AdElement *element)
{
	AdStep		step = ad_reader_try_next(reader, element);

	if (unlikely(step == AD_STEP_CORRUPT))
		ad_report_corruption();
	return step == AD_STEP_ELEMENT;
}

/*
 * Are two strings of "len" bytes equal?  Like memcmp(), but faster for short
 * strings.
 */
static inline bool
ad_equal_bytes(const void *a, const void *b, uint32 len)
{
	const uint8 *left = a;
	const uint8 *right = b;
	uint64		difference = 0;
	uint64		bytes[2];

	if (len < sizeof(uint64))
	{
		while (len > 0 && left[len - 1] == right[len - 1])
			len--;
		return len == 0;
	}
	/* the last eight bytes first; some of them are then compared again */
	for (uint32 at = len - sizeof(uint64);; at -= Min(at, sizeof(uint64)))
	{
		memcpy(&bytes[0], left + at, sizeof(uint64));
		memcpy(&bytes[1], right + at, sizeof(uint64));
		difference |= bytes[0] ^ bytes[1];
		if (at == 0)
			return difference == 0;
	}
}

/*
 * Read the next element if it has the key "key", of "len" bytes.  Returns
 * false if it has another, and at the end of the document; the reader then
 * does not move.  Raises an error if the element is corrupt.
 */
static inline bool
ad_reader_next_is(AdReader *reader, const char *key, uint32 len, AdElement *element)
{
	const uint8 *at = reader->next + 1;

	/* the key has no null byte, so only one that is as long is equal to it */
	if (reader->end - at <= (int64) len || at[len] != 0 || !ad_equal_bytes(at, key, len))
		return false;
	if (!ad_reader_try_take(reader, len, element))
		ad_report_corruption();
	return true;
}

/* start to read the document or array that is the value of an element */
static inline void
ad_reader_enter(AdReader *reader, const AdElement *element)
{
	ad_reader_init(reader, element->value, element->size);
}

/* is this BSON null or undefined?  Every SQL type reads these as NULL. */
static inline bool
ad_is_null(bson_type_t type)
{
	return type == BSON_TYPE_NULL || type == BSON_TYPE_UNDEFINED;
}

extern const uint8 *ad_element_bytes(const AdElement *element,
									 bson_subtype_t *subtype, uint32 *len);

#endif							/* AD_BSONREAD_H */
