/*
 * match_type.h
 *	  Predicates that test whether the value of a field decodes as an SQL type,
 *	  and whether it is null.
 */
#ifndef AD_MATCH_TYPE_H
#define AD_MATCH_TYPE_H

#include "bson/sql_type.h"
#include "query/node.h"

/* these predicates do not depend on the value of an operand */
extern Node *ad_match_guard(const char *path, const AdType *type,
							bool equality);
extern Node *ad_match_has_value(const char *path, const AdType *type);
extern Node *ad_match_is_null(const char *path, const AdType *type,
							  bool mismatch_is_null);
extern Node *ad_match_has_type(const char *path, const AdType *type);

/* the bounds that a guard adds for the range of dates */
extern bool ad_match_is_range_end(const char *op, const Node *value);
extern Node *ad_match_range_test(Node *range_end);

#endif							/* AD_MATCH_TYPE_H */
