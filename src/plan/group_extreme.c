/*
 * group_extreme.c
 *	  The outputs of a group for min() and max().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"

#include "base/oids.h"
#include "plan/group_extreme.h"
#include "plan/group_quick.h"
#include "query/bind.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * Returns the path of an accumulator that is null if no document has a value.
 */
const char *
ad_group_accumulate_indicator(AdGroup *group, const AdCall *call)
{
	const AdValue *value = call->argument;

	/* if the column needs a guard, one accumulator serves as both */
	if (call->filter == NULL && value->nullable && ad_is_plain_column(value) &&
		value->column->type->class != AD_CLASS_TEXT)
		return ad_group_accumulate_guard(group, value->column);
	return ad_group_accumulate(group, "$max", ad_call_argument(call));
}

/*
 * Returns the column (a Var) of doubles of whose values, as numerics, the
 * expression is a rising function, such as round(x::numeric, 2): the function of
 * the least value is the least, too.  NULL for another expression.
 */
Node *
ad_rising_column(Node *node)
{
	static const Oid rising[] = {
		F_ROUND_NUMERIC_INT4, F_ROUND_NUMERIC, F_TRUNC_NUMERIC_INT4, F_TRUNC_NUMERIC, F_FLOOR_NUMERIC, F_CEIL_NUMERIC,
		F_CEILING_NUMERIC
	};
	FuncExpr   *func = (FuncExpr *) node;
	Node	   *argument;

	if (node == NULL || !IsA(node, FuncExpr))
		return NULL;
	argument = linitial(func->args);
	if (func->funcid == F_NUMERIC_FLOAT8)
		return IsA(argument, Var) ? argument : NULL;
	if (!ad_is_one_of(func->funcid, rising, lengthof(rising)) ||
		(list_length(func->args) == 2 && !IsA(lsecond(func->args), Const)))
		return NULL;
	return ad_rising_column(argument);
}

/*
 * min() and max() of what the clock of a zone shows at an instant of a column, or
 * of its day, month and so on.
 *
 * An earlier instant can show a later time, where clocks are turned back.  So
 * MongoDB compares pairs of what an instant shows and the instant itself, and
 * PostgreSQL reads the clock again.
 */
static bool
return_clock_extreme(AdGroup *group, int position, const AdCall *call)
{
	const AdValue *value = call->argument;
	List	   *read = pull_var_clause(call->expression, PVC_INCLUDE_PLACEHOLDERS);
	Node	   *instant;
	Node	   *shown;
	AdOutput   *output;
	AdShown    *of_group = palloc(sizeof(AdShown));

	if (value->of == NULL || list_length(read) != 1 || !IsA(linitial(read), Var))
		return false;
	instant = ad_let(group->context, value->expr);
	shown = ad_instant_key(group->context, value);
	if (shown == NULL)
		return false;
	shown = ad_value_if(ad_doc("$gt", ad_array2(instant, ad_null())), ad_doc2("shown", shown, "at", instant), ad_null());
	output = ad_group_add_output(group, position,
								 psprintf("%s.at", ad_group_accumulate(group, call->aggregate == AD_MIN ? "$min" : "$max",
																	   ad_call_filtered(call, shown))),
								 AD_RESULT_EXTREME, value->of->typid);
	ad_group_compute_then(output, call->expression);
	of_group->position = position;
	of_group->value = *value;
	of_group->value.expr = ad_path_expr(output->path);
	of_group->value.nullable = true;
	of_group->value.column = NULL;
	of_group->value.of = NULL;
	group->shown = lappend(group->shown, of_group);
	return true;
}

/*
 * Adds min() or max() as output `position`.  Returns false if MongoDB does not
 * order the argument as PostgreSQL does.
 */
bool
ad_group_return_extreme(AdGroup *group, int position, const AdCall *call)
{
	Node	   *expr;
	AdOutput   *output;

	if (ad_call_reads_clock(call))
		return return_clock_extreme(group, position, call);
	expr = ad_call_ordered(group->context, call);
	if (expr == NULL)
		return false;
	if (call->argument->typid == FLOAT8OID && call->result_type != FLOAT8OID)
	{
		output = ad_group_add_output(group, position,
									 ad_group_accumulate(group, call->aggregate == AD_MIN ? "$min" : "$max", expr),
									 AD_RESULT_EXTREME, FLOAT8OID);
		ad_group_compute_then(output, call->expression);
		return true;
	}
	if (call->aggregate == AD_MAX && call->argument->typid != FLOAT8OID && call->argument->typid != NUMERICOID)
	{
		ad_group_add_output(group, position, ad_group_accumulate_indicator(group, call), AD_RESULT_EXTREME,
							call->result_type);
		return true;
	}
	ad_group_add_output(group, position,
						ad_group_accumulate(group, call->aggregate == AD_MIN ? "$min" : "$max", expr),
						AD_RESULT_EXTREME, call->result_type);
	return true;
}
