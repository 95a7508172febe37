/*
 * merge_aggregates.c
 *	  Aggregates as expressions of groups.
 *
 * MongoDB returns aggregates of its groups, the parts.  Ordinary aggregates
 * merge them:
 *
 *		count(x)	sum(count(x)), 0 for no groups
 *		sum(x)		sum(sum(x))
 *		avg(x)		sum(sum(x)) / sum(count(x))
 *		min(x)		min(min(x)), and so on
 *
 * Here the inner aggregate is the part.  What MongoDB cannot evaluate, or what
 * is of another table, is the same for all rows of a group if the columns that
 * it reads are group keys.  PostgreSQL evaluates it once for each group, or for
 * each row that a group is joined to:
 *
 *		sum(x) FILTER (WHERE lower(s) = 'a')
 *			sum(sum(x)) FILTER (WHERE lower(s) = 'a')
 *		sum(CASE WHEN lower(s) = 'a' THEN x ELSE 0 END)
 *			sum(CASE WHEN lower(s) = 'a' THEN sum(x) ELSE 0 * count(*) END)
 *		sum(f(s))
 *			sum(f(s) * count(*))
 *
 * Sums of integers are merged as numerics, which do not overflow.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "plan/group_call.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "plan/merge_aggregates.h"

/* aggregates that are made from a sum, a count, or both */
static const struct
{
	Oid			function;
	Oid			sum;			/* InvalidOid for a count */
	bool		is_average;
}			merged[] = {
	{F_COUNT_, InvalidOid, false},
	{F_COUNT_ANY, InvalidOid, false},
	{F_SUM_INT2, F_SUM_INT2, false},
	{F_SUM_INT4, F_SUM_INT4, false},
	{F_SUM_INT8, F_SUM_INT8, false},
	{F_SUM_FLOAT8, F_SUM_FLOAT8, false},
	{F_SUM_NUMERIC, F_SUM_NUMERIC, false},
	{F_AVG_INT2, F_SUM_INT2, true},
	{F_AVG_INT4, F_SUM_INT4, true},
	{F_AVG_INT8, F_SUM_INT8, true},
	{F_AVG_FLOAT8, F_SUM_FLOAT8, true},
	{F_AVG_NUMERIC, F_SUM_NUMERIC, true},
};

/* an argument's CASEs are nested at most so deep: each is translated with all that it contains */
#define DEEPEST_CASE	8

/* one aggregate that is being made from groups */
typedef struct AdMerge
{
	PlannerInfo *root;
	AdGroupBuilder *builder;
	RelOptInfo *rel;			/* the table that is grouped */
	const Aggref *aggref;
	Oid			sum;			/* of the table above */
	bool		on_groups;		/* does PostgreSQL evaluate its FILTER, and
								 * perhaps its argument? */
	int			nesting;		/* of CASE in its argument */
	List	   *parts;
} AdMerge;

/* a call of a function with one or two arguments */
static Expr *
call(Oid function, Expr *first, Expr *second)
{
	return (Expr *) makeFuncExpr(function, get_func_rettype(function),
								 second == NULL ? list_make1(first) : list_make2(first, second),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* an integer as a numeric; anything else as it is */
static Expr *
as_numeric(Expr *number)
{
	switch (exprType((Node *) number))
	{
		case INT2OID:
			return call(F_NUMERIC_INT2, number, NULL);
		case INT4OID:
			return call(F_NUMERIC_INT4, number, NULL);
		case INT8OID:
			return call(F_NUMERIC_INT8, number, NULL);
		default:
			return number;
	}
}

/* a constant of type bigint */
static Expr *
bigint_constant(int64 number)
{
	return (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(number), false,
							  FLOAT8PASSBYVAL);
}

/*
 * Returns a call of an aggregate function, palloc'd: of one argument, or of
 * whole rows if that is NULL.
 */
Aggref *
ad_make_aggregate(Oid function, Expr *argument)
{
	Aggref	   *aggref = makeNode(Aggref);

	aggref->aggfnoid = function;
	aggref->aggtranstype = ad_aggregate_row(function).aggtranstype;
	aggref->aggtype = get_func_rettype(function);
	aggref->aggkind = AGGKIND_NORMAL;
	aggref->aggsplit = AGGSPLIT_SIMPLE;
	aggref->aggno = aggref->aggtransno = -1;
	aggref->location = -1;
	if (argument == NULL)
		aggref->aggstar = true;
	else
	{
		aggref->aggcollid = aggref->inputcollid = exprCollation((Node *) argument);
		aggref->aggargtypes = list_make1_oid(exprType((Node *) argument));
		aggref->args = list_make1(makeTargetEntry(argument, 1, NULL, false));
	}
	return aggref;
}

/* adds a part; its FILTER is that of the aggregate, unless PostgreSQL evaluates that */
static Expr *
add_part(AdMerge *merge, Aggref *part)
{
	part->aggfilter = merge->on_groups ? NULL : merge->aggref->aggfilter;
	merge->parts = list_append_unique(merge->parts, part);
	return (Expr *) part;
}

/* makes an aggregate that of what groups have */
static Expr *
over_groups(const AdMerge *merge, Aggref *aggref)
{
	aggref->aggfilter = merge->on_groups ? merge->aggref->aggfilter : NULL;
	return (Expr *) aggref;
}

/*
 * Adds what the expression reads of the table as keys, so that PostgreSQL can
 * evaluate it on groups.  Returns false if something cannot be a key.
 */
static bool
read_as_keys(const AdMerge *merge, Node *node)
{
	if (node == NULL || bms_is_subset(pull_varnos(merge->root, node), merge->rel->relids))
		return ad_add_key_parts(merge->builder, node);
	return !contain_volatile_functions(node) && !contain_subplans(node) &&
		ad_add_table_columns(merge->builder, merge->rel->relid, node);
}

/*
 * Whether MongoDB can aggregate the values of the argument, and sum them if the
 * aggregate needs that.
 */
static bool
is_evaluated(const AdMerge *merge, Expr *argument)
{
	AdValue		value;
	AdCall		sum = {.argument = &value};

	if (!bms_is_subset(pull_varnos(merge->root, (Node *) argument), merge->rel->relids))
		return false;
	return IsA(argument, Var) ||
		(ad_can_evaluate(merge->builder, (Node *) argument, merge->on_groups, &value) &&
		 (!OidIsValid(merge->sum) || ad_sum_expr(&sum) != NULL));
}

static bool
is_null_constant(const Expr *expr)
{
	return IsA(expr, Const) && ((const Const *) expr)->constisnull;
}

/* what is made of an argument for each group; NULL if nothing can be */
typedef Expr *(*AdOfArgument) (AdMerge *merge, Expr *argument);

/*
 * A CASE whose conditions PostgreSQL evaluates on groups, with what is made of
 * its results in place of them.
 */
static Expr *
case_of(AdMerge *merge, const CaseExpr *argument, AdOfArgument of_argument)
{
	CaseExpr   *result = makeNode(CaseExpr);
	ListCell   *lc;

	if (++merge->nesting > DEEPEST_CASE ||
		(argument->arg != NULL && !read_as_keys(merge, (Node *) argument->arg)))
		return NULL;
	result->arg = argument->arg;
	result->location = -1;
	foreach(lc, argument->args)
	{
		CaseWhen   *when = copyObject(lfirst_node(CaseWhen, lc));

		if (!read_as_keys(merge, (Node *) when->expr))
			return NULL;
		when->result = of_argument(merge, when->result);
		if (when->result == NULL)
			return NULL;
		result->args = lappend(result->args, when);
	}
	result->defresult = of_argument(merge, argument->defresult);
	if (result->defresult == NULL)
		return NULL;
	result->casetype = exprType((Node *) result->defresult);
	merge->nesting--;
	return (Expr *) result;
}

static Expr *result_total(AdMerge *merge, Expr *result);

/* the sum of an argument */
static Expr *
total_of(AdMerge *merge, Expr *argument)
{
	bool		is_double = merge->sum == F_SUM_FLOAT8;
	Expr	   *rows;

	if (is_null_constant(argument))
		return (Expr *) makeNullConst(is_double ? FLOAT8OID : NUMERICOID, -1, InvalidOid);
	/* the sum of a constant is a multiple of the number of rows */
	if (!(merge->on_groups && IsA(argument, Const)) && is_evaluated(merge, argument))
		return add_part(merge, ad_make_aggregate(merge->sum, argument));
	if (IsA(argument, CaseExpr))
		return case_of(merge, (CaseExpr *) argument, result_total);
	if (!read_as_keys(merge, (Node *) argument))
		return NULL;
	rows = add_part(merge, ad_make_aggregate(F_COUNT_, NULL));
	return is_double ? call(F_FLOAT8MUL, argument, call(F_FLOAT8_INT8, rows, NULL)) :
		call(F_NUMERIC_MUL, as_numeric(argument), as_numeric(rows));
}

/* the sum of a result of CASE, as a numeric or a double, so that all have the same type */
static Expr *
result_total(AdMerge *merge, Expr *result)
{
	Expr	   *total = total_of(merge, result);

	return total == NULL ? NULL : as_numeric(total);
}

/* `value` where the condition is true, else null */
static Expr *
where(Expr *condition, Expr *value)
{
	CaseWhen   *when = makeNode(CaseWhen);
	CaseExpr   *result = makeNode(CaseExpr);

	when->expr = condition;
	when->result = value;
	result->casetype = exprType((Node *) value);
	result->casecollid = exprCollation((Node *) value);
	result->args = list_make1(when);
	result->defresult = (Expr *) makeNullConst(result->casetype, -1, result->casecollid);
	when->location = result->location = -1;
	return (Expr *) result;
}

/* returns `value` where the expression is null, else `otherwise` */
Expr *
ad_where_null(Expr *expr, Expr *value, Expr *otherwise)
{
	CaseExpr   *choice = (CaseExpr *) where((Expr *) ad_null_test((Node *) expr, IS_NULL), value);

	choice->defresult = otherwise;
	return (Expr *) choice;
}

/* `value` where the expression is not null, else null */
static Expr *
where_not_null(Expr *expr, Expr *value)
{
	return where((Expr *) ad_null_test((Node *) expr, IS_NOT_NULL), value);
}

/* the number of rows in which an argument is not null; of all rows without one */
static Expr *
number_of(AdMerge *merge, Expr *argument)
{
	if (argument != NULL && is_null_constant(argument))
		return (Expr *) makeNullConst(INT8OID, -1, InvalidOid);
	if (argument == NULL || IsA(argument, Const))
		return add_part(merge, ad_make_aggregate(F_COUNT_, NULL));
	if (is_evaluated(merge, argument))
		return add_part(merge, ad_make_aggregate(F_COUNT_ANY, argument));
	if (IsA(argument, CaseExpr))
		return case_of(merge, (CaseExpr *) argument, number_of);
	if (!read_as_keys(merge, (Node *) argument))
		return NULL;
	return where_not_null(argument, add_part(merge, ad_make_aggregate(F_COUNT_, NULL)));
}

/* the sum over all groups of what is made for each */
static Expr *
sum_over_groups(const AdMerge *merge, Expr *of_group)
{
	switch (exprType((Node *) of_group))
	{
		case FLOAT8OID:
			return over_groups(merge, ad_make_aggregate(F_SUM_FLOAT8, of_group));
		case INT8OID:
			return over_groups(merge, ad_make_aggregate(F_SUM_INT8, of_group));
		default:
			return over_groups(merge, ad_make_aggregate(F_SUM_NUMERIC, of_group));
	}
}

/*
 * Returns a number, of type bigint, that is `number` or, where that is null, `other`.
 */
Expr *
ad_number_or(Expr *number, int64 other)
{
	CoalesceExpr *coalesce = makeNode(CoalesceExpr);

	coalesce->coalescetype = INT8OID;
	coalesce->args = list_make2(number, bigint_constant(other));
	coalesce->location = -1;
	return (Expr *) coalesce;
}

/* the merged count, 0 if there are no groups */
static Expr *
merged_count(const AdMerge *merge, Expr *number)
{
	return ad_number_or(call(F_INT8_NUMERIC, sum_over_groups(merge, number), NULL), 0);
}

/* a sum, an average or a count of the rows of all groups; NULL if MongoDB has no parts for it */
static Expr *
merge_numbers(AdMerge *merge, bool is_average, Expr *argument)
{
	Expr	   *total = NULL;
	Expr	   *number = NULL;

	if (OidIsValid(merge->sum))
	{
		total = total_of(merge, argument);
		if (total == NULL)
			return NULL;
		total = sum_over_groups(merge, total);
	}
	if (!OidIsValid(merge->sum) || is_average)
	{
		number = number_of(merge, argument);
		if (number == NULL)
			return NULL;
	}
	if (total == NULL)
		return merged_count(merge, number);
	if (number == NULL)
		return merge->aggref->aggtype == INT8OID ? call(F_INT8_NUMERIC, total, NULL) : total;
	/* the total is null if the number is 0 */
	number = sum_over_groups(merge, number);
	return exprType((Node *) total) == FLOAT8OID ?
		call(F_FLOAT8DIV, total, call(F_FLOAT8_NUMERIC, number, NULL)) :
		call(F_NUMERIC_DIV, total, number);
}

/*
 * An aggregate that does not change if a row occurs again: of its own results
 * for groups, or of the columns that it reads, which are keys then.
 */
static Expr *
merge_repeatable(AdMerge *merge, Expr *argument)
{
	Aggref	   *aggref = copyObject(unconstify(Aggref *, merge->aggref));
	Aggref	   *part;

	if (aggref->aggdistinct != NIL || aggref->aggorder != NIL || !is_evaluated(merge, argument) ||
		(ad_is_collated(aggref) && ad_collated_extreme(merge->builder, aggref) == NULL))
		return read_as_keys(merge, (Node *) list_make2(aggref->args, aggref->aggfilter)) ?
			(Expr *) aggref : NULL;
	part = (Aggref *) add_part(merge, copyObject(aggref));
	aggref->aggargtypes = list_make1_oid(part->aggtype);
	aggref->inputcollid = part->aggcollid;
	aggref->args = list_make1(makeTargetEntry((Expr *) part, 1, NULL, false));
	return over_groups(merge, aggref);
}

/* the row of the table for the function, or -1 */
static int
find_merged(Oid function)
{
	for (int i = 0; i < lengthof(merged); i++)
	{
		if (merged[i].function == function)
			return i;
	}
	return -1;
}

/* whether MongoDB can evaluate the FILTER of the aggregate, if it has one */
static bool
tests_filter(const AdMerge *merge)
{
	Node	   *filter = (Node *) merge->aggref->aggfilter;

	return filter == NULL ||
		(bms_is_subset(pull_varnos(merge->root, filter), merge->rel->relids) &&
		 ad_can_test(merge->builder, filter));
}

/* the aggregate as an expression of groups; NULL if MongoDB has no parts for it */
static Expr *
merge_aggregate(AdMerge *merge)
{
	const Aggref *aggref = merge->aggref;
	Expr	   *argument = aggref->args == NIL ? NULL : linitial_node(TargetEntry, aggref->args)->expr;
	bool		is_repeatable = ad_ignores_repetition(aggref);
	int			row = is_repeatable ? -1 : find_merged(aggref->aggfnoid);

	if (!is_repeatable && (row < 0 || aggref->aggorder != NIL))
		return NULL;
	merge->sum = is_repeatable ? InvalidOid : merged[row].sum;
	merge->on_groups = !tests_filter(merge) ||
		(!is_repeatable && argument != NULL && !is_evaluated(merge, argument));
	if (merge->on_groups && aggref->aggfilter != NULL &&
		!read_as_keys(merge, (Node *) aggref->aggfilter))
		return NULL;
	return is_repeatable ? merge_repeatable(merge, argument) :
		merge_numbers(merge, merged[row].is_average, argument);
}

/*
 * Returns what the part is for a group of one row: an expression of its type.  A count
 * is not null, as that of any group.  NULL if it is not known.
 */
Expr *
ad_part_of_row(const Aggref *part)
{
	Expr	   *argument = part->args == NIL ? NULL : linitial_node(TargetEntry, part->args)->expr;
	Expr	   *one = bigint_constant(1);
	Expr	   *value;

	if (part->aggfnoid == F_COUNT_)
		value = one;
	else if (part->aggfnoid == F_COUNT_ANY)
		value = where_not_null(argument, one);
	else if (part->aggtype == exprType((Node *) argument))
		value = argument;
	else if (part->aggtype == NUMERICOID)
		value = as_numeric(argument);
	else
		value = call(exprType((Node *) argument) == INT2OID ? F_INT8_INT2 : F_INT8_INT4, argument, NULL);
	if (exprType((Node *) value) != part->aggtype)
		return NULL;
	if (part->aggfilter != NULL)
		value = where(part->aggfilter, value);
	return part->aggfnoid == F_COUNT_ || part->aggfnoid == F_COUNT_ANY ? ad_number_or(value, 0) : value;
}

/*
 * The aggregates of the target list and HAVING.  Returns false if there is also
 * a call of GROUPING(), but for grouping sets, which PostgreSQL makes.
 */
bool
ad_find_aggregates(PlannerInfo *root, List **aggregates)
{
	List	   *exprs = list_make2(root->processed_tlist, root->parse->havingQual);
	ListCell   *lc;

	*aggregates = NIL;
	foreach(lc, pull_var_clause((Node *) exprs,
								PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
								PVC_INCLUDE_PLACEHOLDERS))
	{
		if (IsA(lfirst(lc), GroupingFunc) && root->parse->groupingSets == NIL)
			return false;
		if (IsA(lfirst(lc), Aggref))
			*aggregates = list_append_unique(*aggregates, lfirst(lc));
	}
	return true;
}

/*
 * Finds how the aggregates are made from groups of the table `rel`, and adds
 * what PostgreSQL must read for that to the builder's keys.  The parts are not
 * yet added.  Returns false if one of the aggregates cannot be made.
 */
bool
ad_merge_aggregates(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *rel,
					List *aggregates, AdMerges *merges)
{
	AdMerge		merge = {.root = root, .builder = builder, .rel = rel};
	ListCell   *lc;

	foreach(lc, aggregates)
	{
		Expr	   *expr;

		merge.aggref = lfirst(lc);
		merge.nesting = 0;
		expr = merge_aggregate(&merge);
		if (expr == NULL)
			return false;
		merges->aggregates = lappend(merges->aggregates, lfirst(lc));
		merges->merged = lappend(merges->merged, expr);
	}
	merges->parts = merge.parts;
	return true;
}
