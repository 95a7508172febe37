/*
 * filter_clock.c
 *	  Translation of SQL conditions on the local time of an instant.
 *
 * A comparison such as ts::date = $1 becomes a leaf, which match_clock.c
 * turns into a range of instants when the operand is known.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/lsyscache.h"

#include "query/leaf.h"
#include "query/match.h"
#include "query/match_type.h"
#include "translate/filter_clock.h"
#include "translate/value_condition.h"
#include "translate/value_time.h"

/* whether the value is extract(epoch FROM ...), as milliseconds */
static bool
is_epoch(const AdValue *value)
{
	return value->typid == NUMERICOID && value->divisor == 1000 && value->scale == 6;
}

/*
 * Whether the value is a local time cut to days or longer units, without a
 * shift.
 */
static bool
is_calendar(const AdValue *value)
{
	return (value->typid == TIMESTAMPTZOID || value->typid == TIMESTAMPOID ||
			value->typid == DATEOID) &&
		value->shift == 0 && ad_instant_of_days(value->unit);
}

/* the leaf of this kind, with the guard of its column */
static Node *
make_leaf(AdTag kind, const AdValue *value, AdOp op, bool by_instant, Oid operand_type, Node *operand)
{
	bool		session = value->zone == NULL || IsA(value->zone, List);
	AdLeaf		leaf = {
		.kind = kind, .path = value->of->field, .typid = value->of->typid, .op = op,
		.operand_type = operand_type, .operand = operand,
		.guard = ad_match_guard(value->of->field, value->of->type, false),
		.unit = value->unit != NULL ? value->unit : "epoch",
		.zone = session ? ad_null() : value->zone, .by_instant = by_instant
	};

	return kind == AD_CLOCK_MEMBER ? ad_leaf(&leaf) : ad_and(list_make2(ad_leaf(&leaf), leaf.guard));
}

/*
 * Returns the leaf for `value op operand`, or for whether the value is one of the
 * operand's elements; NULL if the value is not the local time of a column, or not in
 * the order of the column's instants.
 */
static Node *
clock_leaf(AdTag kind, const AdValue *value, AdOp op, Oid operand_type, Node *operand)
{
	bool		session = value->zone != NULL && IsA(value->zone, List);
	bool		by_instant = value->typid == TIMESTAMPTZOID || operand_type == TIMESTAMPTZOID;

	if (value->of == NULL)
		return NULL;
	if (kind == AD_CLOCK && is_epoch(value) && operand_type == NUMERICOID)
		return make_leaf(kind, value, op, true, operand_type, operand);
	if (!is_calendar(value) ||
		(operand_type != TIMESTAMPTZOID && operand_type != TIMESTAMPOID && operand_type != DATEOID))
		return NULL;

	/*
	 * PostgreSQL reads a date that it compares with an instant in the
	 * session's zone.
	 */
	if (by_instant && value->typid != TIMESTAMPTZOID && !session)
		return NULL;

	/*
	 * POSIX inverts the sign of an offset, so PostgreSQL would misread the
	 * name "+02:00".
	 */
	if (!session && strVal(value->zone)[0] != 'U' && strchr(strVal(value->zone), '/') == NULL)
		return NULL;
	return make_leaf(kind, value, op, by_instant, operand_type, operand);
}

/*
 * Returns the leaf of this kind for `clock op operand`; NULL if there is none.
 */
static Node *
compare_clock(AdExprContext *context, AdTag kind, Node *clock, AdOp op, Oid operand_type, Node *operand)
{
	AdValueContext values = {.base = context, .no_guards = true};
	int			slots = list_length(context->slots);
	Node	   *leaf = NULL;
	AdValue		value;

	if (ad_value(&values, clock, &value))
	{
		/*
		 * The leaf reads the session's zone itself, so drop the slot of the
		 * zone.
		 */
		context->slots = list_truncate(context->slots, slots);
		operand = ad_expr_operand(context, operand);
		if (operand != NULL)
			leaf = clock_leaf(kind, &value, op, operand_type, operand);
	}
	if (leaf == NULL)
		context->slots = list_truncate(context->slots, slots);
	return leaf;
}

/*
 * Returns the predicate for a comparison of a column's local time with an
 * operand, in either order.
 *
 * It matches where the comparison is true, or, if not `wanted`, false.  NULL
 * if there is none.
 */
Node *
ad_clock_condition(AdExprContext *context, OpExpr *expr, bool wanted)
{
	Oid			opno = expr->opno;
	Node	   *left = linitial(expr->args);
	Node	   *operand = llast(expr->args);
	AdOp		op;
	Oid			operand_type;

	if (ad_value_is_operand(context, left))
	{
		operand = left;
		left = llast(expr->args);
		opno = get_commutator(opno);
	}
	if (list_length(expr->args) != 2 || !ad_value_is_operand(context, operand) || !OidIsValid(opno) ||
		!ad_expr_operator(opno, exprType(left), &op, &operand_type))
		return NULL;
	return compare_clock(context, AD_CLOCK, left, wanted ? op : ad_expr_negated(op), operand_type, operand);
}

/*
 * Returns the predicate for whether a column's local time is one of the elements
 * of an array, which may be known at execution only; NULL if there is none.
 */
static Node *
member_condition(AdExprContext *context, ScalarArrayOpExpr *expr)
{
	Node	   *clock = linitial(expr->args);
	Node	   *array = lsecond(expr->args);
	AdOp		op;
	Oid			operand_type;

	if (!ad_value_is_operand(context, array) ||
		!ad_expr_operator(expr->opno, exprType(clock), &op, &operand_type) || op != AD_OP_EQ)
		return NULL;
	return compare_clock(context, AD_CLOCK_MEMBER, clock, op, operand_type, array);
}

/*
 * Returns the predicate for a comparison of a column's local time with the
 * elements of an array, by ANY or ALL.
 *
 * But for `= ANY` the array must be constant, and the predicate is made of one leaf
 * per element, so there may not be too many (see ad_value_array()).  It matches
 * where the condition is true, or, if not `wanted`, false.  NULL if there is none.
 */
Node *
ad_clock_array_condition(AdExprContext *context, ScalarArrayOpExpr *expr, bool wanted)
{
	Const	   *array = lsecond(expr->args);
	bool		any = expr->useOr == wanted;
	bool		compared = false;
	List	   *tests = NIL;
	List	   *elements;
	ListCell   *lc;

	if (any && wanted)
	{
		Node	   *member = member_condition(context, expr);

		if (member != NULL)
			return member;
	}
	if (!IsA(array, Const) || array->constisnull || !ad_value_array(array, &elements))
		return NULL;
	foreach(lc, elements)
	{
		OpExpr	   *test = (OpExpr *) make_opclause(expr->opno, BOOLOID, false,
													linitial(expr->args), lfirst(lc),
													InvalidOid, expr->inputcollid);
		bool		isnull = ((Const *) lfirst(lc))->constisnull;
		Node	   *leaf = isnull ? ad_false() : ad_clock_condition(context, test, wanted);

		if (leaf == NULL)
			return NULL;
		tests = lappend(tests, leaf);
		compared |= !isnull;
	}

	/*
	 * PostgreSQL evaluates the left side even if there is nothing to compare
	 * it with, and it is a clock only if it has been.  ALL of an empty array
	 * is true even of null, which no leaf matches.
	 */
	if (!compared)
		return NULL;
	return any ? ad_or(tests) : ad_and(tests);
}
