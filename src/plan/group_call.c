/*
 * group_call.c
 *	  One aggregate call of a group, and its argument.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "plan/group_call.h"
#include "query/bind.h"
#include "translate/let.h"
#include "translate/value_condition.h"
#include "translate/value_numeric.h"

/* the most characters of a constant that is summed: 10^22 of those have 34 digits */
#define LONGEST_DECIMAL	12

/*
 * Returns a copy of the fixed part of an aggregate's row in pg_aggregate.
 */
FormData_pg_aggregate
ad_aggregate_row(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
	FormData_pg_aggregate row;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", function);
	row = *(Form_pg_aggregate) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	return row;
}

/*
 * Returns the function that makes the result of an aggregate from its
 * transition state, if the state of doubles is all that MongoDB can compute;
 * else InvalidOid.
 */
Oid
ad_call_final(const Aggref *aggref, AdAggregate aggregate)
{
	if (aggref->aggsplit != AGGSPLIT_SIMPLE || aggref->aggtranstype != FLOAT8ARRAYOID ||
		(aggregate != AD_DEVIATION && aggregate != AD_REGRESSION))
		return InvalidOid;
	return ad_aggregate_row(aggref->aggfnoid).aggfinalfn;
}

/*
 * Whether the clauses (SortGroupClause) compare the expressions by the equality
 * of their types: ORDER BY ... USING has GROUP BY take that of another
 * operator class.
 */
bool
ad_has_own_equality(const List *clauses, const List *expressions)
{
	ListCell   *clause;
	ListCell   *expr;

	forboth(clause, clauses, expr, expressions)
	{
		if (lfirst_node(SortGroupClause, clause)->eqop !=
			lookup_type_cache(exprType(lfirst(expr)), TYPECACHE_EQ_OPR)->eq_opr)
			return false;
	}
	return true;
}

/*
 * Whether the value is a column whose field can be used without tests: it
 * holds no mismatch, or a mismatch is an error, which a guard detects.
 */
bool
ad_is_plain_column(const AdValue *value)
{
	return value->column != NULL &&
		(!value->nullable || value->column->on_mismatch == AD_MISMATCH_ERROR);
}

/*
 * Translates the aggregate's FILTER, if it has one.  Returns false if MongoDB
 * cannot evaluate it.
 */
bool
ad_call_set_filter(AdCall *call, AdValueContext *values, const Aggref *aggref)
{
	if (aggref->aggfilter == NULL)
		return true;
	call->filter = ad_value_condition(values, (Node *) aggref->aggfilter, true);
	if (call->filter == NULL)
		return false;
	call->filter = ad_let(values->base, call->filter);
	return true;
}

/*
 * Notes that the arguments of the aggregate are evaluated only where its
 * FILTER is true.  The caller restores values->base->lazy at the end.
 */
void
ad_call_only_if_filtered(AdValueContext *values, const Aggref *aggref)
{
	if (aggref->aggfilter != NULL)
		ad_expr_only_if(values->base, (Node *) aggref->aggfilter, IS_TRUE, true);
}

/*
 * Translates the two arguments of an aggregate of pairs.  A pair counts if
 * neither is null, so its filter becomes true for such pairs only.  Returns
 * false if MongoDB cannot compute an argument.
 */
bool
ad_call_set_pair(AdCall *call, AdValueContext *values, const Aggref *aggref)
{
	List	   *failures = values->failures;
	List	   *of_arguments;
	List	   *tests = NIL;
	AdLazy		lazy = values->base->lazy;
	AdValue    *pair = palloc(2 * sizeof(AdValue));
	bool		known = true;

	if (call->filter != NULL)
		tests = list_make1(call->filter);
	values->failures = NIL;
	ad_call_only_if_filtered(values, aggref);
	for (int i = 0; i < 2 && known; i++)
	{
		known = ad_value(values, (Node *) list_nth_node(TargetEntry, aggref->args, i)->expr, &pair[i]);
		if (!known)
			break;
		(void) ad_value_let(values, &pair[i]);
		if (pair[i].nullable)
			tests = lappend(tests, ad_value_not_null(&pair[i]));
	}
	values->base->lazy = lazy;
	if (!known)
		return false;
	of_arguments = values->failures;
	values->failures = failures;
	ad_value_fail_if(values, of_arguments, call->filter);
	call->filter = ad_all_of(tests);
	if (call->aggregate == AD_REGRESSION)
	{
		call->argument = &pair[0];
		call->second = &pair[1];
	}
	return true;
}

/*
 * Returns `expr` where FILTER is true or absent, else null.
 */
Node *
ad_call_filtered(const AdCall *call, Node *expr)
{
	return call->filter == NULL ? expr : ad_value_if(call->filter, expr, ad_null());
}

/*
 * Returns an expression that can replace the argument where nulls are tested
 * and values are compared or summed.  It is null where FILTER is not true.
 */
Node *
ad_call_argument(const AdCall *call)
{
	const AdValue *value = call->argument;

	/* an ObjectId is not in the order of its digits */
	if (ad_is_plain_column(value) && value->column->type->class != AD_CLASS_TEXT)
		return ad_call_filtered(call, ad_path_expr(value->column->field));
	return ad_call_filtered(call, value->expr);
}

/*
 * Whether the argument is what the clock of a zone shows at an instant, or a
 * unit of it, and not the instant.
 */
bool
ad_call_reads_clock(const AdCall *call)
{
	const AdValue *value = call->argument;

	return value->unit != NULL || value->shift != 0 ||
		(value->zone != NULL && !equal(value->zone, ad_string("UTC")));
}

/*
 * Returns the argument in a form that $min, $max and $sort order as
 * PostgreSQL does, and that AD_RESULT_EXTREME reads; for a double, see
 * ad_value_nan_last().  NULL if there is no such form.
 */
Node *
ad_call_ordered(AdExprContext *context, const AdCall *call)
{
	const AdValue *value = call->argument;
	Node	   *expr = ad_call_argument(call);

	if (value->typid == NUMERICOID)
	{
		Node	   *decimal = value->divisor == 0 ? NULL : ad_numeric_decimal(value);

		return decimal == NULL ? NULL : ad_call_filtered(call, decimal);
	}
	if (ad_call_reads_clock(call))
		return NULL;
	if (value->typid == FLOAT8OID)
		return ad_value_nan_last(ad_let(context, expr));
	return expr;
}

/*
 * Returns 1 for a value that is not null, else 0.
 */
Node *
ad_count_value_expr(Node *value)
{
	return ad_value_if(ad_doc("$gt", ad_array2(value, ad_null())), ad_integer(1), ad_integer(0));
}

/*
 * Returns 1 for a document that is counted, else 0.
 */
Node *
ad_count_expr(const AdCall *call)
{
	const AdValue *value = call->argument;

	if (value == NULL || !value->nullable)
		return call->filter == NULL ? ad_integer(1) :
			ad_value_if(call->filter, ad_integer(1), ad_integer(0));
	return ad_count_value_expr(ad_call_filtered(call, ad_is_plain_column(value) ? ad_path_expr(value->column->field) : value->expr));
}

/*
 * Whether the numeric constants in an expression have so few digits that no
 * sum of them has more than the 34 of a decimal, which MongoDB would round
 * silently.
 */
static bool
has_short_decimals(const Node *node)
{
	const ListCell *lc;

	check_stack_depth();
	if (node == NULL)
		return true;
	if (IsA(node, Const))
	{
		const Const *constant = (const Const *) node;

		return constant->consttype != NUMERICOID || constant->constisnull ||
			strlen(DatumGetCString(DirectFunctionCall1(numeric_out, constant->constvalue))) <= LONGEST_DECIMAL;
	}
	if (!IsA(node, List))
		return true;
	foreach(lc, (const List *) node)
	{
		if (!has_short_decimals(lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * Returns the expression that is summed; NULL if no sum is exact.
 *
 * Integers may be stored as doubles, but their sum must not be computed with
 * doubles: int2 and int4 are summed as longs, int8 as decimals.
 */
Node *
ad_sum_expr(const AdCall *call)
{
	const AdValue *value = call->argument;
	Node	   *decimal;

	switch (value->typid)
	{
		case FLOAT8OID:
			return ad_call_argument(call);
		case INT2OID:
		case INT4OID:
			return ad_call_filtered(call, value->expr);
		case INT8OID:
			return ad_call_filtered(call, ad_doc("$toDecimal", value->expr));
		case NUMERICOID:
			decimal = ad_numeric_decimal(value);
			if (decimal == NULL || (value->divisor == 0 && !has_short_decimals(decimal)))
				return NULL;
			return ad_call_filtered(call, decimal);
		default:
			return NULL;
	}
}
