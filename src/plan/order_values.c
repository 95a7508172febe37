/*
 * order_values.c
 *	  The first rows in an order that only PostgreSQL knows.
 *
 * INTERFACE ROUTINES
 *		ad_first_values_path	the path of such an order with a limit
 *
 *		SELECT * FROM calls ORDER BY email LIMIT 10
 *
 * MongoDB has no such order if the collation is not C, so PostgreSQL would
 * read and sort all documents.  But a column mostly has fewer values than the
 * table has documents.  So MongoDB first counts the documents of each value,
 * PostgreSQL sorts the values, and the scan reads the documents with the first
 * of these, as many as the limit needs:
 *
 *		Limit
 *		  -> Sort								by email
 *			   -> Foreign Scan					calls, {email: {$in: $1}}
 *					-> Custom Scan				reads until there are 10 calls
 *						 -> Sort				by email
 *							  -> Foreign Scan	email, count(*)
 *
 * The scan returns all rows that are equal in the first key of the order to
 * one that it needs, so whatever else the order says is left to the sort above.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/custom_path.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "plan/join_keys.h"
#include "plan/merge_aggregates.h"
#include "plan/order.h"
#include "plan/order_values.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "query/join_nodes.h"
#include "query/type_tests.h"
#include "translate/filter.h"

/* the first key of the order */
typedef struct AdFirstKey
{
	PathKey    *pathkey;
	Expr	   *expr;
	Var		   *column;			/* the only column that it reads */
} AdFirstKey;

/*
 * Finds the first key of the query's order.  Returns false if it is not an
 * expression of one column of the table, or if rows that are equal in it are
 * not so for PostgreSQL's comparison function.
 */
static bool
find_first_key(PlannerInfo *root, RelOptInfo *rel, AdFirstKey *first)
{
	ListCell   *lc;

	if (root->sort_pathkeys == NIL)
		return false;
	first->pathkey = linitial_node(PathKey, root->sort_pathkeys);
	if (first->pathkey->pk_eclass->ec_has_volatile)
		return false;
	foreach(lc, ad_eclass_members(first->pathkey->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst(lc);
		List	   *columns = list_union(NIL, pull_var_clause((Node *) member->em_expr,
															  PVC_INCLUDE_PLACEHOLDERS));
		Var		   *column = list_length(columns) == 1 ? linitial(columns) : NULL;

		if (column == NULL || !IsA(column, Var) || column->varno != rel->relid ||
			column->varattno <= 0 ||
			lookup_type_cache(exprType((Node *) member->em_expr), TYPECACHE_BTREE_OPFAMILY)->btree_opf !=
			first->pathkey->pk_opfamily)
			continue;
		first->expr = member->em_expr;
		first->column = column;
		return true;
	}
	return false;
}

/* the condition that the column equals itself, or NULL if its type has none */
static OpExpr *
self_equality(Var *column)
{
	Oid			opno = lookup_type_cache(column->vartype, TYPECACHE_EQ_OPR)->eq_opr;
	Expr	   *side = (Expr *) column;
	Oid			left;
	Oid			right;

	if (!OidIsValid(opno))
		return NULL;
	op_input_types(opno, &left, &right);
	if (column->vartype == VARCHAROID && left == TEXTOID)
		side = (Expr *) makeRelabelType(side, TEXTOID, -1, column->varcollid, COERCE_IMPLICIT_CAST);
	else if (left != column->vartype)
		return NULL;
	return (OpExpr *) make_opclause(opno, BOOLOID, false, side, side, InvalidOid, column->varcollid);
}

/*
 * Adds the column as the group's key.  Returns false if MongoDB cannot group
 * by it.
 *
 * Values of several types can be the same numeric, and numbers that MongoDB
 * takes for equal be different ones.  So there is a group for each type.
 */
static bool
add_value_key(AdGroupBuilder *builder, Var *var)
{
	const AdColumn *column = ad_expr_column(builder->values.base, (Node *) var);

	if (column == NULL || column->type->class != AD_CLASS_NUMERIC)
		return ad_add_key_parts(builder, (Node *) var);
	ad_add_key_with_columns(builder, (Node *) var, NULL, ad_with_type(ad_path_expr(column->field)));
	return true;
}

/*
 * The relation of the column's values with the number of documents of each;
 * NULL if MongoDB cannot count them, or if there are nearly as many values as
 * documents.
 */
static RelOptInfo *
counted_values(PlannerInfo *root, RelOptInfo *rel, Var *column, Aggref *count)
{
	AdRelation *relation = rel->fdw_private;
	AdGroupBuilder builder = ad_build_group(relation);
	AdUpperRelation *upper;

	if (!add_value_key(&builder, column) || !ad_return_states(&builder, list_make1(count)) ||
		builder.values.failures != NIL || !ad_expects_duplicates(root, rel, builder.keys))
		return NULL;
	upper = ad_built_relation(relation, &builder);
	return upper == NULL ? NULL : ad_groups_relation(root, rel, upper, builder.keys);
}

static const CustomPathMethods first_values_methods = {
	.CustomName = AD_FIRST_VALUES,
	.PlanCustomPath = ad_plan_same_rows,
};

/* the path that finds the first values */
static Path *
finding_path(PlannerInfo *root, const AdKeyJoin *join, const AdFirstKey *first, RelOptInfo *values,
			 Aggref *count)
{
	Path	   *sort = (Path *) create_sort_path(root, values, values->cheapest_total_path,
												 list_make1(first->pathkey), -1);
	CustomPath *custom = ad_custom_path(sort, values, sort->pathtarget, &first_values_methods);

	custom->custom_private = list_make4(list_make3(join->key, count, first->expr),
										ad_integer(join->keys.param),
										ad_integer((int) root->limit_tuples),
										ad_integer(first->pathkey->pk_nulls_first));
	return (Path *) custom;
}

/*
 * Adds the rows whose column is null to those that the scan waits for, which
 * come first in the order.  Returns false if MongoDB cannot find them.
 */
static bool
add_null_rows(AdKeyJoin *join, Var *column)
{
	AdExprContext context = ad_scan_context(join->table->fdw_private);
	Node	   *predicate;
	bool		recheck;

	context.slots = join->keys.slots;
	predicate = ad_expr_allowed(&context, (Expr *) ad_null_test((Node *) column, IS_NULL), &recheck);
	if (predicate == NULL)
		return false;
	join->keys.slots = context.slots;
	join->keys.predicate = ad_or(list_make2(join->keys.predicate, predicate));
	return true;
}

/* estimates how many values there are for the limit, and for which part of the documents */
static void
estimate_values(AdKeyJoin *join, const RelOptInfo *values)
{
	double		rows_of_each = Max(join->table->rows / Max(values->rows, 1), 1);

	join->count = Min(ceil(join->root->limit_tuples / rows_of_each), values->rows);
	join->selectivity = Min(join->count / Max(values->rows, 1), 1);
}

/* whether the query wants the first rows of a table, all of whose conditions MongoDB evaluates */
static bool
wants_first_rows(PlannerInfo *root, RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;

	return rel->reloptkind == RELOPT_BASEREL && relation != NULL && relation->local_conds == NIL &&
		root->limit_tuples > 0 && root->limit_tuples <= AD_MAX_JOIN_KEYS &&
		!ad_may_recheck(root) &&
		relation->options->enable_sort_pushdown && relation->options->enable_filter_pushdown &&
		relation->options->enable_aggregate_pushdown;
}

/*
 * UPPERREL_ORDERED: adds the path that reads the documents with the first
 * values only, if MongoDB does not know the order even of its first key.
 */
void
ad_first_values_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdKeyJoin	join = {.root = root, .table_root = root, .table = input_rel, .waiting = input_rel};
	Aggref	   *count = ad_make_aggregate(F_COUNT_, NULL);
	AdFirstKey	first;
	OpExpr	   *equality;
	RelOptInfo *values;
	PathTarget *target = root->upper_targets[UPPERREL_ORDERED];
	Path	   *path;

	if (!wants_first_rows(root, input_rel) || !find_first_key(root, input_rel, &first) ||
		ad_order_find(root, input_rel, list_make1(first.pathkey)) != NULL)
		return;
	equality = self_equality(first.column);
	if (equality == NULL)
		return;
	values = counted_values(root, input_rel, first.column, count);
	if (values == NULL)
		return;
	join.column = join.key = linitial(equality->args);
	estimate_values(&join, values);
	if (!ad_set_keys(&join, equality) ||
		(first.pathkey->pk_nulls_first && !add_null_rows(&join, first.column)))
		return;
	path = ad_waiting_path(&join, finding_path(root, &join, &first, values, count));
	path = (Path *) create_sort_path(root, output_rel, path, root->sort_pathkeys, root->limit_tuples);
	if (path->pathtarget != target)
		path = apply_projection_to_path(root, output_rel, path, target);
	add_path(output_rel, path);
}
