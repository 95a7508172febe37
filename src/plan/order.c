/*
 * order.c
 *	  ORDER BY, LIMIT and OFFSET in MongoDB.
 *
 * MongoDB sorts (manual, "Comparison/Sort Order") by BSON type first: null,
 * numbers, strings, ObjectId, bool, date; arrays by an element of theirs; NaN
 * before all numbers.  A missing field sorts as null, undefined before it.
 * In SQL, NULLs are together at the end that the query says, NaN is the
 * greatest number, and what does not decode is an error, or NULL.
 *
 * So a field is sorted by as it is, which an index may serve, where all of
 * its values decode and none is NaN or NULL.  For all else a key is computed,
 * which is null for NULL, and for NaN a string, greater than all numbers.
 * Before it may come
 *
 *	- where a mismatch is an error: whether the value decodes or is null.
 *	  Mismatches are the first then, so that a limit does not leave them out;
 *	- where NULLs are not at the end at which null is: whether it is null.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/having.h"
#include "plan/order.h"
#include "plan/order_expr.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/sort_key.h"
#include "query/leaf.h"
#include "query/type_tests.h"

/* $sort takes no more keys (MongoDB manual, "$sort (aggregation stage)") */
#define AD_SORT_KEYS	32

/* names in the documents that computed keys are added to */
#define ORDERED_DOCUMENT	"d"

/* the order's column of this relation, or NULL */
static Var *
pathkey_var(RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst(lc);
		Expr	   *expr = member->em_expr;

		/* with another collation, which is the pathkey's */
		if (IsA(expr, RelabelType) &&
			((RelabelType *) expr)->resulttype == exprType((Node *) ((RelabelType *) expr)->arg))
			expr = ((RelabelType *) expr)->arg;
		if (IsA(expr, Var) && bms_equal(member->em_relids, rel->relids))
			return (Var *) expr;
	}
	return NULL;
}

/*
 * Whether MongoDB's order of the type's values, NaN apart, is the pathkey's.
 */
static bool
is_native_order(const AdType *type, const PathKey *pathkey)
{
	/* doubles and decimals that are equal numerics are not equal for MongoDB */
	if (type->class == AD_CLASS_NUMERIC || pathkey->pk_opfamily !=
		lookup_type_cache(type->typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	return type->class != AD_CLASS_TEXT ||
		(OidIsValid(pathkey->pk_eclass->ec_collation) &&
		 ad_collate_is_c(pathkey->pk_eclass->ec_collation));
}

/*
 * Whether the column is declared NOT NULL.  As with other foreign tables, that
 * is the user's word, which nobody has checked.
 */
static bool
is_declared_not_null(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(attnum));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u",
			 attnum, relid);
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * Whether the filter's comparisons exclude NaN, which is greater than all
 * other numbers.  The predicate of < does so whatever the other side is; after
 * that of =, all values are the same.
 */
static bool
excludes_nan(Node *filter, const char *field)
{
	List	   *predicates = ad_tag(filter) == AD_AND ?
	list_copy_tail((List *) filter, 1) : list_make1(filter);
	ListCell   *lc;

	foreach(lc, predicates)
	{
		AdLeaf		leaf;
		Const	   *operand;

		if (ad_tag(lfirst(lc)) != AD_COMPARE)
			continue;
		leaf = ad_leaf_read(lfirst(lc));
		if (strcmp(leaf.path, field) != 0)
			continue;
		switch (leaf.op)
		{
			case AD_OP_LT:
			case AD_OP_EQ:
				return true;
			case AD_OP_LE:
				operand = (Const *) leaf.operand;
				if (IsA(operand, Const) && !operand->constisnull &&
					!isnan(operand->consttype == FLOAT4OID ?
						   (double) DatumGetFloat4(operand->constvalue) :
						   DatumGetFloat8(operand->constvalue)))
					return true;
				break;
			default:
				break;
		}
	}
	return false;
}

/*
 * The value of a field that decodes, or is null where that may be, as one that
 * MongoDB orders as SQL does.
 */
static Node *
ordered_value(const AdType *type, Node *value, bool nullable)
{
	Node	   *ordered = value;

	if (nullable || type->variant != NULL)
		ordered = ad_unified_expr(type, value);
	if (type->class == AD_CLASS_FLOAT)
		ordered = ad_doc("$cond", ad_array3(ad_doc("$eq", ad_array2(value, ad_float8(NAN))),
											ad_string("NaN"), ordered));
	return ordered;
}

/*
 * The key for a column.  It is known to have no NULLs and no mismatches if a
 * condition says so that MongoDB evaluates: that is true for neither.  Where a
 * mismatch is an error, the declaration is believed, too.
 */
static AdSortKey *
column_key(AdRelation *relation, const AdColumn *column)
{
	AdSortKey  *key = palloc0(sizeof(AdSortKey));
	bool		proven = ad_is_proven(&relation->context, column);
	bool		declared = column->on_mismatch == AD_MISMATCH_ERROR &&
	is_declared_not_null(relation->context.relid, column->attnum);
	const AdType *type = column->type;
	Node	   *value = ad_string(psprintf("$%s", column->field));

	if ((proven || declared) &&
		(type->class == AD_CLASS_FLOAT ? excludes_nan(relation->filter, column->field) :
		 type->variant == NULL))
		key->path = column->field;
	if (proven)
		key->value = ordered_value(type, value, false);
	else if (column->on_mismatch == AD_MISMATCH_ERROR)
	{
		key->value = ordered_value(type, value, true);
		key->guard = ad_fits_expr(type, value, true);
		key->not_null = ad_doc("$gt", ad_array2(value, ad_null()));
	}
	else
	{
		key->not_null = ad_fits_expr(type, value, false);
		key->value = ad_doc("$cond", ad_array3(key->not_null,
											   ordered_value(type, value, false),
											   ad_null()));
	}
	return key;
}

/*
 * The order of a foreign table's rows by the pathkeys, as AdSortKeys, in
 * *keys; the context, a copy of the relation's, gets the slots for them.
 * Returns false if MongoDB cannot do it exactly.
 */
static bool
find_keys(RelOptInfo *rel, AdExprContext *context, List *pathkeys, List **keys)
{
	AdRelation *relation = rel->fdw_private;
	ListCell   *lc;

	*keys = NIL;
	if (!relation->options->enable_sort_pushdown)
		return pathkeys == NIL;
	foreach(lc, pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);
		Var		   *var = pathkey_var(rel, pathkey);
		const AdColumn *column = var == NULL ? NULL :
		ad_expr_column(&relation->context, (Node *) var);
		AdSortKey  *key;

		if (relation->is_extreme &&
			(column == NULL || column->on_mismatch == AD_MISMATCH_ERROR))
			return false;
		if (var == NULL)
			key = ad_order_expr_key(context, rel, pathkey);
		else if (column != NULL && is_native_order(column->type, pathkey))
			key = column_key(relation, column);
		else
			return false;
		if (key == NULL)
			return false;
		key->descending = ad_is_descending(pathkey);
		key->nulls_first = pathkey->pk_nulls_first;
		*keys = lappend(*keys, key);
	}
	/* each may need three */
	return list_length(*keys) <= AD_SORT_KEYS / 3;
}

/* whether it is a foreign table, or one of a partitioned table or a parent */
static bool
is_table(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL || rel->reloptkind == RELOPT_OTHER_MEMBER_REL;
}

/*
 * What translates for the relation, a table or its groups, without changes to
 * what others have.
 */
static AdExprContext
context_of(RelOptInfo *rel)
{
	AdExprContext context;

	if (is_table(rel))
		return ad_scan_context(rel->fdw_private);
	context = *((AdUpperRelation *) rel->fdw_private)->grouping.context;
	context.slots = list_copy(context.slots);
	return context;
}

/*
 * The order of a table's rows, or of the groups of one, by the pathkeys, of
 * which there may be none; NULL if MongoDB cannot do it exactly.
 */
AdOrder *
ad_order_find(PlannerInfo *root, RelOptInfo *rel, List *pathkeys)
{
	AdOrder    *order = palloc0(sizeof(AdOrder));
	AdExprContext context = context_of(rel);

	if (is_table(rel))
	{
		if (!find_keys(rel, &context, pathkeys, &order->keys))
			return NULL;
	}
	else
	{
		AdGrouping	grouping = ((AdUpperRelation *) rel->fdw_private)->grouping;

		grouping.context = &context;
		if (!ad_having_order(&grouping, rel, pathkeys, &order->keys))
			return NULL;
	}
	order->slots = context.slots;
	return order;
}

/*
 * The columns of a foreign table that the order, which MongoDB does, is by; in
 * the manner of pull_varattnos().  They must be fetched, for their mismatches.
 */
Bitmapset *
ad_order_columns(RelOptInfo *rel, List *pathkeys)
{
	Bitmapset  *attrs = NULL;
	ListCell   *lc;

	foreach(lc, pathkeys)
	{
		Var		   *var = pathkey_var(rel, lfirst(lc));

		if (var == NULL)
			attrs = ad_order_expr_columns(rel, lfirst(lc), attrs);
		else
			attrs = bms_add_member(attrs, var->varattno - FirstLowInvalidHeapAttributeNumber);
	}
	return attrs;
}

/* may a mismatch be an error that a limit must not hide? */
static bool
is_guarded(const List *keys)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		AdSortKey  *key = lfirst(lc);

		if (key->path == NULL && key->guard != NULL)
			return true;
	}
	return false;
}

static Node *
direction(bool descending)
{
	return ad_integer(descending ? -1 : 1);
}

/* add a key to $sort, and its expression to the document that has them */
static Node *
add_computed(Node *document, Node *sort, Node *value, bool descending)
{
	const char *name = psprintf("k%d", (list_length((List *) document) - 3) / 2);

	ad_doc_add(document, name, value);
	return ad_doc_add(sort, name, direction(descending));
}

/*
 * Let the query's documents come in the order of the keys.  Computed keys are
 * put beside the document, not into it, so that they cannot clash with its
 * fields.
 */
static void
sort_query(AdQuery *query, const List *keys)
{
	bool		computed = ad_sort_is_computed(keys);
	Node	   *document = ad_doc(ORDERED_DOCUMENT, ad_string("$$ROOT"));
	ListCell   *lc;

	foreach(lc, keys)
	{
		AdSortKey  *key = lfirst(lc);

		if (key->path != NULL)
		{
			query->sort = ad_doc_add(query->sort, computed ?
									 psprintf(ORDERED_DOCUMENT ".%s", key->path) : key->path,
									 direction(key->descending));
			continue;
		}
		if (key->guard != NULL)
			query->sort = add_computed(document, query->sort, key->guard, false);
		if (key->value == NULL)
			continue;
		/* MongoDB has null at the end that is first if ascending */
		if (key->not_null != NULL && key->nulls_first == key->descending)
			query->sort = add_computed(document, query->sort, key->not_null,
									   !key->nulls_first);
		query->sort = add_computed(document, query->sort, key->value, key->descending);
	}
	if (!computed)
		return;
	query->aggregate = true;
	query->stages = lappend(query->stages, ad_doc("$replaceWith", document));
	query->last_stages = list_make1(ad_doc("$replaceWith",
										   ad_string("$" ORDERED_DOCUMENT)));
	if (query->projection != NULL)
		query->last_stages = lappend(query->last_stages,
									 ad_doc("$project", query->projection));
	query->projection = NULL;
}

/* the value of one of LIMIT's expressions, if that is known now */
static bool
is_constant(Node *expr, int64 *value)
{
	Const	   *constant = (Const *) expr;

	if (!IsA(expr, Const) || constant->constisnull)
		return false;
	*value = DatumGetInt64(constant->constvalue);
	return true;
}

/*
 * The operand of a query for one of LIMIT's expressions, in *operand, which is
 * NULL if the expression is.  Returns false if it has none.
 */
static bool
limit_operand(AdExprContext *context, Node *expr, Node **operand)
{
	*operand = NULL;
	if (expr == NULL || (IsA(expr, Const) && ((Const *) expr)->constisnull))
		return true;
	*operand = ad_expr_operand(context, expr);
	return *operand != NULL;
}

/*
 * Let the query return only what LIMIT and OFFSET leave.  Its limit is of what
 * OFFSET skips, too, if a mismatch could be there: PostgreSQL skips it then.
 */
static void
limit_query(AdQuery *query, const AdOrder *order)
{
	int64		skip = 0;
	int64		limit = 0;

	query->limit = order->limit;
	query->skip = order->skip;
	if (query->skip == NULL)
		return;
	query->skips_later = is_guarded(order->keys);
	if (!is_constant(query->skip, &skip) || skip < 0)
		return;
	if (skip > 0 && query->skips_later)
	{
		if (!is_constant(query->limit, &limit) || limit <= 0 ||
			limit > PG_INT64_MAX - skip)
			return;
		query->limit = ad_int64(skip + limit);
	}
	if (skip == 0 || query->skips_later)
	{
		query->skip = NULL;
		query->skips_later = false;
	}
}

/*
 * Let the query be in the order, and limited if that is.  Else its first batch
 * is what a LIMIT above it is likely to need.
 */
void
ad_order_query(AdQuery *query, const AdOrder *order)
{
	sort_query(query, order->keys);
	if (order->limited)
		limit_query(query, order);
	else
		query->expected = order->limit;
}

/* whether the table's options let MongoDB sort */
static bool
may_sort(RelOptInfo *rel)
{
	AdUpperRelation *upper = rel->fdw_private;

	if (rel->fdw_private == NULL)
		return false;
	if (rel->reloptkind == RELOPT_BASEREL)
		return true;
	return rel->reloptkind == RELOPT_UPPER_REL && upper->grouping.group != NULL &&
		upper->grouping.context->options->enable_sort_pushdown;
}

/*
 * The longest beginning of an order that MongoDB can do, if it cannot do all of
 * it, and its pathkeys in *prefix; NULL if there is none.  With a limit
 * PostgreSQL has to sort only what is equal in it, and stops reading.
 */
AdOrder *
ad_order_prefix(PlannerInfo *root, RelOptInfo *rel, List *pathkeys, List **prefix)
{
	Query	   *parse = root->parse;

	if (parse->limitCount == NULL || !may_sort(rel) ||
		ad_order_find(root, rel, pathkeys) != NULL)
		return NULL;
	for (int length = list_length(pathkeys) - 1; length > 0; length--)
	{
		AdOrder    *order;

		*prefix = list_truncate(list_copy(pathkeys), length);
		order = ad_order_find(root, rel, *prefix);
		if (order == NULL)
			continue;
		if (parse->limitOffset == NULL)
		{
			AdExprContext context = context_of(rel);

			context.slots = order->slots;
			(void) limit_operand(&context, parse->limitCount, &order->limit);
			order->slots = context.slots;
		}
		return order;
	}
	return NULL;
}

/*
 * UPPERREL_ORDERED: there is nothing to add for a foreign table, whose paths
 * are in the query's order if MongoDB can do it; and groups are few, so that
 * PostgreSQL may sort them, unless there is a limit.  It is said for the next
 * stage.
 */
void
ad_order_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdUpperRelation *upper;

	if (!may_sort(input_rel) ||
		output_rel->fdw_private != NULL || root->parse->hasTargetSRFs ||
		ad_order_find(root, input_rel, root->sort_pathkeys) == NULL)
		return;
	upper = palloc0(sizeof(AdUpperRelation));
	upper->ordered_rel = input_rel;
	output_rel->fdw_private = upper;
}

/*
 * Whether MongoDB has all rows of the table, or all groups of one, as yet
 * unlimited, that a limit is of.
 */
static bool
has_all_rows(RelOptInfo *rel)
{
	AdRelation *relation = rel->fdw_private;
	AdUpperRelation *upper = rel->fdw_private;

	if (rel->fdw_private == NULL)
		return false;
	if (rel->reloptkind == RELOPT_BASEREL)
		return relation->local_conds == NIL;
	/* one row of no documents would be there whatever the limit */
	return rel->reloptkind == RELOPT_UPPER_REL && upper->grouping.group != NULL &&
		!upper->query->single_row && upper->having == NIL;
}

/*
 * The order with the query's LIMIT and OFFSET; NULL if they cannot be
 * MongoDB's.
 */
static AdOrder *
find_limited(PlannerInfo *root, RelOptInfo *rel, List *pathkeys, const FinalPathExtraData *extra)
{
	Query	   *parse = root->parse;
	AdExprContext context;
	AdOrder    *order;

	if (parse->commandType != CMD_SELECT || !extra->limit_needed ||
		parse->limitOption != LIMIT_OPTION_COUNT || parse->rowMarks != NIL ||
		parse->hasTargetSRFs || !has_all_rows(rel))
		return NULL;
	context = context_of(rel);
	if (!context.options->enable_sort_pushdown)
		return NULL;
	order = ad_order_find(root, rel, pathkeys);
	if (order == NULL)
		return NULL;
	context.slots = order->slots;
	if (!limit_operand(&context, parse->limitCount, &order->limit) ||
		!limit_operand(&context, parse->limitOffset, &order->skip))
		return NULL;
	order->slots = context.slots;
	order->limited = true;
	return order;
}

/* the work of a scan, or the sending of groups that have been made */
static AdScanWork
limited_work(PlannerInfo *root, RelOptInfo *rel)
{
	AdScanWork	work = {0};

	if (rel->reloptkind == RELOPT_BASEREL)
		return ad_scan_work(root, rel, NIL);
	work.documents = work.sent = work.rows =
		((AdUpperRelation *) rel->fdw_private)->rows;
	return work;
}

/*
 * UPPERREL_FINAL: LIMIT and OFFSET of a foreign table's rows, or of its
 * groups, in the order that UPPERREL_ORDERED saw, if there is one.
 *
 * The path is one of the table's or the grouping's own, for GetForeignPlan.
 */
void
ad_limit_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel,
			   const FinalPathExtraData *extra)
{
	Query	   *parse = root->parse;
	PathTarget *target = root->upper_targets[UPPERREL_FINAL];
	RelOptInfo *rel = input_rel;
	List	   *pathkeys = NIL;
	AdOrder    *order;
	bool		skips_later;
	AdScanWork	work;
	double		unlimited_rows;
	Cost		startup_cost = 0;
	Cost		total_cost = 0;
	Path	   *path;

	if (rel->reloptkind == RELOPT_UPPER_REL && rel->fdw_private != NULL &&
		((AdUpperRelation *) rel->fdw_private)->ordered_rel != NULL)
	{
		rel = ((AdUpperRelation *) rel->fdw_private)->ordered_rel;
		pathkeys = root->sort_pathkeys;
	}
	order = find_limited(root, rel, pathkeys, extra);
	if (order == NULL)
		return;
	skips_later = is_guarded(order->keys) && extra->offset_est != 0;
	if (skips_later && parse->limitCount == NULL)
		return;

	work = limited_work(root, rel);
	unlimited_rows = work.rows;
	/* that of groups is little work, after their making */
	if (rel->reloptkind == RELOPT_BASEREL)
		work.keys = order->keys;
	work.target = target;
	adjust_limit_rows_costs(&work.rows, &startup_cost, &total_cost,
							skips_later ? 0 : extra->offset_est, extra->count_est);
	/* the estimate of what is skipped is that of adjust_limit_rows_costs() */
	if (skips_later)
		work.rows += extra->offset_est > 0 ? extra->offset_est : unlimited_rows * 0.1;
	work.sent = work.rows = clamp_row_est(Min(work.rows, unlimited_rows));
	if (rel->reloptkind == RELOPT_BASEREL)
		ad_scan_cost(root, &work, &startup_cost, &total_cost);
	else
		ad_groups_cost(root, &work, ((AdUpperRelation *) rel->fdw_private)->grouping_cost,
					   &startup_cost, &total_cost);
	/* without a limit, part of a batch would be sent in vain */
	total_cost -= (total_cost - startup_cost) * 0.1;
	path = (Path *) ad_create_foreign_upper_path(root, rel, target, work.rows,
												 startup_cost, total_cost, pathkeys, NULL,
												 list_make1(order));
	if (skips_later)
		path = (Path *) create_limit_path(root, output_rel, path, parse->limitOffset,
										  parse->limitCount, parse->limitOption,
										  extra->offset_est, extra->count_est);
	add_path(output_rel, path);
}
