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

/* the accumulator of the aggregate */
static const char *
accumulator(const AdCall *call)
{
	return call->aggregate == AD_MIN ? "$min" : "$max";
}

/* notes that the output is what a clock shows at the instant that the group returns */
static void
add_shown(AdGroup *group, const AdOutput *output, const AdValue *argument)
{
	AdShown    *shown = palloc(sizeof(AdShown));

	shown->position = output->position;
	shown->value = *argument;
	shown->value.expr = ad_path_expr(output->path);
	shown->value.nullable = true;
	shown->value.column = NULL;
	shown->value.of = NULL;
	group->shown = lappend(group->shown, shown);
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
	Node	   *pair;
	AdOutput   *output;

	if (value->of == NULL || list_length(read) != 1 || !IsA(linitial(read), Var))
		return false;
	instant = ad_let(group->context, value->expr);
	pair = ad_instant_key(group->context, value);
	if (pair == NULL)
		return false;
	pair = ad_value_if(ad_doc("$gt", ad_array2(instant, ad_null())), ad_doc2("shown", pair, "at", instant), ad_null());
	pair = ad_call_filtered(call, pair);
	output = ad_group_add_output(group, position, psprintf("%s.at", ad_group_accumulate(group, accumulator(call), pair)),
								 AD_RESULT_EXTREME, value->of->typid);
	ad_group_compute_then(output, call->expression);
	add_shown(group, output, value);
	return true;
}

/*
 * Adds min() or max() as output `position`.  Returns false if MongoDB does not
 * order the argument as PostgreSQL does.
 */
bool
ad_group_return_extreme(AdGroup *group, int position, const AdCall *call)
{
	Oid			typid = call->argument->typid;
	bool		as_numeric = typid == FLOAT8OID && call->result_type != FLOAT8OID;
	Node	   *expr;
	const char *path;
	AdOutput   *output;

	if (ad_call_reads_clock(call))
		return return_clock_extreme(group, position, call);
	expr = ad_call_ordered(group->context, call);
	if (expr == NULL)
		return false;
	path = call->aggregate == AD_MAX && typid != FLOAT8OID && typid != NUMERICOID ?
		ad_group_accumulate_indicator(group, call) : ad_group_accumulate(group, accumulator(call), expr);
	output = ad_group_add_output(group, position, path, AD_RESULT_EXTREME, as_numeric ? FLOAT8OID : call->result_type);
	if (as_numeric)
		ad_group_compute_then(output, call->expression);
	return true;
}
