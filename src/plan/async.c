/*
 * async.c
 *	  Scans for which several servers work at a time.
 *
 * INTERFACE ROUTINES
 *		ad_is_foreign_path_async_capable	can an Append wait for several?
 *
 * An Append reads the tables of several servers either in several processes or
 * in one that waits for all of them.  PostgreSQL takes the second way only if
 * the Append is not parallel safe.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/guc.h"

#include "base/option.h"
#include "plan/async.h"
#include "plan/parallel.h"
#include "plan/relation.h"
#include "query/avoid.h"

/*
 * An Append that waits notices a cancel only since these releases of
 * PostgreSQL, which appeared on the same day, and in all of 18.
 */
static bool
can_be_cancelled(void)
{
	static const int since[] = {150013, 160009, 170005};
	int			running = atoi(GetConfigOption("server_version_num", false, false));

	for (int i = 0; i < lengthof(since); i++)
	{
		if (running / 10000 == since[i] / 10000)
			return running >= since[i];
	}
	return true;
}

/*
 * IsForeignPathAsyncCapable (PostgreSQL manual, "Foreign Data Wrapper Callback
 * Routines").
 */
bool
ad_is_foreign_path_async_capable(ForeignPath *path)
{
	RelOptInfo *rel = path->path.parent;
	Oid			serverid = rel->serverid;

	if (IS_SIMPLE_REL(rel) && ((AdRelation *) rel->fdw_private)->stops_early)
		return false;
	return OidIsValid(serverid) && !ad_query_has_source() && can_be_cancelled() &&
		ad_connect_options(GetForeignServer(serverid), NULL)->snapshot == AD_SNAPSHOT_NONE;
}

/*
 * Is it read by an Append?  A subquery is if the query around it is a UNION, or
 * a UNION ALL, whose relations PostgreSQL adds before partitions.  A subquery in
 * an expression is not; it is planned before the query around it has its
 * relations.
 */
static bool
is_appended(PlannerInfo *root, RelOptInfo *rel)
{
	PlannerInfo *above = root->parent_root;
	AppendRelInfo *first;

	if (rel->reloptkind == RELOPT_OTHER_MEMBER_REL)
		return true;
	if (above == NULL || above->simple_rte_array == NULL)
		return false;
	if (above->parse->setOperations != NULL)
		return true;
	if (above->append_rel_list == NIL)
		return false;
	first = linitial_node(AppendRelInfo, above->append_rel_list);
	return above->simple_rte_array[first->parent_relid]->rtekind == RTE_SUBQUERY;
}

/*
 * Are only the first rows wanted, as with LIMIT and in EXISTS?  Then the first
 * table may have them, and what others are asked for would be in vain.
 */
static bool
stops_early(const PlannerInfo *root)
{
	const Query *parse = root->parse;

	return root->tuple_fraction >= 1 && !parse->hasAggs && !parse->hasWindowFuncs &&
		parse->groupClause == NIL && parse->distinctClause == NIL && parse->sortClause == NIL;
}

/*
 * How many documents does an Append read of each relation, on average?
 * `documents` is the number for this one.
 */
static double
appended_documents(PlannerInfo *root, RelOptInfo *rel, double documents)
{
	RelOptInfo *parent;
	int			members;

	if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL)
		return documents;
	parent = find_base_rel(root, root->append_rel_array[rel->relid]->parent_relid);
	members = parent->nparts > 0 ? bms_num_members(parent->live_parts) :
		list_length(root->append_rel_list);
	return parent->rows / Max(members, 1);
}

/*
 * Lets an Append wait for a path and others, rather than be parallel, if there
 * are too few documents to read for workers.  An Append that cannot be parallel
 * for another reason waits, too, unless the relation says that it should not.
 */
void
ad_prefer_async(PlannerInfo *root, double documents, Path *path)
{
	RelOptInfo *rel = path->parent;
	bool		early = stops_early(root);

	if (IS_SIMPLE_REL(rel))
		((AdRelation *) rel->fdw_private)->stops_early = early;
	if (enable_async_append && is_appended(root, rel) && !early &&
		(max_parallel_workers_per_gather == 0 ||
		 appended_documents(root, rel, documents) < AD_DOCUMENTS_FOR_WORKER))
		path->parallel_safe = false;
}
