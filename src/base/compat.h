/*
 * compat.h
 *	  All differences between PostgreSQL 15 to 19 that matter to this
 *	  extension.  No other file tests PG_VERSION_NUM.
 */
#ifndef AD_COMPAT_H
#define AD_COMPAT_H

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
/* needs ICU's headers if the server is built with ICU, as Debian's are */
#include "utils/pg_locale.h"

#if PG_VERSION_NUM >= 190000
#include "nodes/miscnodes.h"
#include "optimizer/geqo.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#endif
#if PG_VERSION_NUM >= 160000
#include "nodes/multibitmapset.h"
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "rewrite/rewriteManip.h"
#endif

/*
 * PostgreSQL 18 replaced pg_attribute_noreturn(), which follows a
 * declaration, by pg_noreturn, which precedes it.
 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Functions that create foreign paths: PostgreSQL 17 added the argument
 * fdw_restrictinfo, and 18 added disabled_nodes.
 */
#if PG_VERSION_NUM >= 180000
#define ad_create_foreignscan_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreignscan_path(root, rel, target, rows, 0, startup, total, keys, outer, epq, NIL, priv)
#define ad_create_foreign_upper_path(root, rel, target, rows, startup, total, keys, epq, priv) \
	create_foreign_upper_path(root, rel, target, rows, 0, startup, total, keys, epq, NIL, priv)
#define ad_create_foreign_join_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreign_join_path(root, rel, target, rows, 0, startup, total, keys, outer, epq, NIL, priv)
#elif PG_VERSION_NUM >= 170000
#define ad_create_foreignscan_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreignscan_path(root, rel, target, rows, startup, total, keys, outer, epq, NIL, priv)
#define ad_create_foreign_upper_path(root, rel, target, rows, startup, total, keys, epq, priv) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, keys, epq, NIL, priv)
#define ad_create_foreign_join_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreign_join_path(root, rel, target, rows, startup, total, keys, outer, epq, NIL, priv)
#else
#define ad_create_foreignscan_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreignscan_path(root, rel, target, rows, startup, total, keys, outer, epq, priv)
#define ad_create_foreign_upper_path(root, rel, target, rows, startup, total, keys, epq, priv) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, keys, epq, priv)
#define ad_create_foreign_join_path(root, rel, target, rows, startup, total, keys, outer, epq, priv) \
	create_foreign_join_path(root, rel, target, rows, startup, total, keys, outer, epq, priv)
#endif

/*
 * An unsorted path that reads these, one after the other or asynchronously.
 * PostgreSQL 19 has put the lists of paths into a struct.
 */
#if PG_VERSION_NUM >= 190000
#define ad_create_append_path(root, rel, paths) \
	create_append_path(root, rel, (AppendPathInput) {.subpaths = paths}, NIL, NULL, 0, false, -1)
#else
#define ad_create_append_path(root, rel, paths) \
	create_append_path(root, rel, paths, NIL, NIL, NULL, 0, false, -1)
#endif

/*
 * Counts the nodes below a path that settings such as enable_hashjoin disable.
 * Before PostgreSQL 18 their costs are high instead.
 */
#if PG_VERSION_NUM >= 180000
#define ad_add_disabled_nodes(path, below) ((path)->disabled_nodes += (below)->disabled_nodes)
#else
#define ad_add_disabled_nodes(path, below) ((void) 0)
#endif

/*
 * The path that scans a subquery.  Since PostgreSQL 16 the caller says whether
 * its target list costs nothing.
 */
#if PG_VERSION_NUM >= 160000
#define ad_create_subqueryscan_path(root, rel, path) \
	((Path *) create_subqueryscan_path(root, rel, path, false, NIL, NULL))
#else
#define ad_create_subqueryscan_path(root, rel, path) \
	((Path *) create_subqueryscan_path(root, rel, path, NIL, NULL))
#endif

/* The path of grouping sets.  Since PostgreSQL 16 the rollups tell how many groups there are. */
#if PG_VERSION_NUM >= 160000
#define ad_create_groupingsets_path(root, rel, path, having, strategy, rollups, costs, groups) \
	create_groupingsets_path(root, rel, path, having, strategy, rollups, costs)
#else
#define ad_create_groupingsets_path(root, rel, path, having, strategy, rollups, costs, groups) \
	create_groupingsets_path(root, rel, path, having, strategy, rollups, costs, groups)
#endif

/* PostgreSQL 19 has a type of its own for what EXPLAIN ANALYZE counts of a node. */
#if PG_VERSION_NUM < 190000
#define NodeInstrumentation Instrumentation
#endif

/* PostgreSQL 19 renamed the function that creates the path of DISTINCT ON. */
#if PG_VERSION_NUM >= 190000
#define ad_create_upper_unique_path(root, rel, path, ncols, rows) \
	create_unique_path(root, rel, path, ncols, rows)
#else
#define ad_create_upper_unique_path(root, rel, path, ncols, rows) \
	create_upper_unique_path(root, rel, path, ncols, rows)
#endif

/*
 * The conditions (a list of OpExpr) by which the only window of a query may
 * stop, and the path of that window.  Since PostgreSQL 17 each window function
 * has its own conditions; before, the window has them.
 */
#if PG_VERSION_NUM >= 170000
static inline List *
ad_run_conditions(const WindowClause *window, const List *functions)
{
	List	   *conditions = NIL;
	ListCell   *function;
	ListCell   *lc;

	foreach(function, functions)
	{
		foreach(lc, lfirst_node(WindowFunc, function)->runCondition)
		{
			WindowFuncRunCondition *condition = lfirst(lc);
			Expr	   *left = copyObject(lfirst(function));
			Expr	   *right = copyObject(condition->arg);

			conditions = lappend(conditions,
								 make_opclause(condition->opno, BOOLOID, false,
											   condition->wfunc_left ? left : right,
											   condition->wfunc_left ? right : left,
											   InvalidOid, condition->inputcollid));
		}
	}
	return conditions;
}
#define ad_create_windowagg_path(root, rel, path, target, functions, conditions, window) \
	create_windowagg_path(root, rel, path, target, functions, conditions, window, NIL, true)
#else
#define ad_run_conditions(window, functions) ((window)->runCondition)
#define ad_create_windowagg_path(root, rel, path, target, functions, conditions, window) \
	create_windowagg_path(root, rel, path, target, functions, window, NIL, true)
#endif

/*
 * The role whose privileges a scan uses.  Since PostgreSQL 16 it is in the
 * plan node; before, it is in the range table entry of the first relation
 * that the scan covers.
 */
#if PG_VERSION_NUM >= 160000
#define ad_scan_user(fsplan, estate) ((fsplan)->checkAsUser)
#else
#define ad_scan_user(fsplan, estate) \
	(exec_rt_fetch((fsplan)->scan.scanrelid > 0 ? (int) (fsplan)->scan.scanrelid : \
				   bms_next_member((fsplan)->fs_relids, -1), (estate))->checkAsUser)
#endif

/*
 * The tables that a scan covers.  Since PostgreSQL 16 fs_relids includes
 * outer joins, and fs_base_relids does not.
 */
#if PG_VERSION_NUM >= 160000
#define ad_scan_relids(fsplan) ((fsplan)->fs_base_relids)
#else
#define ad_scan_relids(fsplan) ((fsplan)->fs_relids)
#endif

/*
 * Create a wait event set that outlives the statement.  Since PostgreSQL 17
 * its owner is a ResourceOwner, NULL for none; before, it is a memory
 * context.
 */
#if PG_VERSION_NUM >= 170000
#define ad_create_wait_event_set(n) CreateWaitEventSet(NULL, (n))
#else
#define ad_create_wait_event_set(n) CreateWaitEventSet(TopMemoryContext, (n))
#endif

/*
 * Two tests of a collation: ad_collate_is_c() is true if it orders text by
 * its bytes, ad_ctype_is_c() if it knows upper and lower case of ASCII
 * letters only.  PostgreSQL 18 has the answers in the locale itself.
 */
#if PG_VERSION_NUM >= 180000
#define ad_ctype_is_c(collation) (pg_newlocale_from_collation(collation)->ctype_is_c)
#define ad_collate_is_c(collation) (pg_newlocale_from_collation(collation)->collate_is_c)
#else
#define ad_ctype_is_c(collation) lc_ctype_is_c(collation)
#define ad_collate_is_c(collation) lc_collate_is_c(collation)
#endif

/*
 * The meaning of an operator in a B-tree operator family, as a number from 1
 * to 6: less, less or equal, equal, greater or equal, greater, not equal.
 */
#if PG_VERSION_NUM >= 180000
typedef OpIndexInterpretation AdOpInterpretation;
#define ad_op_interpretations(opno) get_op_index_interpretation(opno)
#define ad_op_meaning(interpretation) ((int) (interpretation)->cmptype)
#else
typedef OpBtreeInterpretation AdOpInterpretation;
#define ad_op_interpretations(opno) get_op_btree_interpretation(opno)
#define ad_op_meaning(interpretation) ((interpretation)->strategy)
#endif

/*
 * The columns of a relation that cannot be null where all the conditions are
 * true.  The members of the set are attribute numbers minus
 * FirstLowInvalidHeapAttributeNumber.
 */
#if PG_VERSION_NUM >= 160000
static inline Bitmapset *
ad_nonnullable_columns(List *conditions, Index relid)
{
	List	   *sets = find_nonnullable_vars((Node *) conditions);

	return relid < list_length(sets) ? list_nth_node(Bitmapset, sets, relid) : NULL;
}
#else
static inline Bitmapset *
ad_nonnullable_columns(List *conditions, Index relid)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, find_nonnullable_vars((Node *) conditions))
	{
		Var		   *var = lfirst(lc);

		if (var->varno == relid)
			columns = bms_add_member(columns, var->varattno - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}
#endif

/*
 * The members of an equivalence class that can belong to this relation.
 * PostgreSQL 18 keeps the members for partitions in a separate place, which
 * only an iterator reaches.
 */
#if PG_VERSION_NUM >= 180000
static inline List *
ad_eclass_members(EquivalenceClass *ec, RelOptInfo *rel)
{
	EquivalenceMemberIterator iterator;
	EquivalenceMember *member;
	List	   *members = NIL;

	setup_eclass_member_iterator(&iterator, ec, rel->relids);
	while ((member = eclass_member_iterator_next(&iterator)) != NULL)
		members = lappend(members, member);
	return members;
}
#else
#define ad_eclass_members(ec, rel) ((ec)->ec_members)
#endif

/*
 * The keys of GROUP BY or DISTINCT.  Since PostgreSQL 16 the planner provides
 * them without those that are redundant.
 */
#if PG_VERSION_NUM >= 160000
#define ad_grouping_clause(root, stage) \
	((stage) == UPPERREL_DISTINCT ? (root)->processed_distinctClause : (root)->processed_groupClause)
#define ad_set_distinct_clause(root, clause) \
	((root)->processed_distinctClause = (root)->parse->distinctClause = (clause))
#else
#define ad_grouping_clause(root, stage) \
	((stage) == UPPERREL_DISTINCT ? (root)->parse->distinctClause : (root)->parse->groupClause)
#define ad_set_distinct_clause(root, clause) ((root)->parse->distinctClause = (clause))
#endif

/*
 * An expression above a grouping, by the names that its columns have below.  Since
 * PostgreSQL 18 grouping sets fill columns with nulls, as outer joins do.
 */
#if PG_VERSION_NUM >= 180000
#define ad_below_grouping(root, node) \
	((root)->group_rtindex == 0 ? (Node *) (node) : \
	 remove_nulling_relids((Node *) (node), bms_make_singleton((root)->group_rtindex), NULL))
#else
#define ad_below_grouping(root, node) ((Node *) (node))
#endif

/*
 * Does the genetic optimizer (GEQO) search for the order of joins?  Since
 * PostgreSQL 19 its state is that of a planner extension.
 */
#if PG_VERSION_NUM >= 190000
#define ad_is_geqo(root) \
	(Geqo_planner_extension_id >= 0 && GetGeqoPrivateData(root) != NULL)
#else
#define ad_is_geqo(root) ((root)->join_search_private != NULL)
#endif

/*
 * Since PostgreSQL 19 a relation says which kinds of paths it may have.  What
 * stands for a relation may have the same.
 */
#if PG_VERSION_NUM >= 190000
#define ad_copy_path_kinds(to, from) ((to)->pgs_mask = (from)->pgs_mask)
#else
#define ad_copy_path_kinds(to, from) ((void) 0)
#endif

/*
 * Is a pathkey descending?  PostgreSQL 18 replaced the B-tree strategy number
 * in pathkeys by a comparison type.
 */
#if PG_VERSION_NUM >= 180000
#define ad_is_descending(pathkey) ((pathkey)->pk_cmptype == COMPARE_GT)
#else
#define ad_is_descending(pathkey) ((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#endif

/*
 * The path that drops duplicates from sorted rows.  PostgreSQL 19 renamed it,
 * as it has no other kind any more.
 */
#if PG_VERSION_NUM >= 190000
#define UpperUniquePath UniquePath
#define T_UpperUniquePath T_UniquePath
#endif

/*
 * How many numbers has the transition state of corr() and other aggregates of
 * pairs?  PostgreSQL 19 added the two numbers that are the same in all pairs.
 */
#if PG_VERSION_NUM >= 190000
#define AD_REGRESSION_SIZE	8
#else
#define AD_REGRESSION_SIZE	6
#endif

/*
 * Check a role's privilege on a foreign server.  Since PostgreSQL 16 one
 * function does this for all kinds of objects.
 */
#if PG_VERSION_NUM >= 160000
#define ad_server_aclcheck(serverid, roleid, mode) \
	object_aclcheck(ForeignServerRelationId, (serverid), (roleid), (mode))
#else
#define ad_server_aclcheck(serverid, roleid, mode) \
	pg_foreign_server_aclcheck((serverid), (roleid), (mode))
#endif

/*
 * A jsonb value is built by pushing its parts.  PostgreSQL 19 keeps the result
 * in the state; before that, each push returned it.
 */
#if PG_VERSION_NUM >= 190000
#define AdJsonbState JsonbInState
#define ad_jsonb_push(state, token, value) pushJsonbValue((state), (token), (value))
#else
typedef struct AdJsonbState
{
	struct JsonbParseState *parse;
	struct JsonbValue *result;
} AdJsonbState;
#define ad_jsonb_push(state, token, value) \
	((state)->result = pushJsonbValue(&(state)->parse, (token), (value)))
#endif

/*
 * Convert between dates and timestamps.  The result is an infinity if it would
 * be out of range, which PostgreSQL 19 reports as a soft error.
 */
#if PG_VERSION_NUM >= 190000
#define AD_SAFE_CONVERSION(name, function, from, to) \
static inline to \
name(from value) \
{ \
	ErrorSaveContext error = {T_ErrorSaveContext}; \
	to			result = function(value, (Node *) &error); \
\
	if (error.error_occurred) \
		return value < 0 ? DT_NOBEGIN : DT_NOEND; \
	return result; \
}
AD_SAFE_CONVERSION(ad_date_to_timestamp, date2timestamp_safe, DateADT, Timestamp)
AD_SAFE_CONVERSION(ad_date_to_timestamptz, date2timestamptz_safe, DateADT, TimestampTz)
AD_SAFE_CONVERSION(ad_timestamp_to_timestamptz, timestamp2timestamptz_safe, Timestamp, TimestampTz)
#undef AD_SAFE_CONVERSION
#else
#define ad_date_to_timestamp(value) date2timestamp_opt_overflow((value), &(int) {0})
#define ad_date_to_timestamptz(value) date2timestamptz_opt_overflow((value), &(int) {0})
#define ad_timestamp_to_timestamptz(value) timestamp2timestamptz_opt_overflow((value), &(int) {0})
#endif

/* PostgreSQL 17 dropped the name of this error; we keep using its SQLSTATE */
#ifndef ERRCODE_SNAPSHOT_TOO_OLD
#define ERRCODE_SNAPSHOT_TOO_OLD	MAKE_SQLSTATE('7','2','0','0','0')
#endif

#endif							/* AD_COMPAT_H */
