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
#include "translate/value_elapsed.h"
#include "translate/value_function.h"
#include "translate/value_numeric.h"
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

/* functions that value_numeric.c translates */
static bool
on_numeric(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	return ad_numeric_function(context, row->op, row->typid, args, value);
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

/* functions that value_elapsed.c translates */
static bool
on_elapsed(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	return strcmp(row->op, "between") == 0 ? ad_time_between(context, args, value) :
		ad_part_of_interval(context, row->typid == FLOAT8OID, args, value);
}

static const AdFunction functions[] = {
	/* see value_numeric.c */
	{F_NUMERIC_INT2, on_numeric, "cast", NUMERICOID},
	{F_NUMERIC_INT4, on_numeric, "cast", NUMERICOID},
	{F_NUMERIC_INT8, on_numeric, "cast", NUMERICOID},
	{F_INT2_NUMERIC, on_numeric, "integer", INT2OID},
	{F_INT4_NUMERIC, on_numeric, "integer", INT4OID},
	{F_INT8_NUMERIC, on_numeric, "integer", INT8OID},
	{F_FLOAT8_NUMERIC, on_numeric, "double", FLOAT8OID},
	{F_FLOOR_NUMERIC, on_numeric, "floor", NUMERICOID},
	{F_CEIL_NUMERIC, on_numeric, "ceil", NUMERICOID},
	{F_CEILING_NUMERIC, on_numeric, "ceil", NUMERICOID},
	{F_TRUNC_NUMERIC_INT4, on_numeric, "trunc", NUMERICOID},
	{F_ROUND_NUMERIC_INT4, on_numeric, "round", NUMERICOID},
	{F_NUMERIC_DIV, on_numeric, "/", NUMERICOID},
	{F_NUMERIC_ADD, on_numeric, "$add", NUMERICOID},
	{F_NUMERIC_SUB, on_numeric, "$subtract", NUMERICOID},
	{F_NUMERIC_MUL, on_numeric, "$multiply", NUMERICOID},
	{F_NUMERIC_UMINUS, on_numeric, "-", NUMERICOID},
	{F_NUMERIC_ABS, on_numeric, "$abs", NUMERICOID},
	{F_ABS_NUMERIC, on_numeric, "$abs", NUMERICOID},
	{F_INT4_BOOL, bool_to_integer, NULL, INT4OID},
	/* see value_text.c */
	{F_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_CHAR_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_CHARACTER_LENGTH_TEXT, on_text, "length", INT4OID},
	{F_TEXTCAT, on_text, "||", TEXTOID},
	{F_LEFT, on_text, "left", TEXTOID},
	{F_SUBSTR_TEXT_INT4_INT4, on_text, "part", TEXTOID},
	{F_SUBSTRING_TEXT_INT4_INT4, on_text, "part", TEXTOID},
	{F_SUBSTR_TEXT_INT4, on_text, "part", TEXTOID},
	{F_SUBSTRING_TEXT_INT4, on_text, "part", TEXTOID},
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
	{F_LOWER_TEXT, on_text, "case", TEXTOID},
	{F_UPPER_TEXT, on_text, "case", TEXTOID},
	/* see value_time.c */
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPTZOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, on_instant, NULL, TIMESTAMPOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, on_instant, NULL, TIMESTAMPTZOID},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_TIMESTAMP, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_DATE, on_instant, NULL, NUMERICOID},
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
	/* see value_elapsed.c */
	{F_TIMESTAMPTZ_MI, on_elapsed, "between", INTERVALOID},
	{F_TIMESTAMP_MI, on_elapsed, "between", INTERVALOID},
	{F_EXTRACT_TEXT_INTERVAL, on_elapsed, "part", NUMERICOID},
	{F_DATE_PART_TEXT_INTERVAL, on_elapsed, "part", FLOAT8OID},
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
