/*
 * scan_tuple.c
 *	  The tuple of a foreign scan, made from the decoded fields of a document.
 *
 * A column of the tuple is a field, or what several fields are together, such as
 * an average from a sum and a count.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "bson/decoder.h"
#include "bson/domain.h"
#include "bson/types.h"
#include "execute/aggregate.h"
#include "execute/scan_error.h"
#include "execute/scan_tuple.h"
#include "query/query.h"

/* does another number take the place of a minimum, a maximum or a sum? */
static bool
is_replaced(const AdScanColumn *column, const AdFieldValue *values)
{
	return column->second >= 0 && values[column->second].state == AD_FIELD_VALUE &&
		column->output->kind != AD_RESULT_COUNT &&
		(column->output->state_of == NUMERICOID ||
		 (column->output->kind == AD_RESULT_EXTREME && column->divisor < 0));
}

/*
 * Does a count count nothing, because what is counted is a mismatch?  Raises
 * an error if that must not become NULL.
 */
static bool
is_nothing(AdScanState *state, const AdScanColumn *column, const AdFieldValue *values)
{
	const AdOutput *output = column->output;

	if (output->kind != AD_RESULT_COUNT || column->second < 0 ||
		values[column->second].state != AD_FIELD_MISMATCH)
		return false;
	if (output->on_mismatch == AD_MISMATCH_ERROR)
		ad_report_counted(state, output);
	state->nulled++;
	return true;
}

/* does its indicator say that an output is null? */
static bool
is_absent(const AdOutput *output, const AdFieldValue *indicator)
{
	return indicator->state == AD_FIELD_NULL ||
		(output->counted && DatumGetInt64(indicator->value) == 0);
}

/*
 * Is a column of the tuple null?  Raises an error if it is a mismatch that
 * must not become NULL.
 */
static bool
column_is_null(AdScanState *state, const AdScanColumn *column, const AdFieldValue *values)
{
	const AdOutput *output = column->output;
	const AdFieldValue *value = &values[column->value];

	if (is_replaced(column, values))
		return false;
	if (value->state == AD_FIELD_VALUE && column->second >= 0 && output->typid == NUMERICOID &&
		output->kind == AD_RESULT_SUM)
		return DatumGetInt64(values[column->divisor].value) <= ad_deviation_least(output->deviation);
	if (value->state == AD_FIELD_VALUE && column->divisor >= 0)
		return DatumGetInt64(values[column->divisor].value) == 0;
	if (value->state == AD_FIELD_VALUE)
		return column->indicator >= 0 && is_absent(output, &values[column->indicator]);
	if (value->state == AD_FIELD_MISMATCH)
	{
		if (output->kind != AD_RESULT_COLUMN)
			ad_report_result(state, output, value->found);
		if (output->on_mismatch == AD_MISMATCH_ERROR)
			ad_report_column(state, column);
		state->nulled++;
	}
	return true;
}

/* returns the state of an aggregate of pairs */
static Datum
pairs_state(const AdScanColumn *column, const AdFieldValue *values, int64 count)
{
	AdPairSums	sums = {
		.x = values[column->value].value,
		.x_squares = values[column->second].value,
		.y = values[column->of_pairs[0]].value,
		.y_squares = values[column->of_pairs[1]].value,
		.products = values[column->of_pairs[2]].value,
	};

	return ad_regression_state(count, &sums);
}

/* returns the value of a column that is not null */
static Datum
scan_column_value(const AdScanColumn *column, const AdFieldValue *values)
{
	const AdOutput *output = column->output;
	bool		replaced = is_replaced(column, values);
	Datum		value = values[column->value].value;
	Datum		second = column->second < 0 ? (Datum) 0 : values[column->second].value;
	int64		count = column->divisor < 0 ? 0 : DatumGetInt64(values[column->divisor].value);

	if (output->kind == AD_RESULT_SUM && output->typid == INTERVALOID)
		return ad_interval(value, second, count);
	if (column->divisor < 0)
		return replaced ? second : value;
	if (output->of_pairs[0] != NULL)
		return pairs_state(column, values, count);
	if (output->state_of == FLOAT8OID)
		return ad_moments_state(count, value, second);
	if (OidIsValid(output->state_of))
	{
		if (replaced)
			value = ad_repeated(output->of_double ? DirectFunctionCall1(float8_numeric, second) : second, count);
		return output->typid == BYTEAOID ? ad_sum_state(output->state_of, value, count) : value;
	}
	if (column->second < 0)
		return ad_average(output->typid, value, count);
	if (output->kind == AD_RESULT_EXTREME)
		return ad_interpolated(output->fraction, count, value, second);
	return NumericGetDatum(ad_deviation(output->deviation, count, DatumGetNumeric(value),
										DatumGetNumeric(second)));
}

/* makes the result of an aggregate, which may be null, from its state */
static Datum
final_value(Oid function, Datum state, bool *isnull)
{
	FmgrInfo	info;
	Datum		result;

	LOCAL_FCINFO(call, 1);

	fmgr_info(function, &info);
	InitFunctionCallInfoData(*call, &info, 1, InvalidOid, NULL, NULL);
	call->args[0].value = state;
	call->args[0].isnull = false;
	result = FunctionCallInvoke(call);
	*isnull = call->isnull;
	return result;
}

/* makes the result of a column, which may be null, from its value */
static Datum
then_value(AdScanState *state, ExprState *then, Datum value, bool *isnull)
{
	state->econtext->caseValue_datum = value;
	state->econtext->caseValue_isNull = *isnull;
	return ExecEvalExpr(then, state->econtext, isnull);
}

/*
 * Fill a tuple from the fields of a document.  All its columns are null at
 * first.
 */
void
ad_fill_tuple(AdScanState *state, const AdFieldValue *values, TupleTableSlot *slot)
{
	for (int i = 0; i < state->ncolumns; i++)
	{
		const AdScanColumn *column = &state->columns[i];
		const AdFieldValue *field = &values[column->value];
		int			position = column->output->position;
		bool	   *isnull = &slot->tts_isnull[position];

		if (column->is_plain && field->state != AD_FIELD_MISMATCH)
		{
			slot->tts_values[position] = field->value;
			*isnull = field->state == AD_FIELD_NULL;
			continue;
		}
		state->column = column;
		*isnull = column_is_null(state, column, values);
		if (OidIsValid(column->target->domain))
			ad_check_domain(column->target, field->value, *isnull);
		if (is_nothing(state, column, values))
			slot->tts_values[position] = Int64GetDatum(0);
		else if (!*isnull)
			slot->tts_values[position] = scan_column_value(column, values);
		if (OidIsValid(column->output->final) && !*isnull)
			slot->tts_values[position] = final_value(column->output->final, slot->tts_values[position], isnull);
		if (column->then != NULL)
			slot->tts_values[position] = then_value(state, column->then, slot->tts_values[position], isnull);
	}
}

/*
 * Fill the single row of aggregates over no documents.  Counts are 0 and
 * GROUPING() has its constant value; all other columns remain null.
 */
void
ad_fill_empty(AdScanState *state, TupleTableSlot *slot)
{
	for (int i = 0; i < state->ncolumns; i++)
	{
		AdOutput   *output = state->columns[i].output;

		if (output->kind != AD_RESULT_COUNT)
			continue;
		slot->tts_values[output->position] = output->typid == INT4OID ?
			Int32GetDatum(output->of_nothing) : Int64GetDatum(output->of_nothing);
		slot->tts_isnull[output->position] = false;
	}
}
