/*
 * bsonwrite.h
 *	  Append BSON to a StringInfo.
 *
 * libbson's own builder has its buffer in malloc'd memory, which an ereport()
 * would leak.  A StringInfo belongs to a memory context.  bsonspec.org,
 * version 1.1, defines the format; all its numbers are little-endian.
 */
#ifndef AD_BSONWRITE_H
#define AD_BSONWRITE_H

#include <bson/bson.h>

#include "lib/stringinfo.h"

static inline void
ad_write_int32(StringInfo out, int32 value)
{
	int32		wire = BSON_UINT32_TO_LE(value);

	appendBinaryStringInfo(out, (const char *) &wire, sizeof(wire));
}

static inline void
ad_write_int64(StringInfo out, int64 value)
{
	int64		wire = BSON_UINT64_TO_LE(value);

	appendBinaryStringInfo(out, (const char *) &wire, sizeof(wire));
}

/* write the type and key of an element; the caller writes the value next */
static inline void
ad_write_key(StringInfo out, bson_type_t type, const char *key)
{
	appendStringInfoChar(out, (char) type);
	appendBinaryStringInfo(out, key, strlen(key) + 1);
}

/* start a document or array; the caller passes the result to ad_write_end() */
static inline int
ad_write_begin(StringInfo out)
{
	int			start = out->len;

	ad_write_int32(out, 0);
	return start;
}

/* end a document or array, and write its size where it started */
static inline void
ad_write_end(StringInfo out, int start)
{
	int32		length;

	appendStringInfoChar(out, '\0');
	length = BSON_UINT32_TO_LE(out->len - start);
	memcpy(out->data + start, &length, sizeof(length));
}

/* write a UTF-8 string of "len" bytes, which may contain U+0000 */
static inline void
ad_write_string(StringInfo out, const char *value, int len)
{
	ad_write_int32(out, len + 1);
	appendBinaryStringInfo(out, value, len);
	appendStringInfoChar(out, '\0');
}

#endif							/* AD_BSONWRITE_H */
