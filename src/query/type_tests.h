/*
 * type_tests.h
 *	  Aggregation expressions that test and convert the values of an SQL type.
 */
#ifndef AD_TYPE_TESTS_H
#define AD_TYPE_TESTS_H

#include "bson/types.h"

/* a double holds every whole number up to 2^53 exactly */
#define AD_EXACT_DOUBLE	(INT64CONST(1) << 53)

extern Node *ad_text_misfit(const AdType *type);
extern Node *ad_possible_expr(const AdType *type, Node *path);
extern Node *ad_null_expr(Node *path);
extern Node *ad_plain_expr(const AdType *type, Node *path);
extern Node *ad_fits_expr(const AdType *type, Node *path, bool or_null);
extern Node *ad_with_type(Node *path);
extern Node *ad_converted(Node *expr, const char *to);
extern Node *ad_decoded_expr(const AdType *type, Node *path);
extern Node *ad_total_expr(const AdType *type, Node *path);
extern Node *ad_fitting_expr(const AdType *type, Node *path);
extern Node *ad_unified_expr(const AdType *type, Node *path);

#endif							/* AD_TYPE_TESTS_H */
