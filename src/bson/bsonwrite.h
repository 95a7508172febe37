/*
 * bsonwrite.h
 *	  Append BSON to a StringInfo.
 *
 * libbson's own builder keeps its buffer in malloc'd memory that an ereport
 * would leak; a StringInfo belongs to a memory context.  The format is that of
 * bsonspec.org, version 1.1; all numbers are little-endian.
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

/* start an element; its value must follow */
static inline void
ad_write_key(StringInfo out, bson_type_t type, const char *key)
{
	appendStringInfoChar(out, (char) type);
	appendBinaryStringInfo(out, key, strlen(key) + 1);
}

/* start a document or array; the result is for ad_write_end */
static inline int
ad_write_begin(StringInfo out)
{
	int			start = out->len;

	ad_write_int32(out, 0);
	return start;
}

static inline void
ad_write_end(StringInfo out, int start)
{
	int32		length;

	appendStringInfoChar(out, '\0');
	length = BSON_UINT32_TO_LE(out->len - start);
	memcpy(out->data + start, &length, sizeof(length));
}

/* a UTF-8 string, which may hold U+0000 */
static inline void
ad_write_string(StringInfo out, const char *value, int len)
{
	ad_write_int32(out, len + 1);
	appendBinaryStringInfo(out, value, len);
	appendStringInfoChar(out, '\0');
}

#endif							/* AD_BSONWRITE_H */
