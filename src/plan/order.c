/*
 * order.c
 *	  ORDER BY, LIMIT and OFFSET in MongoDB.
 *
 * MongoDB sorts by BSON type first: null, numbers, strings, ObjectId, bool,
 * date (manual, "Comparison/Sort Order").  It sorts an array by one of its
 * elements, NaN before all numbers, a missing field as null, and undefined
 * before null.  In SQL, all NULLs are at one end, which the query chooses;
 * NaN is the greatest number; and a value that does not decode is an error or
 * NULL.
 *
 * So a field can be sorted by directly, which may use an index, only if all
 * its values decode and none is NaN or NULL.  Otherwise a key is computed:
 * null for NULL, and for NaN a string, which is greater than all numbers.  Up
 * to two other keys come before it:
 *
 *	- if a mismatch is an error: whether the value decodes or is null.  This
 *	  puts mismatches first, so that a limit cannot cut them off;
 *	- if the query wants NULLs at the end where MongoDB does not have null:
 *	  whether the value is null.
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
#include "plan/async.h"
#include "plan/having.h"
#include "plan/order.h"
#include "plan/order_expr.h"
#include "plan/order_skip.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/sort_key.h"
#include "query/avoid.h"
#include "query/leaf.h"
#include "query/type_tests.h"

/* the most keys of a $sort (MongoDB manual, "$sort (aggregation stage)") */
#define AD_SORT_KEYS	32

/* field for the original document, beside the computed keys */
#define ORDERED_DOCUMENT	"d"

/* $sort, and what it needs */
typedef struct AdSorting
{
	const char *prefix;			/* of the names of computed keys */
	const char *above;			/* what is in front of the paths of fields */
	Node	   *computed;		/* document of the computed keys, or NULL */
	Node	   *sort;			/* document of $sort */
	List	   *guards;			/* names (String) of the computed keys that
								 * are guards */
} AdSorting;

/* the column of this relation that the pathkey is, or NULL */
static Var *
pathkey_var(RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst(lc);
		Expr	   *expr = member->em_expr;

		/* a cast to another collation, which is that of the pathkey */
		if (IsA(expr, RelabelType) &&
			((RelabelType *) expr)->resulttype == exprType((Node *) ((RelabelType *) expr)->arg))
			expr = ((RelabelType *) expr)->arg;
		if (IsA(expr, Var) && bms_equal(member->em_relids, rel->relids))
			return (Var *) expr;
	}
	return NULL;
}

/*
 * Whether MongoDB orders the values of the type as the pathkey does, NaN
 * aside.
 */
static bool
is_native_order(const AdType *type, const PathKey *pathkey)
{
	/* MongoDB distinguishes doubles and decimals that are the same numeric */
	if (type->class == AD_CLASS_NUMERIC || pathkey->pk_opfamily !=
		lookup_type_cache(type->typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	return type->class != AD_CLASS_TEXT ||
		(OidIsValid(pathkey->pk_eclass->ec_collation) &&
		 ad_collate_is_c(pathkey->pk_eclass->ec_collation));
}

/*
 * Whether the column is declared NOT NULL.  As for other foreign tables, this
 * is a promise of the user, which nobody has checked.
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
 * Whether comparisons in the filter exclude NaN, which is greater than all
 * other numbers.  A predicate for < does, whatever its operand.  One for =
 * leaves only equal values, so their order does not matter.
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
 * The value of a field, which decodes or, if `nullable`, may be null, in a
 * form that MongoDB orders as PostgreSQL does.
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
 * The sort key for a column.
 *
 * The column has no NULLs and no mismatches if a pushed-down condition
 * excludes them: no condition is true for either.  If a mismatch is an error,
 * a declaration as NOT NULL is relied on as well.
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
		key->guard = type->trusted ? NULL : ad_fits_expr(type, value, true);
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
 * Sets *keys to the AdSortKeys that order the rows of a table by the
 * pathkeys.  Slots are added to `context`, a copy of the relation's.  Returns
 * false if MongoDB cannot sort as PostgreSQL does.
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
	/* each key may need three of $sort */
	return list_length(*keys) <= AD_SORT_KEYS / 3;
}

/*
 * Whether it is a foreign table; it may also be a partition or an inheritance
 * child.
 */
static bool
is_table(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL || rel->reloptkind == RELOPT_OTHER_MEMBER_REL;
}

/*
 * Returns a copy of the context of a table, or of its groups, which can add
 * slots without changing those of others.
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

/* whether one of the keys uses a construct that the options say to avoid */
static bool
has_avoided_key(const AdTableOptions *options, const List *keys)
{
	ListCell   *lc;

	if (ad_sort_is_computed(keys) && ad_is_avoided(options, "$replaceWith"))
		return true;
	foreach(lc, keys)
	{
		AdSortKey  *key = lfirst(lc);

		if (key->path == NULL &&
			(ad_has_avoided(options, key->value) || ad_has_avoided(options, key->not_null) ||
			 ad_has_avoided(options, key->guard)))
			return true;
	}
	return false;
}

/*
 * Returns the order of the rows of a table, or of its groups, by the
 * pathkeys, palloc'd; the list may be empty.  NULL if MongoDB cannot sort as
 * PostgreSQL does.
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
	if (has_avoided_key(context.options, order->keys))
		return NULL;
	order->slots = context.slots;
	return order;
}

/*
 * Returns the columns that a pushed-down order reads, as pull_varattnos()
 * does.  They must be fetched, so that a mismatch in one of them raises an
 * error.
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

/* whether a mismatch may be an error that a limit must not hide */
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

/* the direction of a key in $sort */
static Node *
direction(bool descending)
{
	return ad_integer(descending ? -1 : 1);
}

/* adds a computed key */
static void
add_computed(AdSorting *sorting, Node *value, bool descending)
{
	const char *name = psprintf("%s%d", sorting->prefix,
								sorting->computed == NULL ? 0 : ad_doc_length(sorting->computed));

	sorting->computed = ad_doc_add(sorting->computed, name, value);
	sorting->sort = ad_doc_add(sorting->sort, name, direction(descending));
}

/* adds all keys */
static void
add_keys(AdSorting *sorting, const List *keys)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		AdSortKey  *key = lfirst(lc);

		if (key->path != NULL)
		{
			const char *field = psprintf("%s%s", sorting->above, key->path);

			/*
			 * Two columns can be one field.  What is equal by the first key
			 * is by the second, and MongoDB refuses a field that stands
			 * twice.
			 */
			if (sorting->sort == NULL || ad_doc_get(sorting->sort, field) == NULL)
				sorting->sort = ad_doc_add(sorting->sort, field, direction(key->descending));
			continue;
		}
		if (key->guard != NULL)
		{
			add_computed(sorting, key->guard, false);
			sorting->guards = lappend(sorting->guards,
									  ad_string(ad_doc_key(sorting->computed,
														   ad_doc_length(sorting->computed) - 1)));
		}
		if (key->value == NULL)
			continue;

		/*
		 * Null is first in ascending order in MongoDB, and last in descending
		 * order.
		 */
		if (key->not_null != NULL && key->nulls_first == key->descending)
			add_computed(sorting, key->not_null, !key->nulls_first);
		add_computed(sorting, key->value, key->descending);
	}
}

/*
 * Makes the query return its documents in the order of the keys.  Computed
 * keys are put beside the document, so that they cannot clash with its
 * fields.  Returns the names (String) of those that are guards.
 */
static List *
sort_query(AdQuery *query, const List *keys)
{
	bool		computed = ad_sort_is_computed(keys);
	AdSorting	sorting = {.prefix = "k", .above = computed ? ORDERED_DOCUMENT "." : ""};
	Node	   *document = ad_doc(ORDERED_DOCUMENT, ad_string("$$ROOT"));

	add_keys(&sorting, keys);
	query->sort = sorting.sort;
	if (!computed)
		return NIL;
	for (int i = 0; i < ad_doc_length(sorting.computed); i++)
		ad_doc_add(document, ad_doc_key(sorting.computed, i), ad_doc_value(sorting.computed, i));
	query->aggregate = true;
	query->stages = lappend(query->stages, ad_doc("$replaceWith", document));
	query->last_stages = list_make1(ad_doc("$replaceWith",
										   ad_string("$" ORDERED_DOCUMENT)));
	if (query->projection != NULL)
		query->last_stages = lappend(query->last_stages,
									 ad_doc("$project", query->projection));
	query->projection = NULL;
	return sorting.guards;
}

/*
 * Returns the stages that sort documents of which nothing is read but fields
 * whose names do not begin with `prefix`.  Computed keys become fields with
 * such names.
 */
List *
ad_order_stages(const List *keys, const char *prefix)
{
	AdSorting	sorting = {.prefix = prefix, .above = ""};
	List	   *stages;

	add_keys(&sorting, keys);
	stages = list_make1(ad_doc("$sort", sorting.sort));
	return sorting.computed == NULL ? stages : lcons(ad_doc("$set", sorting.computed), stages);
}

/*
 * Whether an expression of LIMIT or OFFSET is known already; sets *value to
 * it.
 */
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
 * Sets *operand to the query's operand for an expression of LIMIT or OFFSET;
 * NULL if there is none, or a constant NULL.  Returns false if the expression
 * cannot be an operand.
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
 * Makes the query apply LIMIT and OFFSET.
 *
 * If the skipped rows may hold a mismatch that is an error, PostgreSQL must
 * see them: MongoDB returns the rows of OFFSET and LIMIT together, and
 * PostgreSQL skips.
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
 * Makes the query return the order, and the limit if that is pushed down.  If
 * it is not, the first batch has as many documents as the LIMIT above the
 * scan is likely to need.
 */
void
ad_order_query(AdQuery *query, const AdOrder *order)
{
	List	   *guards = sort_query(query, order->keys);

	if (order->numbered)
		ad_skip_by_number(query, order->skip, order->limit, guards);
	else if (order->limited)
		limit_query(query, order);
	else
		query->expected = order->limit;
}

/*
 * Whether the relation's options allow sorting; for a table find_keys()
 * checks them.
 */
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
 * If MongoDB cannot do the whole order, returns the longest beginning of it
 * that MongoDB can do, and sets *prefix to its pathkeys.  NULL if there is
 * none.
 *
 * This is useful with a limit only.  PostgreSQL then sorts the rows that are
 * equal in these keys, and stops reading early.
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
 * UPPERREL_ORDERED.
 *
 * No paths are added here.  The paths of a foreign table already have the
 * query's order if MongoDB can do it.  Groups are few, so PostgreSQL may sort
 * them unless there is a limit.  Record the order for the next stage,
 * UPPERREL_FINAL.
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
 * Whether the relation's paths return exactly the rows or groups that LIMIT
 * applies to: none is removed locally.
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
	/* the one row of an aggregate over no documents ignores the limit */
	return rel->reloptkind == RELOPT_UPPER_REL && upper->grouping.group != NULL &&
		!upper->query->single_row && upper->having == NIL;
}

/*
 * Returns the order with the query's LIMIT and OFFSET; NULL if they cannot be
 * pushed down.
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
	order->numbered = is_guarded(order->keys) && ad_may_number(order->skip, order->limit, context.options);
	return order;
}

/* the work of a table's scan, or of sending groups that are already made */
static AdScanWork
limited_work(PlannerInfo *root, RelOptInfo *rel)
{
	AdScanWork	work = {0};

	if (rel->reloptkind == RELOPT_BASEREL)
	{
		work = ad_scan_work(root, rel, NIL);
		/* few documents are read, or MongoDB reads them for its sort only */
		work.shared = 0;
		return work;
	}
	work.documents = work.sent = work.rows =
		((AdUpperRelation *) rel->fdw_private)->rows;
	return work;
}

/* the path that a path of the relation must have below it, or NULL */
static Path *
subquery_of(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_UPPER_REL ? ((AdUpperRelation *) rel->fdw_private)->subquery : NULL;
}

/*
 * UPPERREL_FINAL: LIMIT and OFFSET of the rows of a foreign table, or of its
 * groups, in the order that ad_order_paths() has recorded, if any.
 *
 * The path belongs to the relation of the table or the grouping, so that
 * GetForeignPlan gets that.
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
	skips_later = is_guarded(order->keys) && extra->offset_est != 0 && !order->numbered;
	if (skips_later && order->limit == NULL)
		return;

	work = limited_work(root, rel);
	unlimited_rows = work.rows;
	/* sorting groups costs little, compared with making them */
	if (rel->reloptkind == RELOPT_BASEREL)
		work.keys = order->keys;
	work.target = target;
	adjust_limit_rows_costs(&work.rows, &startup_cost, &total_cost,
							skips_later ? 0 : extra->offset_est, extra->count_est);
	/* this is how adjust_limit_rows_costs() estimates an unknown OFFSET */
	if (skips_later)
		work.rows += extra->offset_est > 0 ? extra->offset_est : unlimited_rows * 0.1;
	work.sent = work.rows = clamp_row_est(Min(work.rows, unlimited_rows));
	if (rel->reloptkind == RELOPT_BASEREL)
		ad_scan_cost(root, &work, &startup_cost, &total_cost);
	else
		ad_upper_cost(root, rel->fdw_private, &work, &startup_cost, &total_cost);
	/* without a pushed-down limit, part of a batch would be sent in vain */
	total_cost -= (total_cost - startup_cost) * 0.1;
	path = (Path *) ad_create_foreign_upper_path(root, rel, target, work.rows,
												 startup_cost, total_cost, pathkeys,
												 subquery_of(rel), list_make1(order));
	ad_prefer_async(root, work.sent, path);
	if (skips_later)
		path = (Path *) create_limit_path(root, output_rel, path, parse->limitOffset,
										  parse->limitCount, parse->limitOption,
										  extra->offset_est, extra->count_est);
	add_path(output_rel, path);
}
