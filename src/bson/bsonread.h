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

/* one element; key and value point into the document */
typedef struct AdElement
{
	bson_type_t type;
	const char *key;			/* ends with a null byte */
	uint32		key_len;		/* in bytes, without the null byte */
	const uint8 *value;
	uint32		size;			/* bytes of the value */
} AdElement;

/* a position in a document or array */
typedef struct AdReader
{
	const uint8 *next;			/* the next element */
	const uint8 *end;			/* the document's last byte, which is zero */
} AdReader;

extern void ad_reader_init(AdReader *reader, const uint8 *document, uint32 size);
extern bool ad_reader_next(AdReader *reader, AdElement *element);
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
