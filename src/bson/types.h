/*
 * types.h
 *	  How each SQL type is read from BSON.
 */
#ifndef AD_TYPES_H
#define AD_TYPES_H

#include "bson/sql_type.h"

extern const AdType *ad_type(Oid typid);
extern const AdType *ad_column_type(Oid typid, int32 typmod);
extern const char *ad_type_names(void);
extern bool ad_numeric_typmod(int32 typmod, int *precision, int *scale);
extern AdTarget *ad_target(Oid typid, int32 typmod);
extern AdTarget *ad_result_target(AdResult kind, Oid typid, int32 typmod);

#endif							/* AD_TYPES_H */
