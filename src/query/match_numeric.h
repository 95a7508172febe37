/*
 * match_numeric.h
 *	  Comparisons of numeric and float8 columns as predicates of the match
 *	  language.
 */
#ifndef AD_MATCH_NUMERIC_H
#define AD_MATCH_NUMERIC_H

#include "utils/numeric.h"

#include "bson/types.h"
#include "query/node.h"

extern Node *ad_numeric_compare(const char *path, const AdType *type, AdOp op,
								Numeric value);
extern Node *ad_match_compare_float(const char *path, const AdType *type, AdOp op, double value);

#endif							/* AD_MATCH_NUMERIC_H */
