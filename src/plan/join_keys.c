/*
 * join_keys.c
 *	  Scans that wait for the keys of the table they are joined to.
 *
 * INTERFACE ROUTINES
 *		ad_join_key_paths		the paths of joins with such scans
 *		ad_set_keys				the condition that a scan waits for
 *		ad_waiting_path			the path of a scan that waits
 *		ad_join_keys_query		adds the keys to a scan's query
 *
 * If a foreign table is joined to a few rows, most of its documents have no
 * partner.  So the other side is read first, by a node that collects its keys
 * (execute/key_scan.c), and the scan asks for the documents with one of these
 * keys only, by one $in.  A hash join does the rest.
 *
 *		Hash Join							calls.email = users.email
 *		  -> Foreign Scan					calls, {email: {$in: $1}}
 *		  -> Hash -> Custom Scan			collects users.email
 *					   -> Seq Scan			users
 *
 * The other side is read once, so it may be anything: a table, a join, groups
 * of which a limit chose some.  If it has too many keys, the scan does without
 * them.
 *
 * For an anti join on nothing but the keys, the scan leaves out the documents
 * with one of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/paramassign.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/custom_path.h"
#include "plan/group_estimate.h"
#include "plan/group_subquery.h"
#include "plan/join_keys.h"
#include "plan/scan_cost.h"
#include "query/avoid.h"
#include "query/join_nodes.h"
#include "translate/filter.h"

/*
 * Whether the join drops all rows of the waiting side that have no partner;
 * *excludes is set if it drops the others instead.
 *
 * The hash table is made from the inner side.  If that waits, it must not be
 * kept while the keys change, as it is in subqueries.
 */
static bool
drops_rows(PlannerInfo *root, JoinType jointype, bool outer_waits, bool *excludes)
{
	*excludes = outer_waits && jointype == JOIN_ANTI;
	if (outer_waits)
		return jointype == JOIN_INNER || jointype == JOIN_SEMI || jointype == JOIN_RIGHT ||
			jointype == JOIN_ANTI;
	return root->parent_root == NULL &&
		(jointype == JOIN_INNER || jointype == JOIN_LEFT || jointype == JOIN_SEMI ||
		 jointype == JOIN_ANTI);
}

/*
 * Whether an equality is the only condition of the join.  Only then a document
 * with one of the keys certainly has a partner, so that an anti join can leave
 * it out.
 */
static bool
is_only_condition(RelOptInfo *joinrel, List *conditions)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		if (!RINFO_IS_PUSHED_DOWN(lfirst_node(RestrictInfo, lc), joinrel->relids))
			count++;
	}
	return count == 1;
}

/*
 * The conditions by which the planner can hash, as hash_inner_and_outer() of
 * PostgreSQL finds them.
 */
static List *
hash_clauses(RelOptInfo *joinrel, RelOptInfo *outerrel, RelOptInfo *innerrel,
			 JoinType jointype, List *conditions)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (!info->can_join || !OidIsValid(info->hashjoinoperator) ||
			(IS_OUTER_JOIN(jointype) && RINFO_IS_PUSHED_DOWN(info, joinrel->relids)))
			continue;
		if ((bms_is_subset(info->left_relids, outerrel->relids) &&
			 bms_is_subset(info->right_relids, innerrel->relids)) ||
			(bms_is_subset(info->left_relids, innerrel->relids) &&
			 bms_is_subset(info->right_relids, outerrel->relids)))
			clauses = lappend(clauses, info);
	}
	return clauses;
}

/*
 * The condition that the column is one of the keys.  `param` stands for their
 * array.
 */
static Expr *
membership(const AdKeyJoin *join, Oid opno, Oid collation, Param * param)
{
	ScalarArrayOpExpr *member = makeNode(ScalarArrayOpExpr);

	member->opno = opno;
	member->opfuncid = get_opcode(opno);
	member->useOr = true;
	member->inputcollid = collation;
	member->args = list_make2(join->column, param);
	member->location = -1;
	return (Expr *) member;
}

/* the context of the waiting scan, to which a slot can be added */
static AdExprContext
waiting_context(const AdKeyJoin *join)
{
	AdExprContext context = ad_scan_context(join->table->fdw_private);

	if (join->waiting != join->table)
		context.slots = list_copy(((AdUpperRelation *) join->waiting->fdw_private)->grouping.context->slots);
	context.proven = NULL;
	context.filter = NULL;
	return context;
}

/*
 * The number of a new parameter.  The planner's list of them must outlive the
 * current memory context, which GEQO frees after it has tried a join.
 */
static int
new_parameter(PlannerInfo *root)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(root->glob));
	int			param = assign_special_exec_param(root);

	MemoryContextSwitchTo(old);
	return param;
}

/*
 * Translates the condition as one on the waiting scan, and sets the keys.
 * Returns false if MongoDB cannot evaluate it.
 */
bool
ad_set_keys(AdKeyJoin *join, OpExpr *expr)
{
	AdRelation *relation = join->table->fdw_private;
	AdExprContext context = waiting_context(join);
	bool		is_left = equal(join->column, linitial(expr->args));
	Oid			opno = is_left ? expr->opno : get_commutator(expr->opno);
	Oid			typid = exprType(join->key);
	Oid			array = get_array_type(typid);
	Param	   *param = makeNode(Param);
	Node	   *predicate;
	bool		recheck;

	if (!OidIsValid(opno) || !OidIsValid(array) ||
		!OidIsValid(lookup_type_cache(typid, TYPECACHE_CMP_PROC)->cmp_proc))
		return false;
	if (relation->key_param == 0)
		relation->key_param = new_parameter(join->root) + 1;
	param->paramkind = PARAM_EXEC;
	param->paramid = relation->key_param - 1;
	param->paramtype = array;
	param->paramtypmod = -1;
	param->paramcollid = exprCollation(join->key);
	param->location = -1;
	predicate = ad_expr_allowed(&context, membership(join, opno, expr->inputcollid, param), &recheck);
	if (predicate == NULL || (join->excludes && (recheck || ad_is_avoided(relation->options, "$match.$nor"))))
		return false;

	/* null has no partner, and a mismatch must be read to be an error */
	join->keys.predicate = join->excludes ? ad_node(AD_NOR, list_make1(predicate)) : predicate;
	join->keys.slots = context.slots;
	join->keys.param = param->paramid;
	for (join->keys.slot = 0; join->keys.slot < list_length(context.slots); join->keys.slot++)
	{
		if (equal(list_nth(context.slots, join->keys.slot), param))
			break;
	}
	return join->keys.slot < list_length(context.slots);
}

/* the estimated number of values of the column, or of the expression of columns */
static double
count_values(const AdKeyJoin *join)
{
	VariableStatData data;
	bool		is_default;
	double		distinct;

	if (!IsA(strip_implicit_coercions(join->column), Var))
		return ad_estimate_groups(join->table_root, join->table, list_make1(join->column), join->table->tuples);
	examine_variable(join->table_root, join->column, 0, &data);
	distinct = get_variable_numdistinct(&data, &is_default);
	ReleaseVariableStats(data);
	return distinct;
}

/*
 * Estimates how many keys there are, and for which part of the documents they
 * are.
 */
static void
estimate_keys(AdKeyJoin *join)
{
	/* not within a macro, which would count them several times */
	double		values = count_values(join);

	join->count = estimate_num_groups(join->root, list_make1(join->key), join->other->rows, NULL, NULL);
	join->selectivity = Min(1, join->count / Max(values, 1));
	if (join->excludes)
		join->selectivity = Max(1 - join->selectivity, 0.01);
}

/* whether a query groups by this expression of its target list */
static bool
is_group_key(PlannerInfo *root, const TargetEntry *entry)
{
	List	   *clause = root->parse->groupClause != NIL ? root->parse->groupClause : root->parse->distinctClause;

	return entry->ressortgroupref != 0 && get_sortgroupref_clause_noerr(entry->ressortgroupref, clause) != NULL &&
		!contain_volatile_functions((Node *) entry->expr) && !contain_agg_clause((Node *) entry->expr);
}

/*
 * The expression of a subquery's column as one of the table, or NULL if it is
 * none.  It is a group key: a column of the table is one always.
 */
static Node *
table_column(const AdKeyJoin *join, Node *node)
{
	RelabelType *relabel = (RelabelType *) node;
	Var		   *var = (Var *) node;
	TargetEntry *entry;
	Node	   *expr;

	if (IsA(node, RelabelType))
	{
		expr = table_column(join, (Node *) relabel->arg);
		if (expr == NULL)
			return NULL;
		relabel = copyObject(relabel);
		relabel->arg = (Expr *) expr;
		return (Node *) relabel;
	}
	if (!IsA(node, Var) || var->varno != join->side->relid || var->varattno <= 0)
		return NULL;
	entry = list_nth_node(TargetEntry, join->table_root->processed_tlist, var->varattno - 1);
	return IsA(entry->expr, Var) || is_group_key(join->table_root, entry) ? (Node *) entry->expr : NULL;
}

/*
 * Whether the condition is one on a column of the table that the keys of the
 * other side can replace.  Sets what is known of them.
 */
static bool
find_keys(AdKeyJoin *join, RestrictInfo *info)
{
	OpExpr	   *expr = (OpExpr *) info->clause;
	bool		is_left = bms_equal(info->left_relids, join->side->relids);

	if (!IsA(expr, OpExpr) || list_length(expr->args) != 2)
		return false;
	join->column = is_left ? linitial(expr->args) : lsecond(expr->args);
	join->key = is_left ? lsecond(expr->args) : linitial(expr->args);
	if (contain_volatile_functions(join->key) || contain_subplans(join->key))
		return false;
	if (join->table_root != join->root)
	{
		join->column = table_column(join, join->column);
		if (join->column == NULL)
			return false;
		expr = copyObject(expr);
		expr->args = is_left ? list_make2(join->column, join->key) : list_make2(join->key, join->column);
	}
	estimate_keys(join);
	return join->count <= AD_MAX_JOIN_KEYS && ad_set_keys(join, expr);
}

/* finds the condition whose keys leave the fewest documents */
static bool
find_best_keys(AdKeyJoin *join, List *clauses)
{
	AdKeyJoin	best = {0};
	ListCell   *lc;

	foreach(lc, clauses)
	{
		if (find_keys(join, lfirst(lc)) &&
			(best.root == NULL || join->selectivity < best.selectivity))
			best = *join;
	}
	if (best.root == NULL)
		return false;
	*join = best;
	return true;
}

/*
 * Returns the path, palloc'd, of the scan that waits.  `below` is the path that
 * finds the keys, if that is below the scan; else NULL.
 */
Path *
ad_waiting_path(const AdKeyJoin *join, Path *below)
{
	PlannerInfo *root = join->table_root;
	AdScanWork	work = ad_scan_work(root, join->table, NIL);
	AdJoinKeys *keys = palloc(sizeof(AdJoinKeys));
	List	   *private = list_make2(NULL, keys);
	AdUpperRelation *upper = join->waiting == join->table ? NULL : join->waiting->fdw_private;
	Path	   *path;
	Cost		startup_cost;
	Cost		total_cost;

	*keys = join->keys;
	/* MongoDB gets the keys, and looks for them */
	work.first_cost = (join->count + work.documents) * cpu_operator_cost;
	if (below != NULL)
		work.first_cost += below->total_cost;
	work.documents = clamp_row_est(work.documents * join->selectivity);
	work.shared *= join->selectivity;
	work.rows = clamp_row_est((upper == NULL ? join->table->rows : upper->rows) * join->selectivity);
	work.target = root == join->root ? join->waiting->reltarget :
		create_pathtarget(root, root->processed_tlist);
	if (upper == NULL)
	{
		work.sent = work.documents;
		ad_scan_cost(root, &work, &startup_cost, &total_cost);
		path = (Path *) ad_create_foreignscan_path(root, join->table, NULL, work.rows, startup_cost,
												   total_cost, NIL, NULL, below, private);
	}
	else
	{
		Cost		grouping_cost = ad_grouping_cost(join->table->fdw_private, work.documents);

		work.sent = work.rows;
		work.shared = 0;
		ad_groups_cost(root, &work, grouping_cost, &startup_cost, &total_cost);
		path = (Path *) ad_create_foreign_upper_path(root, join->waiting, work.target, work.rows,
													 startup_cost, total_cost, NIL, NULL, private);
	}
	if (below != NULL)
		ad_add_disabled_nodes(path, below);
	/* the keys are in the memory of one process */
	path->parallel_safe = false;
	return root == join->root ? path : ad_create_subqueryscan_path(join->root, join->side, path);
}

static const CustomPathMethods key_scan_methods = {
	.CustomName = AD_KEY_SCAN,
	.PlanCustomPath = ad_plan_same_rows,
};

/* the path that collects the keys of the other side */
static Path *
collecting_path(const AdKeyJoin *join, Path *path)
{
	CustomPath *custom = ad_custom_path(path, path->parent, path->pathtarget, &key_scan_methods);

	custom->custom_private = list_make2(list_make1(join->key), ad_integer(join->keys.param));
	return (Path *) custom;
}

/* whether the groups can raise an error that is not one of a value that does not fit */
static bool
may_fail(const AdUpperRelation *groups)
{
	ListCell   *lc;

	foreach(lc, groups->query->guards)
	{
		if (((const AdGuard *) lfirst(lc))->kind != AD_FAILURE_MISMATCH)
			return true;
	}
	return false;
}

/*
 * Sets the scan that waits if that side of the join does: of a foreign table, of
 * its groups, or of the groups of a subquery.  Returns false for other
 * subqueries, and for groups that may raise an error, of which all must be made.
 */
static bool
set_waiting(AdKeyJoin *join, RelOptInfo *side)
{
	AdUpperRelation *upper;

	join->side = side;
	if (side->rtekind != RTE_SUBQUERY)
	{
		join->table_root = join->root;
		join->waiting = side;
		join->table = join->root->simple_rel_array[bms_singleton_member(side->relids)];
		return true;
	}
	join->table_root = side->subroot;
	join->waiting = ad_groups_of_subquery(side);
	if (join->waiting == NULL)
		return false;
	upper = join->waiting->fdw_private;
	join->table = upper->grouping.context->rel;
	return upper->subquery == NULL && !may_fail(upper);
}

/*
 * Adds the path of a join in which the scan of one side waits for the keys of
 * the other side.
 *
 * There is none if rows are locked or changed in the query, because PostgreSQL
 * may then have to check single rows of each table again (EvalPlanQual).
 */
void
ad_join_key_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				  RelOptInfo *innerrel, JoinType jointype, JoinPathExtraData *extra,
				  bool outer_waits)
{
	AdKeyJoin	join = {.root = root, .outer_waits = outer_waits};
	List	   *clauses;
	AdRelation *relation;
	JoinCostWorkspace workspace;
	Path	   *outer;
	Path	   *inner;
	Path	   *read;

	if (!set_waiting(&join, outer_waits ? outerrel : innerrel))
		return;
	join.other = outer_waits ? innerrel : outerrel;
	relation = join.table->fdw_private;
	read = join.other->cheapest_total_path;
	if (!drops_rows(root, jointype, outer_waits, &join.excludes) ||
		ad_may_recheck(root) ||
		read == NULL || read->param_info != NULL || !bms_is_empty(joinrel->lateral_relids) ||
		!relation->options->enable_join_pushdown || !relation->options->enable_filter_pushdown)
		return;
	clauses = hash_clauses(joinrel, outerrel, innerrel, jointype, extra->restrictlist);
	if ((join.excludes && !is_only_condition(joinrel, extra->restrictlist)) ||
		!find_best_keys(&join, clauses))
		return;
	outer = outer_waits ? ad_waiting_path(&join, NULL) : collecting_path(&join, read);
	inner = outer_waits ? collecting_path(&join, read) : ad_waiting_path(&join, NULL);
	initial_cost_hashjoin(root, &workspace, jointype, clauses, outer, inner, extra, false);
	add_path(joinrel, (Path *)
			 create_hashjoin_path(root, joinrel, jointype, &workspace, extra, outer, inner, false,
								  extra->restrictlist, NULL, clauses));
}

/*
 * Makes the query of a scan wait for the keys.  Returns the slots of the scan:
 * that of the keys, which has no expression, is a null.
 */
List *
ad_join_keys_query(const AdJoinKeys *keys, AdQuery *query)
{
	List	   *slots = list_copy(keys->slots);
	Param	   *param = list_nth(slots, keys->slot);

	query->keys = keys->predicate;
	query->key_slot = keys->slot;
	query->key_param = keys->param;
	lfirst(list_nth_cell(slots, keys->slot)) = makeNullConst(param->paramtype, -1, param->paramcollid);
	return slots;
}
