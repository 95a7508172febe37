/*
 * branch.h
 *	  Branches of UNION ALL that are queries of their own.
 */
#ifndef AD_BRANCH_H
#define AD_BRANCH_H

#include "nodes/pathnodes.h"

extern bool ad_keeps_rows(const Query *query);
extern bool ad_only_selects(const Query *query);
extern bool ad_has_local_param(Node *node);
extern RelOptInfo *ad_branch_table(const RelOptInfo *rel);
extern bool ad_branch_to_table(const RelOptInfo *rel, List **exprs);
extern bool ad_branch_from_table(const RelOptInfo *rel, const RelOptInfo *table, List **exprs);

#endif							/* AD_BRANCH_H */
