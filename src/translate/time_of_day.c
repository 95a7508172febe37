/*
 * time_of_day.c
 *	  Conditions on the time of day that a clock shows.
 *
 * ts::time BETWEEN '09:00' AND '17:00' compares seconds since midnight by the
 * clock, which extract() tells by its parts.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "translate/call.h"
#include "translate/time_of_day.h"

/* function(left, right), of numerics */
static Node *
call(Oid function, Node *left, Node *right)
{
	return (Node *) makeFuncExpr(function, NUMERICOID, list_make2(left, right), InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* extract(part FROM time) * seconds */
static Node *
seconds(Oid function, const char *part, Node *time, int seconds)
{
	return call(F_NUMERIC_MUL, ad_make_call(function, NUMERICOID, part, time),
				(Node *) makeConst(NUMERICOID, -1, InvalidOid, -1,
								   NumericGetDatum(int64_to_numeric(seconds)), false, false));
}

/* the seconds since midnight of what a clock shows, if the node is that; else of a time */
static Node *
since_midnight(Node *node, bool *clock)
{
	List	   *args;
	Oid			function = ad_called(node, &args);
	Oid			part;

	if (function == F_TIME_TIMESTAMPTZ)
		part = F_EXTRACT_TEXT_TIMESTAMPTZ;
	else if (function == F_TIME_TIMESTAMP)
		part = F_EXTRACT_TEXT_TIMESTAMP;
	else
		return eval_const_expressions(NULL, ad_make_call(F_EXTRACT_TEXT_TIME, NUMERICOID, "epoch", node));
	*clock = true;
	node = linitial(args);
	return call(F_NUMERIC_ADD, seconds(part, "hour", node, SECS_PER_HOUR),
				call(F_NUMERIC_ADD, seconds(part, "minute", node, SECS_PER_MINUTE), ad_make_call(part, NUMERICOID, "second", node)));
}

/*
 * Returns the comparison of seconds that has the same result as a comparison of
 * ts::time with another time; else the expression itself.
 */
const OpExpr *
ad_time_of_day_comparison(const OpExpr *expr)
{
	bool		clock = false;
	OpExpr	   *result;
	Node	   *left;
	Node	   *right;
	Oid			opno;

	if (list_length(expr->args) != 2 || exprType(linitial(expr->args)) != TIMEOID ||
		exprType(lsecond(expr->args)) != TIMEOID)
		return expr;
	opno = ad_same_operator(expr->opno, TIMEOID, NUMERICOID);
	left = since_midnight(linitial(expr->args), &clock);
	right = since_midnight(lsecond(expr->args), &clock);
	if (!clock || !OidIsValid(opno))
		return expr;
	result = (OpExpr *) make_opclause(opno, BOOLOID, false,
									  (Expr *) left, (Expr *) right, InvalidOid, InvalidOid);
	result->opfuncid = get_opcode(opno);
	return result;
}
