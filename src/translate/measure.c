/*
 * measure.c
 *	  Increasing functions of a length of time.
 *
 * extract(day FROM x) and round(extract(epoch FROM x) / 3600, 1) do not become
 * less when x becomes longer.  So a comparison of one with a constant is true for
 * all x up to some length, or for all from it on.  PostgreSQL itself tells which
 * length that is: the comparison is evaluated for some, and a binary search finds
 * it.  Nothing here computes what PostgreSQL computes.
 *
 * Of quotients of numerics PostgreSQL keeps 16 digits or more (select_div_scale()),
 * which tell microseconds in a hundred years apart.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "translate/call.h"
#include "translate/measure.h"
#include "translate/value_time.h"

/* how many functions may be around each other */
#define MOST_FUNCTIONS	8

/* the most seconds and days between two instants of PostgreSQL's calendar */
#define MOST_SECONDS	9.5e12
#define MOST_DAYS		1.1e8

/* what the arguments must be, beside the one that is measured */
typedef enum AdMeasureArgs
{
	AD_ALONE,
	AD_PART_FIRST,				/* 'epoch' or 'day' before it */
	AD_FACTOR,					/* a positive constant beside it, or after it */
	AD_DIVISOR,					/* a positive constant after it */
	AD_DIGITS,					/* digits after the point, after it */
} AdMeasureArgs;

/*
 * The increasing functions, and the greatest value at which one does not fail, or 0
 * if it never does.
 */
static const struct
{
	Oid			function;
	AdMeasureArgs args;
	double		most;
}			measures[] = {
	{F_EXTRACT_TEXT_INTERVAL, AD_PART_FIRST, 0},
	{F_DATE_PART_TEXT_INTERVAL, AD_PART_FIRST, 0},
	{F_NUMERIC_DIV, AD_DIVISOR, 0},
	{F_NUMERIC_MUL, AD_FACTOR, 0},
	{F_FLOAT8DIV, AD_DIVISOR, 0},
	{F_FLOAT8MUL, AD_FACTOR, 0},
	{F_INT4DIV, AD_DIVISOR, 0},
	{F_INT84DIV, AD_DIVISOR, 0},
	{F_INT8DIV, AD_DIVISOR, 0},
	{F_FLOOR_NUMERIC, AD_ALONE, 0},
	{F_CEIL_NUMERIC, AD_ALONE, 0},
	{F_CEILING_NUMERIC, AD_ALONE, 0},
	{F_TRUNC_NUMERIC, AD_ALONE, 0},
	{F_ROUND_NUMERIC, AD_ALONE, 0},
	{F_TRUNC_NUMERIC_INT4, AD_DIGITS, 0},
	{F_ROUND_NUMERIC_INT4, AD_DIGITS, 0},
	{F_FLOOR_FLOAT8, AD_ALONE, 0},
	{F_CEIL_FLOAT8, AD_ALONE, 0},
	{F_CEILING_FLOAT8, AD_ALONE, 0},
	{F_TRUNC_FLOAT8, AD_ALONE, 0},
	{F_ROUND_FLOAT8, AD_ALONE, 0},
	{F_NUMERIC_FLOAT8, AD_ALONE, 0},
	{F_FLOAT8_NUMERIC, AD_ALONE, 0},
	{F_INT4_NUMERIC, AD_ALONE, PG_INT32_MAX - 1},
	{F_INT4_FLOAT8, AD_ALONE, PG_INT32_MAX - 1},
	{F_INT8_NUMERIC, AD_ALONE, 9e18},
	{F_INT8_FLOAT8, AD_ALONE, 9e18},
	{F_NUMERIC_INT4, AD_ALONE, 0},
	{F_NUMERIC_INT8, AD_ALONE, 0},
	{F_FLOAT8_INT4, AD_ALONE, 0},
	{F_FLOAT8_INT8, AD_ALONE, 0},
};

/* the row of the table for the call, or -1 */
static int
find_measure(Node *node, List **args)
{
	Oid			function = ad_called(node, args);

	for (int i = 0; i < lengthof(measures); i++)
	{
		if (measures[i].function == function)
			return i;
	}
	return -1;
}

/* reads a constant of any type of integers, numeric or float8 from 1e-9 to 1e9 */
static bool
is_positive(Node *node, double *number)
{
	Const	   *constant = (Const *) node;

	if (IsA(node, Const) && constant->consttype == INT8OID && !constant->constisnull)
		*number = DatumGetInt64(constant->constvalue);
	else if (!ad_constant_number(node, number))
		return false;
	return *number >= 1e-9 && *number <= 1e9;
}

/*
 * Returns the argument that a call of the table's row measures, after setting
 * *most to the greatest value of the call, given that of the argument; NULL if
 * the other argument is not what it must be.
 */
static Node *
measured_argument(int row, List *args, double *most)
{
	Node	   *first = linitial(args);
	Node	   *second = llast(args);
	double		number;
	const char *part;

	switch (measures[row].args)
	{
		case AD_ALONE:
			*most += 1;
			return list_length(args) == 1 ? first : NULL;
		case AD_PART_FIRST:
			part = ad_lower_constant(first);
			if (part == NULL || (strcmp(part, "epoch") != 0 && strcmp(part, "day") != 0))
				return NULL;
			*most = strcmp(part, "day") == 0 ? MOST_DAYS : MOST_SECONDS;
			return second;
		case AD_FACTOR:
			if (is_positive(first, &number))
				first = second;
			else if (!is_positive(second, &number))
				return NULL;
			*most *= number;
			return first;
		case AD_DIVISOR:
			if (!is_positive(second, &number))
				return NULL;
			*most /= number;
			return first;
		case AD_DIGITS:
			*most += 1;
			return IsA(second, Const) && ad_constant_number(second, &number) && number >= 0 && number <= 15 ?
				first : NULL;
	}
	return NULL;
}

/*
 * The innermost argument of increasing functions around each other, after setting
 * *most to their greatest value; NULL if one may fail, or is not increasing.
 */
static Node *
innermost(Node *node, int functions, double *most)
{
	List	   *args;
	int			row = find_measure(node, &args);
	double		unused = 0;
	Node	   *argument;

	if (row < 0)
	{
		/* days between dates are an integer of their own */
		*most = exprType(node) == INT4OID ? MOST_DAYS : MOST_SECONDS;
		return node;
	}
	argument = functions < MOST_FUNCTIONS ? measured_argument(row, args, &unused) : NULL;
	node = argument == NULL ? NULL : innermost(argument, functions + 1, most);
	if (node == NULL || (measures[row].most != 0 && *most > measures[row].most))
		return NULL;
	(void) measured_argument(row, args, most);
	return node;
}

/*
 * Returns the length of time of which the node is an increasing function, which is
 * an interval, or days; NULL if it is none.
 */
Node *
ad_measured(Node *node)
{
	double		most;
	Node	   *measured = innermost(node, 0, &most);

	return measured != NULL && measured != node &&
		(exprType(measured) == INTERVALOID || exprType(measured) == INT4OID) ? measured : NULL;
}

/* puts a placeholder for what is measured, of which there is one */
static Node *
with_placeholder(Node *node, void *measured)
{
	if (node == measured)
	{
		CaseTestExpr *placeholder = makeNode(CaseTestExpr);

		placeholder->typeId = exprType(node);
		placeholder->typeMod = -1;
		return (Node *) placeholder;
	}
	return node == NULL ? NULL : expression_tree_mutator(node, with_placeholder, measured);
}

/* whether the comparison is true of an interval of microseconds, or of days */
static bool
is_true_of(ExprState *state, ExprContext *context, Oid typid, int64 amount)
{
	bool		isnull;
	Datum		result;

	ResetExprContext(context);
	if (typid == INT4OID)
		context->caseValue_datum = Int32GetDatum(amount);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);

		/* PostgreSQL makes days of hours */
		context->caseValue_datum = DirectFunctionCall2(timestamp_mi, TimestampGetDatum(amount), TimestampGetDatum(0));
		MemoryContextSwitchTo(old);
	}
	context->caseValue_isNull = false;
	result = ExecEvalExprSwitchContext(state, context, &isnull);
	return !isnull && DatumGetBool(result);
}

/*
 * Finds from which length on a comparison has another result than for shorter ones.
 *
 * One side of the comparison is an increasing function of `measured` (see
 * ad_measured()), the other is constant, and the operator is <, <=, > or >=.  Sets
 * *bound to microseconds, or to days if `measured` is an integer, and *above to
 * whether the comparison is true from that length on.  False if there is none
 * between -longest and longest.
 */
bool
ad_measure_bound(const OpExpr *expr, Node *measured, int64 longest, int64 *bound, bool *above)
{
	EState	   *estate = CreateExecutorState();
	ExprContext *context = GetPerTupleExprContext(estate);
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	Node	   *comparison = with_placeholder((Node *) unconstify(OpExpr *, expr), measured);
	Oid			typid = exprType(measured);
	int64		low = -longest;
	int64		high = longest;
	ExprState  *state;
	bool		found;

	fix_opfuncids(comparison);
	state = ExecInitExpr((Expr *) comparison, NULL);
	MemoryContextSwitchTo(old);
	*above = is_true_of(state, context, typid, high);
	found = is_true_of(state, context, typid, low) != *above;
	while (found && high - low > 1)
	{
		int64		middle = low + (high - low) / 2;

		if (is_true_of(state, context, typid, middle) == *above)
			high = middle;
		else
			low = middle;
	}
	*bound = high;
	FreeExecutorState(estate);
	return found;
}
