/*
 * subquery_limit.c
 *	  ORDER BY and LIMIT of the groups of a subquery in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_subquery_limit_paths	paths of UPPERREL_FINAL
 *
 *		SELECT * FROM (SELECT email, count(*) AS n FROM calls GROUP BY email) s
 *		ORDER BY n DESC LIMIT 10
 *
 * MongoDB sorts and cuts the groups as if the order and the limit were the
 * subquery's own: the scan returns what its groups return, as columns of the
 * subquery.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"

#include "plan/branch.h"
#include "plan/order.h"
#include "plan/relation.h"
#include "plan/subquery_limit.h"

/* adds a column of the subquery that is what its groups return */
static void
add_column(AdGrouping *grouping, const AdGrouping *inner, const AdOutput *returned, Var *column)
{
	int			position = list_length(grouping->tlist);

	(void) ad_group_copy_output(grouping->group, position, returned->path, inner->group, returned);
	grouping->tlist = lappend(grouping->tlist, makeTargetEntry((Expr *) column, position + 1, NULL, false));
}

/* the groups without outputs, in a context to which slots can be added */
static AdGrouping
empty_grouping(const AdGrouping *inner)
{
	AdGrouping	grouping = {
		.group = palloc(sizeof(AdGroup)),
		.context = palloc(sizeof(AdExprContext)),
	};

	*grouping.group = *inner->group;
	grouping.group->outputs = NIL;
	grouping.group->proven = NULL;
	grouping.group->trusted = NULL;
	*grouping.context = *inner->context;
	grouping.context->slots = list_copy(grouping.context->slots);
	return grouping;
}

/*
 * Describes the groups as the rows of the subquery, in *grouping.  Returns
 * false if a column that the query reads is not one that they return, or if
 * they return one more, whose mismatches would not be noticed.
 */
static bool
describe_rows(PlannerInfo *root, RelOptInfo *subquery, const AdGrouping *inner, AdGrouping *grouping)
{
	List	   *needed = pull_var_clause((Node *) root->upper_targets[UPPERREL_FINAL]->exprs,
										 PVC_INCLUDE_PLACEHOLDERS);
	Bitmapset  *returned = NULL;
	ListCell   *lc;

	*grouping = empty_grouping(inner);
	foreach(lc, subquery->subroot->processed_tlist)
	{
		TargetEntry *column = lfirst_node(TargetEntry, lc);
		TargetEntry *entry = tlist_member(column->expr, inner->tlist);

		if (entry == NULL || column->resjunk)
			continue;
		returned = bms_add_member(returned, entry->resno - 1);
		add_column(grouping, inner, ad_group_output(inner->group, entry->resno - 1),
				   makeVar(subquery->relid, column->resno, exprType((Node *) column->expr),
						   exprTypmod((Node *) column->expr), exprCollation((Node *) column->expr), 0));
	}
	foreach(lc, needed)
	{
		if (tlist_member(lfirst(lc), grouping->tlist) == NULL)
			return false;
	}
	return bms_num_members(returned) == list_length(inner->tlist);
}

/* a relation that stands for the ordered rows of another one */
static RelOptInfo *
ordered_relation(RelOptInfo *rel)
{
	AdUpperRelation *upper = palloc0(sizeof(AdUpperRelation));
	RelOptInfo *ordered = makeNode(RelOptInfo);

	upper->ordered_rel = rel;
	ordered->reloptkind = RELOPT_UPPER_REL;
	ordered->fdw_private = upper;
	return ordered;
}

/*
 * Adds the path of a query that orders and limits the rows of `subquery`,
 * whose groups MongoDB makes, as `grouped` describes.
 */
void
ad_subquery_limit_paths(PlannerInfo *root, RelOptInfo *subquery, RelOptInfo *grouped,
						RelOptInfo *output_rel, const FinalPathExtraData *extra)
{
	AdUpperRelation *inner = grouped->fdw_private;
	AdUpperRelation *upper = palloc(sizeof(AdUpperRelation));
	RelOptInfo *rel;

	if (!ad_keeps_rows(root->parse) || root->parse->limitCount == NULL)
		return;
	*upper = *inner;
	upper->rows = subquery->rows;
	upper->subquery = subquery->cheapest_total_path;
	if (!describe_rows(root, subquery, &inner->grouping, &upper->grouping))
		return;
	upper->query = palloc(sizeof(AdQuery));
	*upper->query = *inner->query;
	upper->query->outputs = upper->grouping.group->outputs;
	upper->query->relid = upper->grouping.context->relid;
	upper->query->userid = upper->grouping.context->rel->userid;

	rel = fetch_upper_rel(root, UPPERREL_PARTIAL_GROUP_AGG, subquery->relids);
	rel->serverid = grouped->serverid;
	rel->userid = upper->query->userid;
	rel->useridiscurrent = grouped->useridiscurrent;
	rel->fdwroutine = grouped->fdwroutine;
	rel->fdw_private = upper;
	ad_limit_paths(root, root->sort_pathkeys == NIL ? rel : ordered_relation(rel), output_rel, extra);
}
