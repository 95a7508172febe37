/*
 * join_nulls.c
 *	  Groups below an outer join that fills them with nulls.
 *
 * A row without a partner is joined to a row of nulls, for which MongoDB has no
 * group:
 *
 *		SELECT u.email, count(c.id) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1
 *
 *		Finalize HashAggregate				by users.email
 *		  -> Custom Scan (JoinedGroups)		users.email, PARTIAL count(calls.id)
 *			   -> Hash Right Join			users.email, the state or null
 *					-> Foreign Scan			calls.email, the state
 *					-> Hash -> Seq Scan		users
 *
 * The states that are null are passed over when states are combined.  That is
 * right for an aggregate that ignores a row of nulls, as count(c.id) does, and
 * sum(c.minutes).  The row counts for count(*), so its state is one then.  Others,
 * such as sum(coalesce(c.minutes, 1)), are parts to merge (group_merge.c): the part
 * of a group of one row, whose columns are null.  A null count(*) tells where.
 *
 * Before PostgreSQL 16 nothing above an outer join may use an expression that was
 * computed on the side that is filled with nulls, unless a PlaceHolderVar holds it
 * (setrefs.c).  So one holds each state.  The node above the joins gives the
 * states the names that PostgreSQL's final grouping looks for; it returns the rows
 * as they are (execute/merge_scan.c).
 *
 * Since PostgreSQL 16 a column has another name above the join, which says what fills
 * it with nulls.  MongoDB's groups are described by the names that columns have below.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/placeholder.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "plan/custom_path.h"
#include "plan/group_partial.h"
#include "plan/join_nulls.h"
#include "query/join_nodes.h"
#include "translate/lazy.h"

/*
 * Returns what the joins do with the rows of the table.  Sets *tested to the tables
 * of the smallest side with it of which only the existence of rows counts.
 */
AdJoinSide
ad_join_side(PlannerInfo *root, const RelOptInfo *rel, Relids *tested)
{
	AdJoinSide	side = AD_SIDE_PRESERVED;
	ListCell   *lc;

	*tested = NULL;
	foreach(lc, root->join_info_list)
	{
		SpecialJoinInfo *info = lfirst(lc);
		bool		is_right = bms_is_subset(rel->relids, info->syn_righthand);

		if (is_right && info->jointype != JOIN_LEFT && info->jointype != JOIN_FULL)
		{
			if (*tested == NULL || bms_is_subset(info->syn_righthand, *tested))
				*tested = info->syn_righthand;
		}
		else if (is_right ||
				 (info->jointype == JOIN_FULL && bms_is_subset(rel->relids, info->syn_lefthand)))
			side = AD_SIDE_FILLED;
	}
	return *tested != NULL ? AD_SIDE_TESTED : side;
}

/*
 * Returns the column among the Vars, whatever fills it with nulls; NULL if it is not
 * there.
 */
Var *
ad_find_column(const List *columns, const Var *column)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		Var		   *var = lfirst(lc);

		if (IsA(var, Var) && var->varno == column->varno && var->varattno == column->varattno)
			return var;
	}
	return NULL;
}

/* what used_mutator() is about */
typedef struct AdUse
{
	Index		relid;
	List	   *columns;		/* Vars */
} AdUse;

/* expression_tree_mutator() callback: replaces the columns of the table */
static Node *
used_mutator(Node *node, void *arg)
{
	const AdUse *use = arg;
	Var		   *column;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || ((Var *) node)->varno != use->relid)
		return expression_tree_mutator(node, used_mutator, arg);
	column = ad_find_column(use->columns, (Var *) node);
	return copyObject(column != NULL ? (Node *) column : node);
}

/*
 * Returns a copy of the expressions in which the table's columns have the names that
 * they have in what the relation `of` returns.
 */
List *
ad_use_columns(List *exprs, Index relid, const RelOptInfo *of)
{
	AdUse		use = {relid, of->reltarget->exprs};

	return (List *) used_mutator((Node *) exprs, &use);
}

static Node *
null_of(const Node *node)
{
	return (Node *) makeNullConst(exprType(node), exprTypmod(node), exprCollation(node));
}

/* whether the expression is null because an operand is, so that nothing is computed */
static bool
is_null_by_operand(const Node *node)
{
	List	   *args;
	ListCell   *lc;

	if (IsA(node, RelabelType))
		args = list_make1(((const RelabelType *) node)->arg);
	else if (IsA(node, CoerceViaIO))
		args = list_make1(((const CoerceViaIO *) node)->arg);
	else if (IsA(node, FuncExpr) && func_strict(((const FuncExpr *) node)->funcid))
		args = ((const FuncExpr *) node)->args;
	else if (IsA(node, OpExpr) && op_strict(((const OpExpr *) node)->opno))
		args = ((const OpExpr *) node)->args;
	else
		return false;
	foreach(lc, args)
	{
		if (IsA(lfirst(lc), Const) && ((Const *) lfirst(lc))->constisnull)
			return true;
	}
	return false;
}

/*
 * expression_tree_mutator() callback: replaces all columns by nulls, and what is null
 * because of them
 */
static Node *
null_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return null_of(node);
	node = expression_tree_mutator(node, null_mutator, context);
	return is_null_by_operand(node) ? null_of(node) : node;
}

/*
 * The value of an expression of a row of nulls if it is known without an error, else
 * NULL.
 */
static const Const *
value_of_nulls(PlannerInfo *root, Node *node)
{
	node = null_mutator(node, NULL);
	if (ad_may_fail(node, root))
		return NULL;
	node = eval_const_expressions(root, node);
	return IsA(node, Const) ? (Const *) node : NULL;
}

/* what a state is for a row of nulls */
typedef enum NullState
{
	IGNORED,					/* as without the row */
	ONE,						/* a count of 1 */
	OTHER
} NullState;

/*
 * Returns what the state, or the part to merge, is for a row of nulls.
 *
 * The aggregates that have states or parts ignore nulls in any of their arguments.
 */
static NullState
null_state(PlannerInfo *root, const Aggref *state)
{
	const Const *value;
	ListCell   *lc;

	if (state->aggfilter != NULL)
	{
		value = value_of_nulls(root, (Node *) state->aggfilter);
		if (value == NULL)
			return OTHER;
		if (value->constisnull || !DatumGetBool(value->constvalue))
			return IGNORED;
	}
	if (state->aggfnoid == F_COUNT_)
		return ONE;
	foreach(lc, state->args)
	{
		value = value_of_nulls(root, (Node *) lfirst_node(TargetEntry, lc)->expr);
		if (value == NULL)
			return OTHER;
		if (value->constisnull)
			return IGNORED;
	}
	return state->aggfnoid == F_COUNT_ANY ? ONE : OTHER;
}

/*
 * Whether the states, or parts, of a row of nulls are known without another one: they
 * are ignored, or a count of 1.
 */
bool
ad_ignores_nulls(PlannerInfo *root, const List *states)
{
	ListCell   *lc;

	foreach(lc, states)
	{
		if (null_state(root, lfirst(lc)) == OTHER)
			return false;
	}
	return true;
}

/*
 * Adds the number of rows to the parts if joins add rows of nulls that one of the parts
 * does not ignore.  Returns false if that part is not known for such a row.
 */
bool
ad_tell_nulls(PlannerInfo *root, AdMerges *merges)
{
	ListCell   *lc;

	if (!merges->filled || ad_ignores_nulls(root, merges->parts))
		return true;
	foreach(lc, merges->parts)
	{
		if (ad_part_of_row(lfirst(lc)) == NULL)
			return false;
	}
	merges->parts = list_append_unique(merges->parts, ad_make_aggregate(F_COUNT_, NULL));
	return true;
}

/*
 * Puts the states (Aggrefs), which the paths of the groups return, into
 * PlaceHolderVars, and returns these.
 */
List *
ad_hold_states(PlannerInfo *root, RelOptInfo *groups, List *states)
{
	List	   *held = NIL;
	ListCell   *lc;
	ListCell   *state;
	ListCell   *holder;

	foreach(lc, states)
		held = lappend(held, make_placeholder_expr(root, lfirst(lc), groups->relids));
	/* the paths have the same target as the relation */
	foreach(lc, groups->reltarget->exprs)
	{
		forboth(state, states, holder, held)
		{
			if (equal(lfirst(lc), lfirst(state)))
				lfirst(lc) = lfirst(holder);
		}
	}
	return held;
}

/* the count of rows among the PlaceHolderVars */
static Expr *
row_count(const List *held)
{
	ListCell   *lc;

	foreach(lc, held)
	{
		const Aggref *state = (Aggref *) ((PlaceHolderVar *) lfirst(lc))->phexpr;

		if (state->aggfnoid == F_COUNT_ && state->aggfilter == NULL)
			return lfirst(lc);
	}
	elog(ERROR, "groups have no number of rows");
	return NULL;				/* not reached */
}

/*
 * The state in the PlaceHolderVar, one of `all`, or what it is for a row of nulls where
 * there is no group.  A count is not null in any group.
 */
static Expr *
known_state(PlannerInfo *root, PlaceHolderVar *held, const List *all)
{
	const Aggref *state = (Aggref *) held->phexpr;
	Node	   *of_row;
	const Const *value;

	switch (null_state(root, state))
	{
		case IGNORED:
			return (Expr *) held;
		case ONE:
			return ad_number_or((Expr *) held, 1);
		case OTHER:
			of_row = (Node *) ad_part_of_row(state);
			value = value_of_nulls(root, of_row);
			return ad_where_null(row_count(all), value != NULL ? (Expr *) value :
								 (Expr *) null_mutator(of_row, NULL), (Expr *) held);
	}
	return NULL;				/* not reached */
}

/*
 * Removes the paths of a join of held states that get values from other tables.  Only a
 * PlaceHolderVar that the planner has made itself can be in the target of such a path
 * (replace_nestloop_params() in createplan.c, since PostgreSQL 16).
 */
void
ad_drop_parameterized(RelOptInfo *join)
{
	ListCell   *lc;

	foreach(lc, join->pathlist)
	{
		if (((Path *) lfirst(lc))->param_info != NULL)
			join->pathlist = foreach_delete_current(join->pathlist, lc);
	}
}

/*
 * Returns a relation with the rows of a join whose PlaceHolderVars `held` have the
 * names (Aggrefs).
 */
RelOptInfo *
ad_name_states(PlannerInfo *root, RelOptInfo *join, List *held, List *names)
{
	static const CustomPathMethods methods = {
		.CustomName = AD_JOINED_GROUPS,
		.PlanCustomPath = ad_plan_names,
	};
	PathTarget *target = create_empty_pathtarget();
	List	   *named = NIL;
	RelOptInfo *rel;
	CustomPath *path;
	ListCell   *lc;

	foreach(lc, join->reltarget->exprs)
	{
		Expr	   *expr = lfirst(lc);
		int			position = 0;

		while (position < list_length(held) && !equal(list_nth(held, position), expr))
			position++;
		if (position < list_length(held))
		{
			named = lappend(named, list_nth(names, position));
			expr = known_state(root, (PlaceHolderVar *) expr, held);
		}
		else
			named = lappend(named, expr);
		add_column_to_pathtarget(target, expr, 0);
	}
	rel = ad_copy_relation(root, join, join->rows, NIL);
	rel->reltarget->exprs = named;
	(void) set_pathtarget_cost_width(root, rel->reltarget);
	path = ad_custom_path((Path *) create_projection_path(root, join, join->cheapest_total_path,
														  set_pathtarget_cost_width(root, target)),
						  rel, rel->reltarget, &methods);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	add_path(rel, (Path *) path);
	set_cheapest(rel);
	return rel;
}
