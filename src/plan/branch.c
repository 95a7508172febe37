/*
 * branch.c
 *	  Branches of UNION ALL that are queries of their own.
 *
 * INTERFACE ROUTINES
 *		ad_branch_table			the table that a branch reads
 *		ad_branch_to_table		expressions of the branch as those of its table
 *		ad_branch_from_table	and back
 *		ad_keeps_rows			are a query's rows those of its relation?
 *		ad_only_selects			are they that in any order, and all?
 *		ad_has_local_param		does an expression need a query's own plan?
 *
 *		SELECT email FROM calls WHERE minutes > 5 UNION ALL SELECT email FROM old_calls
 *
 * PostgreSQL makes a branch without a condition a relation of the query around it,
 * as it does with partitions.  One with a condition stays a subquery.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "plan/branch.h"
#include "plan/relation.h"
#include "plan/scan_plan.h"

/*
 * Is each row of the query one of a row of its relation, and the other way
 * round, but for LIMIT and functions that return sets?
 */
bool
ad_keeps_rows(const Query *query)
{
	return !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
		query->havingQual == NULL && query->distinctClause == NIL && !query->hasWindowFuncs &&
		query->setOperations == NULL;
}

/*
 * Is the query nothing but a selection of rows of its relation, in any order?
 */
bool
ad_only_selects(const Query *query)
{
	return ad_keeps_rows(query) && !query->hasTargetSRFs && query->rowMarks == NIL && query->sortClause == NIL &&
		query->limitCount == NULL && query->limitOffset == NULL;
}

/* expression_tree_walker() callback */
static bool
has_local_param(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		return true;
	return IsA(node, SubPlan) || expression_tree_walker(node, has_local_param, arg);
}

/*
 * Does the expression, or a list of them, have a value that only the plan of its own
 * query knows?
 */
bool
ad_has_local_param(Node *node)
{
	return has_local_param(node, NULL);
}

/*
 * Returns the one foreign table whose rows are those of the relation, a subquery, and of
 * which MongoDB evaluates all conditions; NULL if it is no such subquery.
 */
RelOptInfo *
ad_branch_table(const RelOptInfo *rel)
{
	PlannerInfo *subroot = rel->subroot;
	const Query *parse = subroot == NULL ? NULL : subroot->parse;
	const AdRelation *relation;
	int			relid;
	RelOptInfo *table;

	if (rel->rtekind != RTE_SUBQUERY || subroot == NULL || rel->baserestrictinfo != NIL ||
		!bms_is_empty(rel->lateral_relids) || parse->commandType != CMD_SELECT || !ad_only_selects(parse) ||
		!bms_get_singleton_member(subroot->all_baserels, &relid))
		return NULL;
	table = subroot->simple_rel_array[relid];
	if (table->reloptkind != RELOPT_BASEREL || subroot->simple_rte_array[relid]->inh || IS_DUMMY_REL(table) ||
		!bms_is_empty(table->lateral_relids) || !ad_is_own(table))
		return NULL;
	relation = table->fdw_private;
	if (relation->local_conds != NIL || contain_volatile_functions((Node *) subroot->processed_tlist) ||
		ad_has_local_param((Node *) subroot->processed_tlist) || ad_has_local_param((Node *) relation->context.slots))
		return NULL;
	return table;
}

/* for the mutators */
typedef struct AdBranch
{
	const RelOptInfo *rel;
	Index		relid;			/* whose columns are replaced */
	bool		failed;			/* is there nothing for one of them? */
} AdBranch;

/* expression_tree_mutator() callback: a column of the branch is what the branch returns */
static Node *
to_table(Node *node, void *arg)
{
	AdBranch   *branch = arg;
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || var->varno != branch->relid)
		return expression_tree_mutator(node, to_table, arg);
	branch->failed |= var->varattno <= 0;
	return var->varattno <= 0 ? node :
		(Node *) copyObject(list_nth_node(TargetEntry, branch->rel->subroot->processed_tlist, var->varattno - 1)->expr);
}

/* expression_tree_mutator() callback: a column of the table is the column that returns it */
static Node *
from_table(Node *node, void *arg)
{
	AdBranch   *branch = arg;
	ListCell   *lc;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || ((Var *) node)->varno != branch->relid)
		return expression_tree_mutator(node, from_table, arg);
	foreach(lc, branch->rel->subroot->processed_tlist)
	{
		TargetEntry *column = lfirst_node(TargetEntry, lc);

		if (!column->resjunk && equal(column->expr, node))
			return (Node *) makeVarFromTargetEntry(branch->rel->relid, column);
	}
	branch->failed = true;
	return node;
}

/*
 * Makes the expressions, which read the branch, read its table.  Returns false if that
 * is not possible.
 */
bool
ad_branch_to_table(const RelOptInfo *rel, List **exprs)
{
	AdBranch	branch = {rel, rel->relid};

	*exprs = (List *) to_table((Node *) *exprs, &branch);
	return !branch.failed;
}

/*
 * Makes the expressions, which read the table of the branch, read the branch.  Returns
 * false if the branch does not return all columns that they read.
 */
bool
ad_branch_from_table(const RelOptInfo *rel, const RelOptInfo *table, List **exprs)
{
	AdBranch	branch = {rel, table->relid};

	*exprs = (List *) from_table((Node *) *exprs, &branch);
	return !branch.failed;
}
