/*
 * value_function.c
 *	  Translation of functions and operators to the aggregation language,
 *	  with one row per function.
 *
 * A row names a PostgreSQL function by its OID, and its translation.
 * Comments beside the rows say why that is exact.  A function that is not in
 * the table is evaluated locally.  Arithmetic is in value_arithmetic.c.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "translate/value_arithmetic.h"
#include "translate/value_function.h"
#include "translate/value_text.h"
#include "translate/value_time.h"

typedef struct AdFunction AdFunction;

/* a PostgreSQL function and its translation */
struct AdFunction
{
	Oid			function;
	bool		(*translate) (AdValueContext *context, const AdFunction *row,
							  List *args, AdValue *value);
	const char *op;				/* MongoDB's operator, or another word, if one
								 * translator serves several */
	Oid			typid;			/* type of the result */
};

/* a value of the type without any further properties */
static void
set_result(AdValue *result, Oid typid, Node *expr, bool nullable)
{
	memset(result, 0, sizeof(AdValue));
	result->typid = typid;
	result->expr = expr;
	result->nullable = nullable;
}

/* an integer as a numeric: the integer itself, with the divisor 1 */
static bool
integer_to_numeric(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || !ad_is_integer(&argument))
		return false;
	*value = argument;
	value->column = NULL;
	value->of = NULL;
	value->typid = NUMERICOID;
	value->divisor = 1;
	return true;
}

/*
 * A whole numeric as an integer.  It needs no rounding, but may be out of
 * range.
 */
static bool
numeric_to_integer(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || argument.divisor != 1)
		return false;
	set_result(value, row->typid, argument.expr, argument.nullable);
	value->min = argument.min;
	value->max = argument.max;
	ad_limit_integer(context, value);
	return true;
}

/* reads an int4 constant that is `least` or more */
static bool
position_constant(Node *node, int least, int *position)
{
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*position = DatumGetInt32(((Const *) node)->constvalue);
	return *position >= least;
}

/*
 * floor, ceil, trunc and round of a numeric with a divisor.
 *
 * The result is the number itself if it is whole.  Otherwise only floor() is
 * translated.
 */
static bool
numeric_whole(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	Node	   *divisor;

	int			digits;

	if (!ad_value(context, linitial(args), value) || value->divisor == 0 ||
		(list_length(args) == 2 && (!position_constant(lsecond(args), 0, &digits) || digits != 0)))
		return false;
	value->column = NULL;
	value->of = NULL;
	value->scale = 0;
	if (value->divisor == 1)
		return true;

	/*
	 * Subtract the remainder, made non-negative, so that negative numbers are
	 * rounded down, too.
	 */
	if (strcmp(row->op, "$floor") != 0)
		return false;
	divisor = ad_int64(value->divisor);
	(void) ad_value_let(context, value);
	value->expr = ad_doc("$subtract",
						 ad_array2(value->expr,
								   ad_doc("$mod", ad_array2(ad_doc("$add", ad_array2(ad_doc("$mod", ad_array2(value->expr, divisor)),
																					 divisor)),
															divisor))));
	value->rounded = false;
	return true;
}

/*
 * A quotient by a whole constant, kept as a dividend and a divisor.
 *
 * PostgreSQL rounds a quotient at the 16th significant digit or later.  For
 * quotients of the milliseconds of its timestamps, this never crosses an
 * integer.  So the quotient may be floored, but not used in any other way.
 */
static bool
numeric_div(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		divisor;

	if (!IsA(lsecond(args), Const) || !ad_value(context, linitial(args), value) ||
		value->divisor == 0 || value->rounded ||
		!ad_value_operand(context, lsecond(args), AD_ROUND_NONE, 1, &divisor) ||
		!IsA(divisor.expr, Const) || ((Const *) divisor.expr)->constisnull ||
		((Const *) divisor.expr)->consttype != INT8OID)
		return false;
	divisor.min = DatumGetInt64(((Const *) divisor.expr)->constvalue);
	if (divisor.min < 1 || divisor.min > 1000000000 || value->divisor > 1000000)
		return false;
	value->column = NULL;
	value->of = NULL;
	value->divisor *= divisor.min;
	value->rounded = value->divisor != 1;
	value->scale = -1;
	return true;
}

/* functions that value_text.c translates */
static bool
on_text(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	return ad_text_function(context, row->function, row->op, args, value);
}

/* false and true as the integers 0 and 1 */
static bool
bool_to_integer(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;
	Node	   *number;

	if (!ad_value(context, linitial(args), &argument) || argument.typid != BOOLOID)
		return false;
	number = ad_value_if(argument.nullable ? ad_value_let(context, &argument) : argument.expr,
						 ad_integer(1), ad_integer(0));
	set_result(value, INT4OID, !argument.nullable ? number :
			   ad_value_if(ad_value_not_null(&argument), number, ad_null()), argument.nullable);
	value->max = 1;
	return true;
}

/* functions that value_time.c translates */
static bool
on_instant(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	return ad_instant_function(context, row->function, args, value);
}

static const AdFunction functions[] = {
	/* whole numerics, and fractions with one divisor, are ints or longs */
	{F_NUMERIC_INT2, integer_to_numeric, NULL, NUMERICOID},
	{F_NUMERIC_INT4, integer_to_numeric, NULL, NUMERICOID},
	{F_NUMERIC_INT8, integer_to_numeric, NULL, NUMERICOID},
	{F_INT2_NUMERIC, numeric_to_integer, NULL, INT2OID},
	{F_INT4_NUMERIC, numeric_to_integer, NULL, INT4OID},
	{F_INT8_NUMERIC, numeric_to_integer, NULL, INT8OID},
	{F_FLOOR_NUMERIC, numeric_whole, "$floor", NUMERICOID},
	{F_CEIL_NUMERIC, numeric_whole, "$ceil", NUMERICOID},
	{F_CEILING_NUMERIC, numeric_whole, "$ceil", NUMERICOID},
	{F_TRUNC_NUMERIC_INT4, numeric_whole, "$trunc", NUMERICOID},
	{F_ROUND_NUMERIC_INT4, numeric_whole, "$round", NUMERICOID},
	{F_NUMERIC_DIV, numeric_div, NULL, NUMERICOID},
	{F_INT4_BOOL, bool_to_integer, NULL, INT4OID},
	/* see value_text.c */
	{F_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_CHAR_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_CHARACTER_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_TEXTCAT, on_text, "||", TEXTOID},
	{F_LEFT, on_text, "part", TEXTOID},
	{F_SUBSTR_TEXT_INT4_INT4, on_text, "part", TEXTOID},
	{F_SUBSTRING_TEXT_INT4_INT4, on_text, "part", TEXTOID},
	{F_SUBSTR_TEXT_INT4, on_text, "rest", TEXTOID},
	{F_SUBSTRING_TEXT_INT4, on_text, "rest", TEXTOID},
	{F_RIGHT, on_text, "right", TEXTOID},
	{F_BTRIM_TEXT, on_text, "$trim", TEXTOID},
	{F_BTRIM_TEXT_TEXT, on_text, "$trim", TEXTOID},
	{F_LTRIM_TEXT, on_text, "$ltrim", TEXTOID},
	{F_LTRIM_TEXT_TEXT, on_text, "$ltrim", TEXTOID},
	{F_RTRIM_TEXT, on_text, "$rtrim", TEXTOID},
	{F_RTRIM_TEXT_TEXT, on_text, "$rtrim", TEXTOID},
	{F_STRPOS, on_text, "position", INT4OID},
	{F_POSITION_TEXT_TEXT, on_text, "position", INT4OID},
	{F_REPLACE, on_text, "replace", TEXTOID},
	{F_SPLIT_PART, on_text, "split", TEXTOID},
	/* see value_time.c */
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPTZOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, on_instant, NULL, TIMESTAMPOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, on_instant, NULL, TIMESTAMPTZOID},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_TIMESTAMP, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_DATE, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_INTERVAL, on_instant, NULL, NUMERICOID},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, on_instant, NULL, FLOAT8OID},
	{F_DATE_PART_TEXT_TIMESTAMP, on_instant, NULL, FLOAT8OID},
	{F_TIMESTAMP_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPOID},
	{F_DATE_TIMESTAMPTZ, on_instant, NULL, DATEOID},
	{F_DATE_TIMESTAMP, on_instant, NULL, DATEOID},
	{F_TIMESTAMP_DATE, on_instant, NULL, TIMESTAMPOID},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPOID},
	{F_TIMEZONE_TEXT_TIMESTAMP, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMPTZ_PL_INTERVAL, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMPTZ_MI_INTERVAL, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMP_PL_INTERVAL, on_instant, NULL, TIMESTAMPOID},
	{F_TIMESTAMP_MI_INTERVAL, on_instant, NULL, TIMESTAMPOID},
	{F_TIMESTAMPTZ_MI, on_instant, NULL, INTERVALOID},
	{F_TIMESTAMP_MI, on_instant, NULL, INTERVALOID},
};

/*
 * Translates the call of a function or of an operator's function.  Returns
 * false if it is not in a table here or in value_arithmetic.c, or if it has
 * no exact translation for these arguments.
 */
bool
ad_value_function(AdValueContext *context, Oid function, List *args, AdValue *value)
{
	for (int i = 0; i < lengthof(functions); i++)
	{
		if (functions[i].function == function)
			return functions[i].translate(context, &functions[i], args, value);
	}
	return ad_arithmetic(context, function, args, value);
}
