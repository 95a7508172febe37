/*
 * match_type.h
 *	  Predicates about the type of a field's value.
 */
#ifndef AD_MATCH_TYPE_H
#define AD_MATCH_TYPE_H

#include "bson/sql_type.h"
#include "query/node.h"

/* parts of predicates that do not depend on a value */
extern Node *ad_match_guard(const char *path, const AdType *type,
							bool equality);
extern Node *ad_match_has_value(const char *path, const AdType *type);
extern Node *ad_match_is_null(const char *path, const AdType *type,
							  bool mismatch_is_null);

/* the ends of the range of dates, which a guard states */
extern bool ad_match_is_range_end(const char *op, const Node *value);
extern Node *ad_match_range_test(Node *range_end);
extern Node *ad_match_has_type(const char *path, const AdType *type);

#endif							/* AD_MATCH_TYPE_H */
