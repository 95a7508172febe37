/*
 * group_call.c
 *	  One aggregate of a group, and its argument.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_call.h"
#include "translate/let.h"


/* a column that may be taken as it is, for there is no mismatch, or an error */
bool
ad_is_plain_column(const AdValue *value)
{
	return value->column != NULL &&
		(!value->nullable || value->column->on_mismatch == AD_MISMATCH_ERROR);
}

/* the value where FILTER has it aggregated, else null */
Node *
ad_call_filtered(const AdCall *call, Node *expr)
{
	return call->filter == NULL ? expr : ad_value_if(call->filter, expr, ad_null());
}

/* a value that is as null, as great and as much as the argument */
Node *
ad_call_argument(const AdCall *call)
{
	const AdValue *value = call->argument;

	/* ObjectIds are not in the order of their digits */
	if (ad_is_plain_column(value) && value->column->type->class != AD_CLASS_TEXT)
		return ad_call_filtered(call, ad_path_expr(value->column->field));
	return ad_call_filtered(call, value->expr);
}

/*
 * A value of the same order as the argument, that AD_RESULT_EXTREME reads: a
 * string is greater than all numbers, as NaN is for PostgreSQL.  NULL if there
 * is none.
 */
Node *
ad_call_ordered(AdExprContext *context, const AdCall *call)
{
	const AdValue *value = call->argument;
	Node	   *expr = ad_call_argument(call);

	if (value->typid == NUMERICOID || value->unit != NULL || value->shift != 0 ||
		(value->zone != NULL && !equal(value->zone, ad_string("UTC"))))
		return NULL;
	if (value->typid == FLOAT8OID)
		return ad_value_nan_last(ad_let(context, expr));
	return expr;
}
