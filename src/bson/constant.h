/*
 * constant.h
 *	  Write constants of query templates as BSON, or as text for the shell.
 */
#ifndef AD_CONSTANT_H
#define AD_CONSTANT_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"

/* an element of a BSON document, see bsonread.h */
struct AdElement;

/* milliseconds from MongoDB's epoch (1970) to PostgreSQL's (2000) */
#define AD_EPOCH_SHIFT \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000)

/* the first and last millisecond since 1970 that are valid timestamps */
#define AD_DAY_MS (SECS_PER_DAY * INT64CONST(1000))
#define AD_DATE_MIN (MIN_TIMESTAMP / 1000 + AD_EPOCH_SHIFT)
#define AD_DATE_MAX ((END_TIMESTAMP - 1) / 1000 + AD_EPOCH_SHIFT)

/* room for an instant in ISO 8601: "+294276-12-31T23:59:59.999Z" */
#define AD_ISO_SIZE		32

extern bool ad_timestamptz_to_ms(int64 timestamp, int64 *ms);
extern Node *ad_date_const(int64 ms);
extern void ad_write_datum(StringInfo out, const char *key, Oid typid,
						   Datum value);
extern void ad_print_datum(StringInfo out, Oid typid, Datum value);
extern void ad_print_element(StringInfo out, const struct AdElement *element);
extern int	ad_format_iso(char *string, int64 ms);

#endif							/* AD_CONSTANT_H */
