/*
 * parallel.c
 *	  Scans that several processes share.
 *
 * INTERFACE ROUTINES
 *		ad_is_foreign_scan_parallel_safe	may workers scan the table?
 *
 * Each process reads one slice after the other (slice.c), on a connection of
 * its own.  The slices are ranges of a column of which ANALYZE has left a
 * histogram: the column that the conditions restrict most by a range, as that
 * is the one an index will be used for; or else, if most documents match, the
 * column of _id, which always has an index.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_statistic.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "plan/parallel.h"
#include "query/avoid.h"

/*
 * The number of slices for each process.  With more slices, the processes end
 * at the same time even if one is slower; but each slice is a query, and
 * returns groups of its own.
 */
#define SLICES_OF_ROWS		4
#define SLICES_OF_GROUPS	2

/* the cost of a worker's connection, in the planner's units */
#define CONNECTION_COST		300.0

/*
 * IsForeignScanParallelSafe (PostgreSQL manual, "Foreign Data Wrapper
 * Callback Routines").  A worker cannot read the snapshot of the leader's
 * session.
 */
bool
ad_is_foreign_scan_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	ForeignServer *server = GetForeignServer(GetForeignTable(rte->relid)->serverid);

	return ad_connect_options(server, NULL)->snapshot == AD_SNAPSHOT_NONE &&
		!ad_query_has_source();
}

/*
 * Returns the division by a column, or NULL if its statistics have no
 * histogram or its values can be no bounds.
 */
static AdSlices *
column_slices(AdRelation *relation, const AdColumn *column, bool bounded)
{
	HeapTuple	statistics = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relation->context.relid),
											 Int16GetDatum(column->attnum), BoolGetDatum(false));
	AttStatsSlot slot;
	AdSlices   *slices = NULL;

	if (!HeapTupleIsValid(statistics))
		return NULL;
	if (get_attstatsslot(&slot, statistics, STATISTIC_KIND_HISTOGRAM, InvalidOid, ATTSTATSSLOT_VALUES))
	{
		/* the first and the last value are the least and the greatest */
		if (slot.nvalues > 2)
			slices = ad_slices_create(column->field, column->typid, slot.values + 1,
									  slot.nvalues - 2, bounded);
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(statistics);
	return slices;
}

/* the share of the rows that the remote conditions on this column alone leave */
static Selectivity
column_selectivity(PlannerInfo *root, RelOptInfo *rel, AttrNumber attnum)
{
	AdRelation *relation = rel->fdw_private;
	Bitmapset  *only = bms_make_singleton(attnum - FirstLowInvalidHeapAttributeNumber);
	List	   *conditions = NIL;
	ListCell   *lc;

	foreach(lc, relation->remote_conds)
	{
		Bitmapset  *attrs = NULL;

		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &attrs);
		if (bms_equal(attrs, only))
			conditions = lappend(conditions, lfirst(lc));
	}
	return clauselist_selectivity(root, conditions, rel->relid, JOIN_INNER, NULL);
}

/* the division by the column that the conditions restrict most, or by _id */
static AdSlices *
best_slices(PlannerInfo *root, RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;
	AdSlices   *best = NULL;
	AdSlices   *by_id = NULL;
	Selectivity least = 2;
	const AdSlice any = {0, 0};

	for (AttrNumber attnum = 1; attnum <= rel->max_attr; attnum++)
	{
		AdColumn   *column;
		AdSlices   *slices;
		bool		bounded;
		Selectivity selectivity;

		/* a dropped column has no type */
		if (!OidIsValid(get_atttype(relation->context.relid, attnum)))
			continue;
		column = ad_column(relation->context.relid, attnum, relation->options);
		bounded = column->nameable && ad_filter_bounds(relation->filter, column->field, column->typid);
		if (!bounded && strcmp(column->field, "_id") != 0)
			continue;
		slices = column_slices(relation, column, bounded);
		if (slices == NULL ||
			ad_has_avoided(relation->options, ad_slice_filter(slices, &any, ad_true())))
			continue;
		if (!bounded)
		{
			by_id = slices;
			continue;
		}
		selectivity = column_selectivity(root, rel, attnum);
		if (selectivity < least)
			best = slices;
		least = Min(selectivity, least);
	}
	if (best != NULL)
		return best;

	/*
	 * By _id all documents are read, or, by an index for the conditions,
	 * those that match once for each slice.
	 */
	return ad_scan_work(root, rel, NIL).documents < rel->tuples / 2 ? NULL : by_id;
}

/* the number of workers that so many documents are worth */
static int
worker_count(double documents)
{
	int			workers = 0;

	for (double worth = AD_DOCUMENTS_FOR_WORKER;
		 documents >= worth && workers < max_parallel_workers_per_gather; worth *= 3)
		workers++;
	return workers;
}

/*
 * Divides the documents that match the relation's remote conditions, unless a
 * parallel scan is not possible, or never worth it.
 */
void
ad_divide_relation(PlannerInfo *root, RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;
	int			workers = worker_count(ad_scan_work(root, rel, NIL).documents);

	if (!rel->consider_parallel || !bms_is_empty(rel->lateral_relids) || workers == 0)
		return;
	relation->slices = best_slices(root, rel);
	relation->workers = workers;
	if (relation->slices != NULL)
		relation->slices->count = Min(SLICES_OF_ROWS * (workers + 1),
									  list_length(relation->slices->bounds) + 1);
}

/*
 * Returns the division for a grouping of the relation's documents.
 */
AdSlices *
ad_parallel_group_slices(const AdRelation *relation)
{
	AdSlices   *slices = palloc(sizeof(AdSlices));

	*slices = *relation->slices;
	slices->count = Min(SLICES_OF_GROUPS * (relation->workers + 1), slices->count);
	return slices;
}

/*
 * Returns by how much a process has less to do than one that does it all.
 * The leader has other things to do as well (PostgreSQL's
 * get_parallel_divisor()).
 */
double
ad_parallel_divisor(int workers)
{
	double		leader = parallel_leader_participation ? 1.0 - 0.3 * workers : 0;

	return workers + Max(leader, 0);
}

/*
 * Changes the costs of a whole scan to those of a process that shares it.
 */
void
ad_parallel_cost(const AdSlices *slices, int workers, Cost *startup_cost, Cost *total_cost)
{
	double		divisor = ad_parallel_divisor(workers);
	Cost		queries = slices->count * AD_STARTUP_COST;

	*total_cost = CONNECTION_COST + (*total_cost + queries) / divisor;
	*startup_cost = CONNECTION_COST + *startup_cost / divisor;
}

/*
 * Adds the partial path of a scan, if the relation has slices.
 */
void
ad_parallel_scan_path(PlannerInfo *root, RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;
	AdScanWork	work = ad_scan_work(root, rel, NIL);
	Path	   *path;
	Cost		startup_cost;
	Cost		total_cost;

	if (relation->slices == NULL)
		return;
	ad_scan_cost(root, &work, &startup_cost, &total_cost);
	ad_parallel_cost(relation->slices, relation->workers, &startup_cost, &total_cost);
	path = (Path *)
		ad_create_foreignscan_path(root, rel, NULL,
								   clamp_row_est(work.rows / ad_parallel_divisor(relation->workers)),
								   startup_cost, total_cost, NIL, NULL, NULL, NIL);
	path->parallel_aware = true;
	path->parallel_workers = relation->workers;
	add_partial_path(rel, path);
}
