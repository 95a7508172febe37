/*
 * match.h
 *	  SQL tests of one column as predicates of the match language.
 */
#ifndef AD_MATCH_H
#define AD_MATCH_H

#include "bson/types.h"
#include "query/node.h"

/* value known: the predicate; slot, for EXPLAIN: its form for most values */
extern Node *ad_leaf_compare(const char *path, const AdType *type, AdOp op,
							 Oid operand_type, Datum value);
extern Node *ad_leaf_compare_slot(const char *path, AdOp op, Node *slot);
extern Node *ad_leaf_member(const char *path, const AdType *type, bool in,
							Oid element_type, Datum array);
extern Node *ad_leaf_quantified(const char *path, const AdType *type, AdOp op,
								bool any, Oid element_type, Datum array);
extern Node *ad_leaf_quantified_slot(const char *path, AdOp op, bool any,
									 Node *slot);

/* parts of predicates that do not depend on a value */
extern Node *ad_leaf_guard(const char *path, const AdType *type,
						   bool equality);
extern Node *ad_leaf_has_value(const char *path, const AdType *type);
extern Node *ad_leaf_is_null(const char *path, const AdType *type,
							 bool mismatch_is_null);

/* the ends of the range of dates, which a guard states */
extern bool ad_leaf_is_range_end(const char *op, const Node *value);
extern Node *ad_leaf_range_test(Node *range_end);

/* the class's SQL types may be compared with operands of these types */
extern bool ad_leaf_accepts(const AdType *type, Oid operand_type);

/* for the leaves of other files */
extern const char *ad_leaf_op_name(AdOp op);
extern Node *ad_leaf_has_type(const char *path, const AdType *type);
extern Node *ad_leaf_with_nan(const char *path, const AdType *type, AdOp op,
							  bool isnan, Node *plain);

#endif							/* AD_MATCH_H */
