/*
 * match.h
 *	  SQL tests of one column as predicates of the match language.
 */
#ifndef AD_MATCH_H
#define AD_MATCH_H

#include "bson/types.h"
#include "query/node.h"

/*
 * The functions ending in _slot are for EXPLAIN: the value is not known yet,
 * and they return the form that the predicate has for most values.
 */
extern Node *ad_match_compare(const char *path, const AdType *type, AdOp op,
							  Oid operand_type, Datum value);
extern Node *ad_match_compare_slot(const char *path, AdOp op, Node *slot);
extern Node *ad_match_member(const char *path, const AdType *type, bool in,
							 Oid element_type, Datum array);
extern Node *ad_match_quantified(const char *path, const AdType *type, AdOp op,
								 bool any, Oid element_type, Datum array);
extern Node *ad_match_quantified_slot(const char *path, AdOp op, bool any,
									  Node *slot);

extern bool ad_match_accepts(const AdType *type, Oid operand_type);

#endif							/* AD_MATCH_H */
