/*
 * group_parts.c
 *	  Group keys of which expressions are functions.
 *
 * An expression that MongoDB cannot evaluate has the same result for all
 * documents of a group if the group's keys are what the expression reads.
 * These are columns, or parts of the expression that MongoDB can evaluate:
 * for lower(left(s, 3)) it is left(s, 3), of which there are fewer values
 * than of s.
 *
 * Equal values of a key must be identical, so none may be of double
 * precision, where 0 equals -0, unless it is cast to numeric, or a numeric whose digits after the point are
 * not certain.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"

#include "base/oids.h"
#include "plan/group_parts.h"
#include "translate/call.h"
#include "translate/clock_format.h"
#include "translate/group_key.h"
#include "translate/value_condition.h"

/*
 * Of an expression with more parts than this, such as a long list of
 * conditions, rather columns become keys: there are fewer of them, and each
 * key is compared with the others.
 */
#define MOST_PARTS	16

/* a copy of the builder's context, in which a translation can fail */
static AdValueContext
trial_context(const AdGroupBuilder *builder, AdExprContext *context)
{
	AdValueContext values = builder->values;

	*context = *values.base;
	context->slots = list_copy(context->slots);
	context->bindings = list_copy(context->bindings);
	context->bound = bms_copy(context->bound);
	values.base = context;
	values.columns = list_copy(values.columns);
	values.failures = list_copy(values.failures);
	return values;
}

/* makes the trial's context that of the builder */
static void
keep_trial(AdGroupBuilder *builder, const AdValueContext *values)
{
	AdExprContext *base = builder->values.base;

	*base = *values->base;
	builder->values = *values;
	builder->values.base = base;
}

/*
 * Returns the translation of a group key, or NULL.  If it fails, the builder
 * is unchanged.
 */
Node *
ad_computed_key(AdGroupBuilder *builder, Node *key)
{
	AdExprContext context;
	AdValueContext values = trial_context(builder, &context);
	Node	   *expr = ad_key_expr(&values, key, false);

	builder->values.base->visits = context.visits;
	if (expr == NULL || contain_volatile_functions(key))
		return NULL;
	keep_trial(builder, &values);
	return expr;
}

/*
 * Whether MongoDB can evaluate the expression for each document; sets *value to
 * its translation, which cannot be used in the builder.  If `lazily`, PostgreSQL
 * does not evaluate it for all rows, so that it must not fail.
 */
bool
ad_can_evaluate(AdGroupBuilder *builder, Node *node, bool lazily, AdValue *value)
{
	AdExprContext context;
	AdValueContext values = trial_context(builder, &context);
	bool		known;

	context.visits = 0;
	context.lazy.by_row |= lazily;
	known = ad_value(&values, node, value);
	return known &&
		!(lazily && list_length(values.failures) != list_length(builder->values.failures));
}

/*
 * Whether MongoDB can evaluate the condition for each document.
 */
bool
ad_can_test(AdGroupBuilder *builder, Node *condition)
{
	AdExprContext context;
	AdValueContext values = trial_context(builder, &context);

	context.visits = 0;
	return ad_value_condition(&values, condition, true) != NULL;
}

/* whether equal values of the expression, which has a translation, are identical */
static bool
has_identical_values(const AdGroupBuilder *builder, Node *node)
{
	/* these return no -0 */
	static const Oid without_sign[] = {
		F_DATE_PART_TEXT_TIMESTAMPTZ, F_DATE_PART_TEXT_TIMESTAMP, F_FLOAT8_INT2, F_FLOAT8_INT4, F_FLOAT8_INT8,
		F_FLOAT8_NUMERIC
	};
	AdExprContext context;
	AdValueContext values = trial_context(builder, &context);
	AdValue		value;

	switch (exprType(node))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TEXTOID:
		case VARCHAROID:
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			return true;
		case FLOAT8OID:
			return IsA(node, FuncExpr) && ad_is_one_of(((FuncExpr *) node)->funcid, without_sign, lengthof(without_sign));
		case NUMERICOID:
			/* the integers of a numeric with a divisor determine its digits */
			return ad_value(&values, node, &value) && value.divisor != 0;
		default:
			return false;
	}
}

/* notes that the expression is a function of the group's keys, of columns that the scan returns */
static void
note_key(AdGroupBuilder *builder, Node *key)
{
	builder->keys = list_append_unique(builder->keys, key);
	builder->tlist = add_to_flat_tlist(builder->tlist, pull_var_clause(key, 0));
}

/*
 * Adds a key, see ad_group_add_key().  The scan returns the columns that it
 * reads.
 */
void
ad_add_key_with_columns(AdGroupBuilder *builder, Node *key, const AdColumn *column, Node *expr)
{
	ad_group_add_key(builder->group, column, expr);
	note_key(builder, key);
}

/*
 * Adds the expression as a key if MongoDB can evaluate it, its values are
 * fit for that, and it cannot fail: the failure would be lost where the
 * expression that contains it is not evaluated.
 */
static bool
add_computed_part(AdGroupBuilder *builder, Node *node)
{
	AdGroupBuilder trial = *builder;
	AdExprContext context;
	Node	   *expr;

	trial.values = trial_context(builder, &context);
	context.lazy.by_row = true;
	expr = ad_computed_key(&trial, node);
	context.lazy = builder->values.base->lazy;
	builder->values.base->visits = context.visits;
	if (expr == NULL || list_length(trial.values.failures) != list_length(builder->values.failures) ||
		!has_identical_values(builder, node))
		return false;
	keep_trial(builder, &trial.values);
	ad_add_key_with_columns(builder, node, NULL, expr);
	return true;
}

/*
 * Adds all of the parts; false if one cannot be a key.  The keys of others
 * that are added then make smaller groups, but not wrong ones.
 */
static bool
add_all_parts(AdGroupBuilder *builder, List *parts)
{
	ListCell   *lc;

	foreach(lc, parts)
	{
		if (!list_member(builder->keys, lfirst(lc)) && !add_computed_part(builder, lfirst(lc)))
			return false;
	}
	return parts != NIL;
}

/*
 * Whether the expression reads more than the keys.  It ends at the first
 * column that is none, since misses_part() asks at each level of nesting.
 */
static bool
reads_others(Node *node, void *keys)
{
	if (node == NULL || list_member(keys, node))
		return false;
	if (IsA(node, Var) || IsA(node, PlaceHolderVar))
		return true;
	return expression_tree_walker(node, reads_others, keys);
}

/* what misses_part() is about */
typedef struct Parts
{
	AdGroupBuilder *builder;
	bool		columns_first;	/* rather columns than parts that MongoDB
								 * evaluates? */
	int			count;			/* of such parts, nested ones too */
} Parts;

/* can MongoDB evaluate an expression of this kind as a key? */
static bool
may_be_part(const Node *node)
{
	return IsA(node, FuncExpr) || IsA(node, OpExpr) || IsA(node, CoerceViaIO) ||
		IsA(node, CaseExpr) || IsA(node, CoalesceExpr);
}

/* expression_tree_walker() callback; counts such parts, until there are too many */
static bool
count_parts(Node *node, void *arg)
{
	Parts	   *parts = arg;

	if (!reads_others(node, parts->builder->keys))
		return false;
	if (may_be_part(node) && ++parts->count > MOST_PARTS)
		return true;
	return expression_tree_walker(node, count_parts, arg);
}

/* expression_tree_walker() callback; true if a part cannot be a key */
static bool misses_part(Node *node, void *arg);

/*
 * The same for what is cast to numeric, so that 0 and -0 have one result, and
 * have that as well after arithmetic.  So columns of doubles can be keys.
 */
static bool
misses_number(Node *node, void *arg)
{
	static const Oid arithmetic[] = {F_FLOAT8PL, F_FLOAT8MI, F_FLOAT8MUL, F_FLOAT8DIV, F_FLOAT8UM, F_FLOAT8ABS};
	AdGroupBuilder *builder = ((Parts *) arg)->builder;
	List	   *args;

	check_stack_depth();
	if (IsA(node, Var) && exprType(node) == FLOAT8OID)
	{
		Node	   *expr = ad_computed_key(builder, node);

		if (expr != NULL)
			ad_group_add_key(builder->group, NULL, expr);
		return expr == NULL;
	}
	if (ad_is_one_of(ad_called(node, &args), arithmetic, lengthof(arithmetic)))
		return expression_tree_walker(node, misses_number, arg);
	return misses_part(node, arg);
}

/*
 * Makes a cast of a double to numeric a function of the group's keys; false if
 * the node is none, or if that cannot be done.
 */
static bool
add_number_parts(Parts *parts, Node *node)
{
	AdGroupBuilder *builder = parts->builder;

	if (!IsA(node, FuncExpr) || ((FuncExpr *) node)->funcid != F_NUMERIC_FLOAT8 ||
		misses_number(linitial(((FuncExpr *) node)->args), parts))
		return false;
	note_key(builder, node);
	return true;
}

static bool
misses_part(Node *node, void *arg)
{
	Parts	   *parts = arg;
	AdGroupBuilder *builder = parts->builder;

	/* constants, and expressions whose columns are all keys */
	if (!reads_others(node, builder->keys))
		return false;
	if (IsA(node, Var))
	{
		const AdColumn *column = ad_identical_column(builder->values.base, node);

		if (column != NULL)
			ad_add_key_with_columns(builder, node, column, NULL);
		return column == NULL;
	}
	/* its test reads what the subplan returns, which no other place may */
	if (IsA(node, SubPlan))
		return misses_part((Node *) pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS), arg);
	if (!may_be_part(node))
		return expression_tree_walker(node, misses_part, arg);
	return !((parts->columns_first && !expression_tree_walker(node, misses_part, arg)) ||
			 add_computed_part(builder, node) || add_number_parts(parts, node) ||
			 add_all_parts(builder, ad_clock_format_parts(node)) ||
			 (!parts->columns_first && !expression_tree_walker(node, misses_part, arg)));
}

/*
 * Does the expression have a subplan that depends on more than what its test
 * reads, as x NOT IN (SELECT ...) does not?
 */
static bool
has_correlated_subplan(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, AlternativeSubPlan) || (IsA(node, SubPlan) && ((SubPlan *) node)->parParam != NIL))
		return true;
	return expression_tree_walker(node, has_correlated_subplan, arg);
}

/*
 * Makes the expression a function of the group's keys, by adding what it
 * reads.  Returns false if that cannot be done; the builder may be changed
 * all the same.
 */
bool
ad_add_key_parts(AdGroupBuilder *builder, Node *node)
{
	Parts		parts = {builder};
	ListCell   *lc;

	foreach(lc, pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS))
	{
		if (!IsA(lfirst(lc), Var))
			return false;
	}
	if (contain_volatile_functions(node) || has_correlated_subplan(node, NULL) || expression_returns_set(node))
		return false;
	builder->values.base->visits = 0;
	parts.columns_first = count_parts(node, &parts);
	return !misses_part(node, &parts);
}

/*
 * Returns the columns of a table that an expression reads, in aggregates, too.
 */
List *
ad_table_columns(Index relid, Node *node)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, pull_var_clause(node, PVC_RECURSE_AGGREGATES | PVC_RECURSE_PLACEHOLDERS))
	{
		if (((Var *) lfirst(lc))->varno == relid)
			columns = lappend(columns, lfirst(lc));
	}
	return columns;
}

/*
 * Returns the columns in what a scan returns.
 */
List *
ad_returned_columns(const List *tlist)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, tlist)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;

		if (IsA(expr, Var))
			columns = lappend(columns, expr);
	}
	return columns;
}

/*
 * Adds the columns of the table `relid` that an expression reads as keys; it
 * may read other tables, too.  Returns false as ad_add_key_parts() does.
 */
bool
ad_add_table_columns(AdGroupBuilder *builder, Index relid, Node *node)
{
	ListCell   *lc;

	foreach(lc, ad_table_columns(relid, node))
	{
		if (!ad_add_key_parts(builder, lfirst(lc)))
			return false;
	}
	return true;
}
