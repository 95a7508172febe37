/*
 * scan_plan.h
 *	  Planning of scans and of grouping.
 */
#ifndef AD_SCAN_PLAN_H
#define AD_SCAN_PLAN_H

#include "foreign/fdwapi.h"

#include "plan/having.h"
#include "query/query.h"
#include "translate/context.h"

/* fdw_private of a foreign table's RelOptInfo */
typedef struct AdRelation
{
	Oid			serverid;
	AdTableOptions *options;
	AdExprContext context;
	Node	   *filter;			/* template of what MongoDB evaluates */
	List	   *remote_conds;	/* RestrictInfos that the filter stands for */
	List	   *local_conds;	/* those that PostgreSQL evaluates */
	bool		is_extreme;		/* see extreme.c */
} AdRelation;

/* fdw_private of the RelOptInfo of a grouping or an order that MongoDB does */
typedef struct AdUpperRelation
{
	RelOptInfo *ordered_rel;	/* an order's input; NULL for a grouping */
	/* of a grouping */
	AdQuery    *query;
	AdGrouping	grouping;
	List	   *having;			/* conditions that PostgreSQL evaluates */
	double		rows;
	Cost		startup_cost;
} AdUpperRelation;

/*
 * What a round trip and a document cost, in the planner's units, and how much
 * more a document if an aggregate sends it
 */
#define AD_STARTUP_COST		100.0
/* of groups, which are never more: costs that differ by 1% are equal to the planner */
#define AD_GROUPS_COST		98.0
#define AD_DOCUMENT_COST	0.05
#define AD_PIPELINE_COST	0.1

extern AdOutput *ad_column_output(const AdColumn *column, int position);
extern List *ad_table_outputs(Relation table, const AdTableOptions *options,
							  Bitmapset *attrs, bool all);
extern void ad_get_foreign_rel_size(PlannerInfo *root, RelOptInfo *rel,
									Oid relid);
extern void ad_get_foreign_paths(PlannerInfo *root, RelOptInfo *rel,
								 Oid relid);
extern ForeignScan *ad_get_foreign_plan(PlannerInfo *root, RelOptInfo *rel,
										Oid relid, ForeignPath *path,
										List *tlist, List *clauses,
										Plan *outer_plan);
extern void ad_get_foreign_upper_paths(PlannerInfo *root, UpperRelationKind stage,
									   RelOptInfo *input_rel,
									   RelOptInfo *output_rel, void *extra);

#endif							/* AD_SCAN_PLAN_H */
