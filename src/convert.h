/*
 * convert.h
 *	  What each SQL type means in BSON: one row a type.
 */
#ifndef AD_CONVERT_H
#define AD_CONVERT_H

#include <bson/bson.h>

#include "lib/stringinfo.h"
#include "nodes/nodes.h"

/* types of one class are filtered, compared and aggregated alike */
typedef enum AdClass
{
	AD_CLASS_BOOL,
	AD_CLASS_INTEGER,
	AD_CLASS_FLOAT,
	AD_CLASS_TEXT,
	AD_CLASS_INSTANT
} AdClass;

typedef struct AdType AdType;

struct AdType
{
	Oid			typid;
	AdClass		class;
	/* aliases, as $type knows them, of the BSON types that always decode */
	const char *certain[4];
	/* of those whose value decides; ad_fits_expr() says which values do */
	const char *possible[4];
	/* of those that must be converted, and by what, for equal to be equal */
	const char *variant;
	const char *unify;
	/* the range of integers, and of dates in milliseconds since 1970 */
	int64		min;
	int64		max;
	/* the value of an element; false if it does not fit the type */
	bool		(*decode) (const AdType *type, const bson_iter_t *iter,
						   Datum *value);
};

extern const AdType *ad_type(Oid typid);
extern const char *ad_type_names(void);

/* how a value of the reply was made */
typedef enum AdResult
{
	AD_RESULT_COLUMN,			/* it is a field's value */
	AD_RESULT_COUNT,			/* int8 */
	AD_RESULT_SUM,				/* float8, int8, numeric */
	AD_RESULT_EXTREME			/* min or max, with NaN as a string */
} AdResult;

extern const AdType *ad_result_type(AdResult kind, Oid typid);

/* BSON null and undefined, which decode to SQL NULL whatever the type */
static inline bool
ad_is_null(bson_type_t type)
{
	return type == BSON_TYPE_NULL || type == BSON_TYPE_UNDEFINED;
}

extern const char *ad_bson_type_name(bson_type_t type);
extern void ad_print_element(StringInfo out, const bson_iter_t *iter);

/* constants of the types above, to BSON and to the shell's notation */
extern void ad_write_datum(StringInfo out, const char *key, Oid typid,
						   Datum value);
extern void ad_print_datum(StringInfo out, Oid typid, Datum value);
extern bool ad_timestamptz_to_ms(int64 timestamp, int64 *ms);
extern Node *ad_date_const(int64 ms);

/* expressions of the aggregation language about the value of `path` */
extern Node *ad_possible_expr(const AdType *type, Node *path);
extern Node *ad_fits_expr(const AdType *type, Node *path, bool or_null);
extern Node *ad_unified_expr(const AdType *type, Node *path);

#endif							/* AD_CONVERT_H */
