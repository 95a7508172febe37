/*
 * slice_merge.c
 *	  Aggregates of distinct values over slices.
 *
 * PostgreSQL cannot combine the results of count(DISTINCT x) of several
 * slices, as the same value may occur in some of them.  So MongoDB groups each
 * slice by x, and PostgreSQL the groups of all slices:
 *
 *		Custom Scan (MergeSlices)			count(*), count(DISTINCT email)
 *		  -> Finalize HashAggregate		email, count(*)
 *			   -> Gather
 *					-> Parallel Foreign Scan	email, PARTIAL count(*)
 *
 * Each value of x is then in one row.  The custom scan (execute/slice_merge.c)
 * counts these rows, and combines the other aggregates, whose results must be
 * their states.  There are no GROUP BY keys.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/slice_merge.h"
#include "plan/group_parallel.h"

/* the number of the distinct column among the keys of a path's target */
#define DISTINCT_REF	1

/* what the custom scan returns, while its path is made */
typedef struct AdSliceMerge
{
	List	   *aggregates;		/* Aggref of the query */
	Node	   *distinct;		/* the column whose distinct values are
								 * counted; NULL before it is found */
	SortGroupClause *clause;	/* how its values are compared */
	List	   *combined;		/* Aggref: those of `aggregates` that are no
								 * count of distinct values, with numbers of
								 * their own */
	List	   *functions;		/* for each of `aggregates`, the OID of the
								 * function that combines two results, or
								 * InvalidOid for the count of distinct values */
	List	   *columns;		/* for each of `aggregates`, its column in the
								 * rows below, from 0 */
} AdSliceMerge;

static Plan *plan_merge(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
						List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "MergeSlices",
	.PlanCustomPath = plan_merge,
};

/*
 * Returns the function that combines two results of an aggregate, if these
 * are its states; else InvalidOid.
 */
static Oid
combining_function(const Aggref *aggref)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	Form_pg_aggregate aggregate;
	bool		has_initial;
	Oid			function;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	aggregate = (Form_pg_aggregate) GETSTRUCT(tuple);
	has_initial = !heap_attisnull(tuple, Anum_pg_aggregate_agginitval, NULL);
	function = aggregate->aggcombinefn;
	/* an aggregate that is not null over nothing must be a count */
	if (OidIsValid(aggregate->aggfinalfn) || aggref->aggtranstype == INTERNALOID ||
		aggref->aggkind != AGGKIND_NORMAL || aggref->aggorder != NIL ||
		(has_initial && aggref->aggfnoid != F_COUNT_ && aggref->aggfnoid != F_COUNT_ANY))
		function = InvalidOid;
	ReleaseSysCache(tuple);
	return function;
}

/* adds count(DISTINCT column); returns false for other such aggregates */
static bool
add_distinct(AdSliceMerge *merge, const Aggref *aggref)
{
	Node	   *argument;

	if (aggref->aggfnoid != F_COUNT_ANY || aggref->aggfilter != NULL)
		return false;
	argument = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	if (!IsA(argument, Var) || (merge->distinct != NULL && !equal(merge->distinct, argument)))
		return false;
	merge->distinct = argument;
	merge->clause = copyObject(linitial_node(SortGroupClause, aggref->aggdistinct));
	merge->clause->tleSortGroupRef = DISTINCT_REF;
	merge->functions = lappend_oid(merge->functions, InvalidOid);
	/* the first column below */
	merge->columns = lappend_int(merge->columns, 0);
	return true;
}

/* adds another aggregate; returns false if its results cannot be combined */
static bool
add_combined(AdSliceMerge *merge, const Aggref *aggref)
{
	Oid			function = combining_function(aggref);
	Aggref	   *numbered = copyObject(unconstify(Aggref *, aggref));

	if (!OidIsValid(function))
		return false;
	numbered->aggno = numbered->aggtransno = list_length(merge->combined);
	merge->combined = lappend(merge->combined, numbered);
	merge->functions = lappend_oid(merge->functions, function);
	merge->columns = lappend_int(merge->columns, list_length(merge->combined));
	return true;
}

/*
 * Fills the struct with the aggregates of the query.  Returns false if not
 * all can be merged, or if none is of distinct values.
 */
static bool
add_aggregates(PlannerInfo *root, AdSliceMerge *merge)
{
	List	   *exprs = list_copy(root->upper_targets[UPPERREL_GROUP_AGG]->exprs);
	List	   *parts = pull_var_clause((Node *) lappend(exprs, root->parse->havingQual),
										PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
										PVC_INCLUDE_PLACEHOLDERS);
	ListCell   *lc;

	foreach(lc, parts)
	{
		Aggref	   *aggref = lfirst(lc);

		if (!IsA(aggref, Aggref))
			return false;
		if (list_member(merge->aggregates, aggref))
			continue;
		merge->aggregates = lappend(merge->aggregates, aggref);
		if (aggref->aggdistinct != NIL ? !add_distinct(merge, aggref) : !add_combined(merge, aggref))
			return false;
	}
	return merge->distinct != NULL && merge->clause->hashable;
}

/* the rows below: the distinct value, and the other aggregates or their states */
static PathTarget *
rows_target(PlannerInfo *root, const AdSliceMerge *merge, bool partial)
{
	PathTarget *target = create_empty_pathtarget();
	ListCell   *lc;

	add_column_to_pathtarget(target, (Expr *) merge->distinct, DISTINCT_REF);
	foreach(lc, merge->combined)
	{
		Aggref	   *aggref = lfirst(lc);

		if (partial)
		{
			aggref = copyObject(aggref);
			mark_partial_aggref(aggref, AGGSPLIT_INITIAL_SERIAL);
		}
		add_column_to_pathtarget(target, (Expr *) aggref, 0);
	}
	return set_pathtarget_cost_width(root, target);
}

/* the relation of the paths below, which no other paths belong to */
static RelOptInfo *
rows_relation(RelOptInfo *output_rel)
{
	RelOptInfo *rel = makeNode(RelOptInfo);

	rel->reloptkind = RELOPT_UPPER_REL;
	rel->relids = output_rel->relids;
	rel->consider_parallel = true;
	rel->serverid = output_rel->serverid;
	rel->userid = output_rel->userid;
	rel->useridiscurrent = output_rel->useridiscurrent;
	rel->fdwroutine = output_rel->fdwroutine;
	return rel;
}

/* the path that returns one row for each distinct value; NULL if there is none */
static Path *
rows_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel, const AdSliceMerge *merge)
{
	RelOptInfo *rel = rows_relation(output_rel);
	PathTarget *partial = rows_target(root, merge, true);
	List	   *keys = list_make1(merge->distinct);
	AggClauseCosts costs = {0};
	Path	   *path = ad_slices_path(root, input_rel, rel, partial, keys);
	double		rows;

	if (path == NULL)
		return NULL;
	rows = path->rows * path->parallel_workers;
	path = (Path *) create_gather_path(root, rel, path, partial, NULL, &rows);
	get_agg_clause_costs(root, AGGSPLIT_FINAL_DESERIAL, &costs);
	return (Path *) create_agg_path(root, rel, path, rows_target(root, merge, false), AGG_HASHED,
									AGGSPLIT_FINAL_DESERIAL, list_make1(merge->clause), NIL, &costs,
									estimate_num_groups(root, keys, input_rel->rows, NULL, NULL));
}

/*
 * UPPERREL_GROUP_AGG: adds the path for aggregates of which some count the
 * distinct values of one column, if the input has slices.
 */
void
ad_slice_merge_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdSliceMerge *merge = palloc0(sizeof(AdSliceMerge));
	CustomPath *path;
	Path	   *rows;

	if (!output_rel->consider_parallel || root->parse->groupClause != NIL ||
		!ad_has_groups_of_slices(root, input_rel, output_rel) || !add_aggregates(root, merge))
		return;
	rows = rows_path(root, input_rel, output_rel, merge);
	if (rows == NULL)
		return;
	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = output_rel;
	path->path.pathtarget = root->upper_targets[UPPERREL_GROUP_AGG];
	path->path.rows = 1;
	path->path.startup_cost = path->path.total_cost =
		rows->total_cost + rows->rows * (list_length(merge->aggregates) * cpu_operator_cost);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(rows);
	path->custom_private = list_make1(merge);
	path->methods = &path_methods;
	add_path(output_rel, (Path *) path);
}

/* callback PlanCustomPath: returns the plan of such a path */
static Plan *
plan_merge(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
		   List *custom_plans)
{
	AdSliceMerge *merge = linitial(path->custom_private);
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = (List *) root->parse->havingQual;
	scan->flags = path->flags;
	scan->custom_plans = custom_plans;
	scan->custom_private = list_make2(merge->functions, merge->columns);
	scan->custom_scan_tlist = add_to_flat_tlist(NIL, merge->aggregates);
	scan->methods = GetCustomScanMethods("MergeSlices", false);
	return (Plan *) scan;
}
