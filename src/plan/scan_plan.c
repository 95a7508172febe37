/*
 * scan_plan.c
 *	  Planning of scans of foreign tables.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_rel_size		pushed-down conditions, number of rows
 *		ad_get_foreign_plan			the plan of a scan, a join or a grouping
 *
 * Planning does not contact MongoDB, except for the number of documents if
 * the option use_remote_estimate is set.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

#include "base/compat.h"
#include "plan/extreme.h"
#include "plan/join.h"
#include "plan/join_keys.h"
#include "plan/order.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/scan_plan.h"
#include "query/avoid.h"
#include "remote/estimate.h"
#include "translate/filter.h"

/* documents in a table that was never analyzed */
#define AD_DEFAULT_TUPLES	10000

/* the lowest limit up to which MongoDB counts rows instead of sending them */
#define COUNTED_LIMIT	100

/* a condition of a relation, and its translation */
typedef struct AdCondition
{
	RestrictInfo *info;
	Node	   *predicate;		/* NULL if MongoDB does not evaluate it */
	bool		recheck;		/* is the predicate only a weaker one? */
} AdCondition;

/* translates the conditions; returns a list of AdCondition */
static List *
translate_conditions(AdRelation *relation, List *infos, bool of_extreme)
{
	List	   *conditions = NIL;
	AdLazy		outer = relation->context.lazy;
	AdLazy		lazy;
	ListCell   *lc;

	/*
	 * where a condition without columns is not true, nothing else is
	 * evaluated
	 */
	foreach(lc, infos)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);

		if (info->pseudoconstant)
			ad_expr_only_if(&relation->context, (Node *) info->clause, IS_TRUE, false);
	}
	lazy = relation->context.lazy;
	foreach(lc, infos)
	{
		AdCondition *condition = palloc0(sizeof(AdCondition));

		condition->info = lfirst_node(RestrictInfo, lc);
		relation->context.lazy = condition->info->pseudoconstant ? outer : lazy;
		if (relation->options->enable_filter_pushdown &&
			!(of_extreme && ad_extreme_hides(&relation->context, (Node *) condition->info->clause)))
			condition->predicate = ad_expr_true_when(&relation->context, condition->info->clause,
													 &condition->recheck);
		conditions = lappend(conditions, condition);
	}
	relation->context.lazy = lazy;
	return conditions;
}

/* the conjunction of the translations */
static Node *
all_predicates(List *conditions)
{
	List	   *predicates = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		AdCondition *condition = lfirst(lc);

		if (condition->predicate != NULL)
			predicates = lappend(predicates, condition->predicate);
	}
	return ad_and(predicates);
}

/*
 * Drops translations that use what the options say to avoid.  Each alone may
 * do so where all together do not: a range of instants with both ends needs
 * no test of those that PostgreSQL lacks.  All are translated again, to have
 * no slots but their own.
 */
static void
drop_avoided(AdRelation *relation, List *conditions)
{
	ListCell   *lc;

	if (!ad_has_avoided(relation->options, all_predicates(conditions)))
		return;
	relation->context.slots = NIL;
	relation->context.size = 0;
	foreach(lc, conditions)
	{
		AdCondition *condition = lfirst(lc);

		if (condition->predicate != NULL)
			condition->predicate = ad_expr_allowed(&relation->context, condition->info->clause,
												   &condition->recheck);
	}
}

/*
 * Divides the conditions of a relation into those that MongoDB evaluates and
 * those that are evaluated locally.
 */
static void
classify_conditions(AdRelation *relation, List *infos, bool of_extreme)
{
	List	   *conditions = translate_conditions(relation, infos, of_extreme);
	ListCell   *lc;

	drop_avoided(relation, conditions);
	foreach(lc, conditions)
	{
		AdCondition *condition = lfirst(lc);

		if (condition->predicate != NULL && !condition->recheck)
			relation->remote_conds = lappend(relation->remote_conds, condition->info);
		else
			relation->local_conds = lappend(relation->local_conds, condition->info);
	}
	relation->filter = all_predicates(conditions);
	relation->context.filter = relation->filter;
	relation->context.proven = ad_nonnullable_columns(get_actual_clauses(relation->remote_conds),
													  relation->context.rel->relid);
}

/*
 * Is the relation of this wrapper, and has its size been estimated?
 */
bool
ad_is_own(const RelOptInfo *rel)
{
	return rel->fdwroutine != NULL && rel->fdw_private != NULL &&
		rel->fdwroutine->GetForeignRelSize == ad_get_foreign_rel_size;
}

/*
 * GetForeignRelSize (PostgreSQL manual, "Foreign Data Wrapper
 * Callback Routines"): makes the AdRelation, divides the conditions,
 * and estimates the rows.
 */
void
ad_get_foreign_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	AdRelation *relation = palloc0(sizeof(AdRelation));

	relation->serverid = GetForeignTable(relid)->serverid;
	relation->options = ad_table_options(relid);
	relation->context.rel = rel;
	relation->context.root = root;
	relation->context.relid = relid;
	relation->context.options = relation->options;
	relation->context.columns = palloc0((rel->max_attr + 1) * sizeof(AdColumn *));
	relation->is_extreme = ad_extreme_is(root);
	rel->fdw_private = relation;
	classify_conditions(relation, rel->baserestrictinfo, ad_extreme_reaches(root));

	/* never analyzed */
	if (rel->tuples < 0)
		rel->tuples = relation->options->use_remote_estimate ?
			ad_estimate_documents(OidIsValid(rel->userid) ? rel->userid : GetUserId(), relid,
								  relation->serverid, relation->options) :
			AD_DEFAULT_TUPLES;
	set_baserel_size_estimates(root, rel);
}

/*
 * Returns the outputs of a scan: the columns in the target list, in local
 * conditions, and in `attrs`.
 */
static List *
scan_outputs(RelOptInfo *rel, AdRelation *relation, Bitmapset *attrs)
{
	Relation	table = table_open(relation->context.relid, NoLock);
	List	   *outputs;
	ListCell   *lc;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &attrs);
	foreach(lc, relation->local_conds)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause,
					   rel->relid, &attrs);
	/* a whole-row reference needs all columns */
	outputs = ad_table_outputs(table, relation->options, attrs,
							   bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attrs));
	table_close(table, NoLock);
	return outputs;
}

/* whether MongoDB alone evaluates the condition */
static bool
is_remote(AdRelation *relation, RestrictInfo *condition)
{
	return list_member_ptr(relation->remote_conds, condition);
}

/*
 * Whether the condition is one of the table's own, which are translated
 * already.
 */
static bool
is_own(AdRelation *relation, RestrictInfo *condition)
{
	return is_remote(relation, condition) ||
		list_member_ptr(relation->local_conds, condition);
}

/* the order that a path has, or NULL */
static AdOrder *
path_order(const ForeignPath *path)
{
	return path->fdw_private == NIL ? NULL : linitial(path->fdw_private);
}

/* the keys that a path waits for, or NULL */
static AdJoinKeys *
path_keys(const ForeignPath *path)
{
	return list_length(path->fdw_private) < 2 ? NULL : lsecond(path->fdw_private);
}

/*
 * Whether MongoDB may count the rows of the query up to its limit.  They have
 * no columns: SELECT count(*) FROM (SELECT x FROM t LIMIT 50000) needs none.
 * With a low limit to send them is as good.
 */
static bool
may_count(const AdRelation *relation, const AdQuery *query)
{
	Const	   *limit = (Const *) query->limit;

	return query->outputs == NIL && limit != NULL &&
		relation->options->enable_aggregate_pushdown &&
		!(IsA(limit, Const) && (limit->constisnull || DatumGetInt64(limit->constvalue) < COUNTED_LIMIT)) &&
		!ad_is_avoided(relation->options, "$group") && !ad_is_avoided(relation->options, "$group.$sum");
}

/*
 * Returns the plan of a scan.  The pushed-down conditions are included for
 * EvalPlanQual, which checks single rows again.
 */
static ForeignScan *
plan_scan(PlannerInfo *root, RelOptInfo *rel, ForeignPath *path, List *tlist,
		  List *clauses, Plan *outer_plan)
{
	AdRelation *relation = rel->fdw_private;
	AdExprContext context = ad_scan_context(relation);
	AdOrder    *order = path_order(path);
	AdJoinKeys *keys = path_keys(path);
	List	   *predicates = list_make1(relation->filter);
	AdQuery    *query;
	List	   *local_exprs = NIL;
	List	   *remote_exprs = NIL;
	ListCell   *lc;

	if (order != NULL)
		context.slots = list_copy(order->slots);

	/*
	 * A parameterized path also has join conditions.  They are translated
	 * again, because those of a partition may not be the conditions that the
	 * path was made for, but copies of them for the columns of another
	 * partition.  Conditions without a translation are evaluated locally.
	 */
	context.join_root = path->path.param_info != NULL ? root : NULL;

	/*
	 * MongoDB may evaluate conditions in any order, so none may rely on
	 * another.
	 */
	context.proven = NULL;
	context.filter = NULL;
	foreach(lc, clauses)
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, lc);
		Node	   *predicate = NULL;
		bool		recheck = false;

		/* a Result node above evaluates pseudoconstants */
		if (condition->pseudoconstant)
			continue;
		if (context.join_root != NULL && !is_own(relation, condition) &&
			relation->options->enable_filter_pushdown)
			predicate = ad_expr_allowed(&context, condition->clause, &recheck);
		if (predicate != NULL)
			predicates = lappend(predicates, predicate);
		if ((predicate != NULL && !recheck) || is_remote(relation, condition))
			remote_exprs = lappend(remote_exprs, condition->clause);
		else
			local_exprs = lappend(local_exprs, condition->clause);
	}

	query = ad_query_create(relation->serverid, relation->options, ad_and(predicates));
	query->outputs = scan_outputs(rel, relation,
								  ad_order_columns(rel, path->path.pathkeys));
	ad_query_project(query);
	if (path->path.parallel_aware)
		query->slices = relation->slices;
	if (order != NULL)
		ad_order_query(query, order);
	if (keys != NULL)
		context.slots = ad_join_keys_query(keys, query);
	else if (order != NULL && local_exprs == NIL && may_count(relation, query))
		ad_query_count(query);
	return make_foreignscan(tlist, local_exprs, rel->relid,
							context.slots, ad_query_to_list(query),
							NIL, remote_exprs, outer_plan);
}

/*
 * Returns the plan of a grouping, with the order and limit of its groups.
 * Only a partial grouping has clauses, which read its keys.
 */
static ForeignScan *
plan_grouping(RelOptInfo *rel, ForeignPath *path, List *tlist,
			  List *clauses, Plan *outer_plan)
{
	AdUpperRelation *upper = path->path.parallel_aware ? lthird(path->fdw_private) :
	rel->fdw_private;
	List	   *slots = upper->grouping.context->slots;
	AdQuery		query = *upper->query;
	AdOrder    *order = path_order(path);
	AdJoinKeys *keys = path_keys(path);

	query.stages = list_copy(query.stages);
	if (order != NULL)
	{
		slots = order->slots;
		ad_order_query(&query, order);
	}
	if (keys != NULL)
		slots = ad_join_keys_query(keys, &query);
	return make_foreignscan(tlist,
							list_concat(extract_actual_clauses(clauses, false), upper->having),
							0, slots,
							ad_query_to_list(&query), upper->grouping.tlist,
							NIL, outer_plan);
}

/*
 * GetForeignPlan (PostgreSQL manual, "Foreign Data Wrapper
 * Callback Routines"): returns the plan of a scan, a join or a grouping.
 */
ForeignScan *
ad_get_foreign_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
					ForeignPath *path, List *tlist, List *clauses,
					Plan *outer_plan)
{
	if (rel->reloptkind == RELOPT_BASEREL || rel->reloptkind == RELOPT_OTHER_MEMBER_REL)
		return plan_scan(root, rel, path, tlist, clauses, outer_plan);
	/* what is below a join has its grouping there */
	if (rel->reloptkind == RELOPT_JOINREL && rel->fdw_private == NULL)
		return ad_plan_join(path, tlist, outer_plan);
	return plan_grouping(rel, path, tlist, clauses, outer_plan);
}
