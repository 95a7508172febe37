/*
 * group_key.c
 *	  Translation of expressions to group by.
 *
 * Group keys are not read from the reply: each group returns the columns of
 * one of its documents, and PostgreSQL computes the keys from them.  So
 * MongoDB's key may differ from PostgreSQL's.  It only has to be equal for
 * two documents exactly if PostgreSQL's is.  A function that maps distinct
 * arguments to distinct results can therefore be left out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/oids.h"
#include "bson/constant.h"
#include "bson/types.h"
#include "query/bind.h"
#include "translate/call.h"
#include "translate/group_key.h"
#include "translate/let.h"
#include "translate/value_time.h"
#include "translate/week_start.h"

/*
 * Functions that, if any other argument is constant, map distinct arguments
 * to distinct results or fail.
 */
static const Oid failing[] = {
	F_INT2PL, F_INT24PL, F_INT42PL, F_INT4PL, F_INT28PL, F_INT82PL, F_INT48PL, F_INT84PL, F_INT8PL,
	F_INT2MI, F_INT24MI, F_INT42MI, F_INT4MI, F_INT28MI, F_INT82MI, F_INT48MI, F_INT84MI, F_INT8MI,
	F_INT2UM, F_INT4UM, F_INT8UM,
	F_INT2_INT4, F_INT2_INT8, F_INT4_INT8
};

/* such functions that never fail */
static const Oid sound[] = {
	F_INT4_INT2, F_INT8_INT2, F_INT8_INT4,
	F_FLOAT8_INT2, F_FLOAT8_INT4, F_NUMERIC_INT2, F_NUMERIC_INT4, F_NUMERIC_INT8,
	F_NUMERIC_ADD, F_NUMERIC_SUB, F_NUMERIC_UMINUS
};

/* whether a constant of type numeric is 0, NaN or infinite */
static bool
is_zero_or_special(Node *node)
{
	Numeric		number = DatumGetNumeric(((Const *) node)->constvalue);

	return numeric_is_nan(number) || numeric_is_inf(number) ||
		DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number),
										 NumericGetDatum(int64_to_numeric(0))));
}

/*
 * Whether a function that adds a constant interval to an instant, or
 * subtracts it, maps distinct instants to distinct ones.
 *
 * Where the clock is changed for daylight saving, this is true only of days
 * added to the beginning of days, and of months added to the beginning of
 * months.
 */
static bool
is_injective_shift(AdValueContext *context, Oid function, Node *instant, Node *shift)
{
	Interval   *interval = DatumGetIntervalP(((Const *) shift)->constvalue);
	AdValueContext probe = *context;
	AdValue		value;

	if (function != F_TIMESTAMPTZ_PL_INTERVAL && function != F_TIMESTAMPTZ_MI_INTERVAL &&
		function != F_TIMESTAMP_PL_INTERVAL && function != F_TIMESTAMP_MI_INTERVAL)
		return false;
	if (interval->month == 0 && interval->day == 0)
		return true;
	if (interval->time != 0 || !ad_value(&probe, instant, &value) || value.unit == NULL)
		return false;
	if (strcmp(value.unit, "month") == 0 || strcmp(value.unit, "quarter") == 0 ||
		strcmp(value.unit, "year") == 0)
		return interval->day == 0 || interval->month == 0;
	return interval->month == 0 &&
		(strcmp(value.unit, "day") == 0 || strcmp(value.unit, "week") == 0);
}

/*
 * Returns the argument that is not constant, if the function maps distinct
 * values of it to distinct results; else NULL.
 */
static Node *
injective_argument(AdValueContext *context, Oid function, List *args)
{
	Node	   *variable;
	Node	   *constant;

	/* now() has none */
	if (list_length(args) != 1 && list_length(args) != 2)
		return NULL;
	variable = linitial(args);
	constant = list_length(args) == 2 ? lsecond(args) : NULL;
	if (constant != NULL && IsA(variable, Const))
	{
		Node	   *other = variable;

		variable = constant;
		constant = other;
	}
	if (constant != NULL && (!IsA(constant, Const) || ((Const *) constant)->constisnull))
		return NULL;
	if (constant != NULL && exprType(constant) == NUMERICOID && is_zero_or_special(constant))
		return NULL;
	if (constant != NULL && exprType(constant) == INTERVALOID)
		return is_injective_shift(context, function, variable, constant) ? variable : NULL;
	if (function == F_NUMERIC_MUL)
		return variable;
	return ad_is_one_of(function, failing, lengthof(failing)) ||
		ad_is_one_of(function, sound, lengthof(sound)) ? variable : NULL;
}

/*
 * Whether values that are equal before a cast that changes only the type are
 * equal after it, and no others.  Another type can have another equality, as
 * citext and bpchar have.
 */
static bool
keeps_equality(const RelabelType *relabel)
{
	return relabel->resulttype == exprType((Node *) relabel->arg) || ad_is_text_cast(relabel);
}

/*
 * Strips the outer injective functions off an expression.  *fails is the
 * outermost of them that can fail, or NULL.
 */
static Node *
strip_injective(AdValueContext *context, Node *node, Node **fails)
{
	*fails = NULL;
	for (;;)
	{
		Node	   *argument = NULL;
		List	   *args;
		Oid			function = ad_called(node, &args);

		if (OidIsValid(function))
			argument = injective_argument(context, function, args);
		else if (IsA(node, RelabelType) && keeps_equality((RelabelType *) node))
			argument = (Node *) ((RelabelType *) node)->arg;
		if (argument == NULL)
			return node;
		if (*fails == NULL && ad_is_one_of(function, failing, lengthof(failing)))
			*fails = node;
		node = argument;
	}
}

/*
 * Translates the expression without its outer injective functions.
 *
 * The failures of those functions are recorded all the same.  PostgreSQL
 * computes the keys of the groups that are returned, and would miss an error
 * in a group that is not.
 */
static bool
injective_value(AdValueContext *context, Node *node, AdValue *value)
{
	Node	   *fails;
	List	   *failures;

	node = strip_injective(context, node, &fails);
	if (fails == NULL)
		return ad_value(context, node, value);
	if (!ad_value(context, fails, value))
		return false;

	/*
	 * These include the failures of the stripped expression, so do not add
	 * them twice.
	 */
	failures = context->failures;
	if (!ad_value(context, node, value))
		return false;
	context->failures = failures;
	return true;
}

/*
 * Whether date_bin() puts an instant that is a whole number of strides before
 * the origin into the bin that begins there.  Releases before those of
 * February 2024 put it into the one before.
 */
static bool
bins_begin_before_origin(void)
{
	Interval	day = {.day = 1};
	Datum		before = TimestampTzGetDatum(-USECS_PER_DAY);

	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_bin, IntervalPGetDatum(&day), before,
												   TimestampTzGetDatum(0))) == -USECS_PER_DAY;
}

/*
 * Reads the constant stride and origin of date_bin(), in milliseconds; false
 * if they are no whole ones, or if PostgreSQL takes the stride for an error.
 */
static bool
bin_constants(Const *stride, Const *origin, int64 *length, int64 *begin)
{
	Interval   *interval;
	TimestampTz instant;

	if (!IsA(stride, Const) || stride->constisnull || !IsA(origin, Const) || origin->constisnull)
		return false;
	interval = DatumGetIntervalP(stride->constvalue);
	instant = DatumGetTimestampTz(origin->constvalue);
	if (interval->month != 0 || interval->day < 0 || interval->day > 10000 ||
		interval->time < 0 || interval->time > 10000 * USECS_PER_DAY ||
		(interval->day == 0 && interval->time == 0) || interval->time % 1000 != 0 ||
		TIMESTAMP_NOT_FINITE(instant))
		return false;
	*length = interval->day * (USECS_PER_DAY / 1000) + interval->time / 1000;
	return ad_timestamptz_to_ms(instant, begin);
}

/*
 * The key for date_bin(stride, instant, origin), or NULL: the milliseconds from
 * the origin to the beginning of the bin.
 *
 * With an origin before PostgreSQL's epoch, the time from it to the last years
 * of the calendar is out of range.
 */
static Node *
bin_key(AdValueContext *context, const FuncExpr *func)
{
	AdValue		value;
	int64		length;
	int64		begin;
	Node	   *passed;
	Node	   *rest;

	if (!bin_constants(linitial(func->args), lthird(func->args), &length, &begin) ||
		!ad_value(context, lsecond(func->args), &value) || value.unit != NULL || value.shift != 0 ||
		(value.typid != TIMESTAMPTZOID &&
		 !(value.typid == TIMESTAMPOID && equal(value.zone, ad_string("UTC")))) ||
		(!value.near && begin < AD_EPOCH_SHIFT))
		return NULL;
	passed = ad_let(context->base, ad_doc("$subtract", ad_array2(value.expr, ad_date_const(begin))));
	if (!bins_begin_before_origin())
		passed = ad_let(context->base,
						ad_value_if(ad_doc("$lt", ad_array2(passed, ad_integer(0))),
									ad_doc("$subtract", ad_array2(passed, ad_integer(1))), passed));
	/* the remainder, made non-negative */
	rest = ad_doc("$mod", ad_array2(ad_doc("$add", ad_array2(ad_doc("$mod", ad_array2(passed, ad_int64(length))),
															 ad_int64(length))),
									ad_int64(length)));
	return ad_doc("$subtract", ad_array2(passed, rest));
}

/* whether the expression reads a column whose values are not verified */
static bool
reads_trusted(AdExprContext *context, Node *node)
{
	ListCell   *lc;

	foreach(lc, pull_var_clause(node, PVC_RECURSE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS))
	{
		const AdColumn *column = ad_expr_column(context, lfirst(lc));

		if (column != NULL && column->type->trusted)
			return true;
	}
	return false;
}

/*
 * Returns `expr`, which is made of the value of an SQL expression, with null in
 * place of a missing field, which is another value as a part of _id, and to $eq
 * and $ne.  Only the tests of values make it null before.
 */
Node *
ad_missing_as_null(AdValueContext *context, Node *node, const AdValue *value, Node *expr)
{
	if (expr == NULL || !value->nullable ||
		(context->lookup == NULL && !reads_trusted(context->base, node)))
		return expr;
	return ad_doc("$ifNull", ad_array2(expr, ad_null()));
}

/*
 * Returns an expression that is equal for two documents exactly if the SQL
 * expression is; NULL if there is none.
 *
 * It need not be right for a document for which the SQL expression fails:
 * failures are added to `context`.  If `nullable`, the result is null exactly
 * where the SQL expression is.
 */
Node *
ad_key_expr(AdValueContext *context, Node *node, bool nullable)
{
	AdValue		value;
	Node	   *key;
	Node	   *week;

	if (!ad_is_deterministic(exprCollation(node), exprType(node)))
		return NULL;
	week = ad_week_start(node);
	if (week != NULL)
		node = week;
	if (IsA(node, FuncExpr) && (((FuncExpr *) node)->funcid == F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ ||
								((FuncExpr *) node)->funcid == F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP))
		return bin_key(context, (FuncExpr *) node);
	if (!injective_value(context, node, &value) || value.rounded)
		return NULL;
	if (value.typid != TIMESTAMPTZOID && value.typid != TIMESTAMPOID && value.typid != DATEOID)
		return ad_missing_as_null(context, node, &value, value.expr);
	key = ad_instant_key(context->base, &value);
	/* the parts of a local time, which are null for null */
	if (key != NULL && IsA(key, List) && ad_tag(key) == AD_DOCUMENT && ad_doc_key(key, 0)[0] != '$')
		return nullable ? NULL : key;
	return ad_missing_as_null(context, node, &value, key);
}
