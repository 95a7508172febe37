/*
 * match.h
 *	  SQL tests of one column as predicates of the match language.
 */
#ifndef AD_MATCH_H
#define AD_MATCH_H

#include "bson/types.h"
#include "query/node.h"

/* value known: the predicate; slot, for EXPLAIN: its form for most values */
extern Node *ad_match_compare(const char *path, const AdType *type, AdOp op,
							  Oid operand_type, Datum value);
extern Node *ad_match_compare_slot(const char *path, AdOp op, Node *slot);
extern Node *ad_match_member(const char *path, const AdType *type, bool in,
							 Oid element_type, Datum array);
extern Node *ad_match_quantified(const char *path, const AdType *type, AdOp op,
								 bool any, Oid element_type, Datum array);
extern Node *ad_match_quantified_slot(const char *path, AdOp op, bool any,
									  Node *slot);

/* the class's SQL types may be compared with operands of these types */
extern bool ad_match_accepts(const AdType *type, Oid operand_type);

#endif							/* AD_MATCH_H */
