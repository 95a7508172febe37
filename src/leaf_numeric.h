/*
 * leaf_numeric.h
 *	  Comparisons of numeric as predicates of the match language.
 */
#ifndef AD_LEAF_NUMERIC_H
#define AD_LEAF_NUMERIC_H

#include "utils/numeric.h"

#include "convert.h"
#include "node.h"

extern Node *ad_numeric_compare(const char *path, const AdType *type, AdOp op,
								Numeric value);

#endif							/* AD_LEAF_NUMERIC_H */
