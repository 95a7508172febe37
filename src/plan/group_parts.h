/*
 * group_parts.h
 *	  Group keys of which expressions are functions.
 */
#ifndef AD_GROUP_PARTS_H
#define AD_GROUP_PARTS_H

#include "plan/group_builder.h"

extern Node *ad_computed_key(AdGroupBuilder *builder, Node *key);
extern bool ad_can_evaluate(AdGroupBuilder *builder, Node *node, bool lazily, AdValue *value);
extern bool ad_can_test(AdGroupBuilder *builder, Node *condition);
extern bool ad_add_key_parts(AdGroupBuilder *builder, Node *node);
extern List *ad_table_columns(Index relid, Node *node);
extern List *ad_returned_columns(const List *tlist);
extern bool ad_add_table_columns(AdGroupBuilder *builder, Index relid, Node *node);
extern void ad_add_key_with_columns(AdGroupBuilder *builder, Node *key, const AdColumn *column,
									Node *expr);

#endif							/* AD_GROUP_PARTS_H */
