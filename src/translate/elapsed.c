/*
 * elapsed.c
 *	  Conditions on the time since an instant.
 *
 * now() - ts < interval '1 day' is the same as ts > now() - interval '24:00',
 * of which MongoDB can use an index.  PostgreSQL compares intervals as if a day
 * had 24 hours and a month 30 days (interval_cmp_value()), and the difference
 * of two instants has no months, so both are exact in microseconds.  So is
 * extract(epoch FROM now() - ts) < 86400, and current_date - d < 7 in days.
 * Other increasing functions of the time are compared as measure.c says.
 *
 * The instant beside the column must be one to which an interval can be added
 * without an error that the difference would not have: the time of the
 * statement, what is made from it, or a constant.
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "translate/call.h"
#include "translate/elapsed.h"
#include "translate/measure.h"

/* a hundred years, and a thousand years, in microseconds */
#define LONGEST_TIME		(INT64CONST(36525) * USECS_PER_DAY)
#define FARTHEST_INSTANT	(INT64CONST(365250) * USECS_PER_DAY)

/* differences, and what moves an instant, or a date, by such a difference */
static const struct
{
	Oid			function;
	Oid			typid;
	Oid			plus;
	Oid			minus;
}			differences[] = {
	{F_TIMESTAMPTZ_MI, TIMESTAMPTZOID, F_TIMESTAMPTZ_PL_INTERVAL, F_TIMESTAMPTZ_MI_INTERVAL},
	{F_TIMESTAMP_MI, TIMESTAMPOID, F_TIMESTAMP_PL_INTERVAL, F_TIMESTAMP_MI_INTERVAL},
	{F_DATE_MI, DATEOID, F_DATE_PLI, F_DATE_MII},
};

/* the argument of extract(epoch FROM ...), or the node itself */
static Node *
strip_epoch(Node *node)
{
	FuncExpr   *func = (FuncExpr *) node;
	Const	   *field;

	if (!IsA(node, FuncExpr) || func->funcid != F_EXTRACT_TEXT_INTERVAL)
		return node;
	field = linitial(func->args);
	return IsA(field, Const) && !field->constisnull &&
		strcmp(TextDatumGetCString(field->constvalue), "epoch") == 0 ? lsecond(func->args) : node;
}

/* the row of the table for the expression, or -1 */
static int
find_difference(Node *node)
{
	Oid			function;

	node = strip_epoch(node);
	function = IsA(node, OpExpr) ? get_opcode(((OpExpr *) node)->opno) : InvalidOid;
	for (int i = 0; i < lengthof(differences); i++)
	{
		if (function == differences[i].function)
			return i;
	}
	return -1;
}

/* the microseconds of an interval, as they are compared; false if they are too many */
static bool
interval_usecs(const Interval *interval, int64 *time)
{
	double		days = interval->month * (double) DAYS_PER_MONTH + interval->day;

	if (fabs(days) * USECS_PER_DAY + fabs((double) interval->time) > LONGEST_TIME)
		return false;
	*time = (interval->month * INT64CONST(30) + interval->day) * USECS_PER_DAY + interval->time;
	return true;
}

/* the microseconds of a constant number of seconds; false if they are no integer, or too many */
static bool
seconds_usecs(Datum seconds, int64 *time)
{
	Datum		most = NumericGetDatum(int64_to_numeric(LONGEST_TIME / USECS_PER_SEC));
	Datum		product;

	/* NaN is greater than all other numbers */
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, DirectFunctionCall1(numeric_abs, seconds), most)))
		return false;
	product = DirectFunctionCall2(numeric_mul, seconds,
								  NumericGetDatum(int64_to_numeric(USECS_PER_SEC)));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, product, DirectFunctionCall1(numeric_floor, product))))
		return false;
	*time = DatumGetInt64(DirectFunctionCall1(numeric_int8, product));
	return true;
}

/*
 * Whether the node is a constant that differences of this type are compared
 * with, and is not too large; sets *amount to its microseconds, or days.
 */
static bool
is_amount(const Node *node, Oid typid, int64 *amount)
{
	const Const *constant = (const Const *) node;

	if (!IsA(node, Const) || constant->consttype != typid || constant->constisnull)
		return false;
	switch (typid)
	{
		case INTERVALOID:
			return interval_usecs(DatumGetIntervalP(constant->constvalue), amount);
		case NUMERICOID:
			return seconds_usecs(constant->constvalue, amount);
		case INT4OID:
			*amount = DatumGetInt32(constant->constvalue);
			return *amount >= -LONGEST_TIME / USECS_PER_DAY && *amount <= LONGEST_TIME / USECS_PER_DAY;
		default:
			return false;
	}
}

/* whether the operator is one of <, <=, > and >=, of one type or two */
static bool
is_ordering(const OpExpr *expr)
{
	const TypeCacheEntry *type = lookup_type_cache(exprType(linitial(expr->args)), TYPECACHE_BTREE_OPFAMILY);
	int			strategy = get_op_opfamily_strategy(expr->opno, type->btree_opf);

	return strategy != 0 && strategy != BTEqualStrategyNumber;
}


/*
 * Whether a function of PostgreSQL's own makes an instant from another one that
 * is near the present, and from constants.
 */
static bool
is_made_from_instant(Oid function, List *args)
{
	bool		result = false;
	ListCell   *lc;

	if (function >= FirstNormalObjectId || func_volatile(function) == PROVOLATILE_VOLATILE)
		return false;
	foreach(lc, args)
	{
		Node	   *arg = lfirst(lc);
		int64		time;

		if (ad_is_near_instant(arg))
			result = true;
		else if (!IsA(arg, Const) ||
				 (exprType(arg) != TEXTOID && !is_amount(arg, INTERVALOID, &time)))
			return false;
	}
	return result;
}

/*
 * Whether the node is the time of the statement, another instant that is made
 * from it, or a constant instant near the present, so that a hundred years can be
 * added to it.
 */
bool
ad_is_near_instant(Node *node)
{
	const Const *constant = (const Const *) node;
	const FuncExpr *func = (const FuncExpr *) node;
	const OpExpr *op = (const OpExpr *) node;
	Oid			typid = exprType(node);

	if (typid != TIMESTAMPTZOID && typid != TIMESTAMPOID && typid != DATEOID)
		return false;
	switch (nodeTag(node))
	{
		case T_SQLValueFunction:
			return true;
		case T_Const:
			/* constant dates may be infinite, or far */
			return typid != DATEOID && !constant->constisnull &&
				DatumGetTimestamp(constant->constvalue) > -FARTHEST_INSTANT &&
				DatumGetTimestamp(constant->constvalue) < FARTHEST_INSTANT;
		case T_FuncExpr:
			return func->funcid == F_NOW || func->funcid == F_STATEMENT_TIMESTAMP ||
				func->funcid == F_TRANSACTION_TIMESTAMP || is_made_from_instant(func->funcid, func->args);
		case T_OpExpr:
			return is_made_from_instant(get_opcode(op->opno), op->args);
		default:
			return false;
	}
}

/* the constant of days, or the interval of microseconds */
static Const *
amount_constant(Oid typid, int64 amount)
{
	Interval   *interval;

	if (typid == INT4OID)
		return makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(amount), false, true);
	interval = palloc0(sizeof(Interval));
	interval->time = amount;
	return makeConst(INTERVALOID, -1, InvalidOid, sizeof(Interval), IntervalPGetDatum(interval), false, false);
}

/* the comparison with `other`, moved by this amount */
static OpExpr *
compare_moved(const OpExpr *expr, Oid opno, Node *instant, Node *other, Oid function, int64 amount)
{
	OpExpr	   *result = copyObject(unconstify(OpExpr *, expr));
	Const	   *moved_by = amount_constant(exprType(other) == DATEOID ? INT4OID : INTERVALOID, amount);

	result->opno = opno;
	result->opfuncid = get_opcode(opno);
	result->args = list_make2(instant,
							  makeFuncExpr(function, exprType(other), list_make2(other, moved_by),
										   InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
	return result;
}

/*
 * Returns the comparison of a difference with a constant that has the same result
 * as a comparison of an increasing function of it, such as extract(day FROM ...);
 * else the expression itself.
 */
static const OpExpr *
compare_measured(const OpExpr *expr)
{
	Node	   *measured = NULL;
	const TypeCacheEntry *type;
	int64		longest = LONGEST_TIME;
	Const	   *constant;
	int64		bound;
	bool		above;
	Oid			opno;

	if (list_length(expr->args) == 2 && find_difference(linitial(expr->args)) < 0 &&
		find_difference(lsecond(expr->args)) < 0)
		measured = IsA(lsecond(expr->args), Const) ? ad_measured(linitial(expr->args)) :
			IsA(linitial(expr->args), Const) ? ad_measured(lsecond(expr->args)) : NULL;
	if (measured == NULL || find_difference(measured) < 0 || !is_ordering(expr))
		return expr;
	if (exprType(measured) == INT4OID)
		longest /= USECS_PER_DAY;
	if (!ad_measure_bound(expr, measured, longest, &bound, &above))
		return expr;
	type = lookup_type_cache(exprType(measured), TYPECACHE_BTREE_OPFAMILY);
	opno = get_opfamily_member(type->btree_opf, type->type_id, type->type_id,
							   above ? BTGreaterEqualStrategyNumber : BTLessStrategyNumber);
	constant = amount_constant(exprType(measured), bound);
	return (OpExpr *) make_opclause(opno, BOOLOID, false, (Expr *) measured, (Expr *) constant,
									InvalidOid, InvalidOid);
}

/*
 * Returns the comparison of instants that has the same result as a comparison
 * of a difference of instants with a constant; else the expression itself.
 */
const OpExpr *
ad_elapsed_comparison(const OpExpr *original)
{
	const OpExpr *expr = compare_measured(original);
	Oid			opno = expr->opno;
	Node	   *difference = linitial(expr->args);
	Node	   *constant = llast(expr->args);
	List	   *instants;
	int64		amount;
	int			row;

	if (list_length(expr->args) == 2 && find_difference(constant) >= 0)
	{
		difference = constant;
		constant = linitial(expr->args);
		opno = get_commutator(opno);
	}
	row = find_difference(difference);
	if (row < 0 || list_length(expr->args) != 2 || !OidIsValid(opno) ||
		!is_amount(constant, exprType(difference), &amount))
		return original;
	opno = ad_same_operator(opno, exprType(difference), differences[row].typid);
	instants = ((OpExpr *) strip_epoch(difference))->args;
	if (!OidIsValid(opno))
		return original;
	if (ad_is_near_instant(linitial(instants)))
		return compare_moved(expr, get_commutator(opno), lsecond(instants), linitial(instants),
							 differences[row].minus, amount);
	if (ad_is_near_instant(lsecond(instants)))
		return compare_moved(expr, opno, linitial(instants), lsecond(instants),
							 differences[row].plus, amount);
	return original;
}
