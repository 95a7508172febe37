/*
 * group_call.c
 *	  One aggregate call of a group, and its argument.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_call.h"
#include "translate/let.h"


/*
 * Whether the value is a column whose field can be used without tests: it
 * holds no mismatch, or a mismatch is an error, which a guard detects.
 */
bool
ad_is_plain_column(const AdValue *value)
{
	return value->column != NULL &&
		(!value->nullable || value->column->on_mismatch == AD_MISMATCH_ERROR);
}

/*
 * Returns `expr` where FILTER is true or absent, else null.
 */
Node *
ad_call_filtered(const AdCall *call, Node *expr)
{
	return call->filter == NULL ? expr : ad_value_if(call->filter, expr, ad_null());
}

/*
 * Returns an expression that can replace the argument where nulls are tested
 * and values are compared or summed.  It is null where FILTER is not true.
 */
Node *
ad_call_argument(const AdCall *call)
{
	const AdValue *value = call->argument;

	/* an ObjectId is not in the order of its digits */
	if (ad_is_plain_column(value) && value->column->type->class != AD_CLASS_TEXT)
		return ad_call_filtered(call, ad_path_expr(value->column->field));
	return ad_call_filtered(call, value->expr);
}

/*
 * Returns the argument in a form that $min, $max and $sort order as
 * PostgreSQL does, and that AD_RESULT_EXTREME reads; for a double, see
 * ad_value_nan_last().  NULL if there is no such form.
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
