/*
 * let.c
 *	  Names for expressions that are used more than once.
 *
 * A translation that needs an expression several times gives it a name and
 * uses the name.  So no operator repeats its operand, and the size of a
 * template grows in proportion to the SQL.
 *
 * ad_let_all() adds the definitions of the names around the finished
 * expression.  An expression that is used once is put back into its place.
 * The others become variables of $let, one $let per level: the outermost
 * defines those that need no other variable, the next those that need only
 * these, and so on.
 *
 * MongoDB computes a variable whether it is needed or not.  This is safe
 * because no expression can fail, see value.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"
#include "nodes/value.h"

#include "translate/let.h"

/*
 * One named expression.  The name is $$v and its position in the context's
 * list.  For a column's value it is $$c and the attribute number, which is
 * easier to read in EXPLAIN.
 */
typedef struct AdBinding
{
	AttrNumber	column;			/* attribute number, or 0 */
	Node	   *expr;			/* contains only names of earlier bindings */
} AdBinding;

/* what ad_let_all() knows of a named expression */
typedef struct AdVariable
{
	const AdBinding *binding;
	int			uses;
	int			level;			/* 0 if it needs no other variable, else above
								 * those that it needs */
	Node	   *expr;			/* with expressions that are used once put
								 * into their places */
} AdVariable;

/* the named expressions of one context */
typedef struct AdDefinitions
{
	int			count;
	AdVariable *variables;		/* in the order of the context's bindings */
	int		   *of_columns;		/* index in variables, by attribute number */
} AdDefinitions;

/* how many of the latest bindings are searched for an equal expression */
#define MAX_COMPARED	32

/* whether a name would not be shorter than the expression */
static bool
is_short(const Node *expr)
{
	return !IsA(expr, List);
}

static const char *
binding_name(const AdBinding *binding, int place)
{
	return binding->column != 0 ? psprintf("$$c%d", binding->column) : psprintf("$$v%d", place);
}

static Node *
add_binding(AdExprContext *context, AttrNumber column, Node *expr)
{
	AdBinding  *binding = palloc(sizeof(AdBinding));
	int			place = list_length(context->bindings);

	binding->column = column;
	binding->expr = expr;
	context->bindings = lappend(context->bindings, binding);
	return ad_string(binding_name(binding, place));
}

/*
 * Returns the name (a String node) of an expression, or the expression itself
 * if it is no longer than a name.  A recent name of an equal expression is
 * reused.
 */
Node *
ad_let(AdExprContext *context, Node *expr)
{
	int			place = list_length(context->bindings);
	int			last = Max(0, place - MAX_COMPARED);

	if (is_short(expr))
		return expr;
	while (--place >= last)
	{
		AdBinding  *binding = list_nth(context->bindings, place);

		if (equal(binding->expr, expr))
			return ad_string(binding_name(binding, place));
	}
	return add_binding(context, 0, expr);
}

/*
 * Returns the name of a column's value, or the expression itself if it is no
 * longer than a name.
 *
 * A column has one name in a context, so `expr` must always be the same for
 * it.
 */
Node *
ad_let_column(AdExprContext *context, AttrNumber attnum, Node *expr)
{
	if (is_short(expr))
		return expr;
	if (bms_is_member(attnum, context->bound))
		return ad_string(psprintf("$$c%d", attnum));
	context->bound = bms_add_member(context->bound, attnum);
	return add_binding(context, attnum, expr);
}

/* the variable that the node names, or NULL */
static AdVariable *
find_variable(const AdDefinitions *definitions, const Node *node)
{
	const char *name;
	int			number;

	if (!IsA(node, String))
		return NULL;
	name = ((const String *) node)->sval;

	/*
	 * Other names belong to a $let or $reduce that the translator has written
	 * itself.
	 */
	if (name[0] != '$' || name[1] != '$' || (name[2] != 'c' && name[2] != 'v') ||
		!isdigit((unsigned char) name[3]))
		return NULL;
	number = atoi(name + 3);
	if (name[2] == 'c')
		number = definitions->of_columns[number];
	return &definitions->variables[number];
}

/* counts how often each variable occurs in the expression */
static void
count_uses(AdDefinitions *definitions, Node *expr)
{
	AdVariable *variable;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (IsA(expr, List))
	{
		foreach(lc, (List *) expr)
			count_uses(definitions, lfirst(lc));
		return;
	}
	variable = find_variable(definitions, expr);
	if (variable != NULL)
		variable->uses++;
}

/*
 * Replaces the names of expressions that are used once by the expressions.
 * *level becomes greater than the levels of all variables that remain.
 */
static Node *
put_in_place(const AdDefinitions *definitions, Node *expr, int *level)
{
	const AdVariable *variable;
	List	   *members = NIL;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	if (IsA(expr, List))
	{
		foreach(lc, (List *) expr)
			members = lappend(members, put_in_place(definitions, lfirst(lc), level));
		return (Node *) members;
	}
	variable = find_variable(definitions, expr);
	if (variable == NULL)
		return expr;
	*level = Max(*level, variable->uses == 1 ? variable->level : variable->level + 1);
	return variable->uses == 1 ? variable->expr : expr;
}

/*
 * Finds the bindings that the expression needs, how often each is used, and
 * its level.
 */
static AdDefinitions
needed_definitions(const AdExprContext *context, Node *expr)
{
	AdDefinitions definitions = {.count = list_length(context->bindings)};

	definitions.variables = palloc0(definitions.count * sizeof(AdVariable));
	definitions.of_columns = palloc0((context->rel->max_attr + 1) * sizeof(int));
	for (int i = 0; i < definitions.count; i++)
	{
		const AdBinding *binding = list_nth(context->bindings, i);

		definitions.variables[i].binding = binding;
		if (binding->column != 0)
			definitions.of_columns[binding->column] = i;
	}
	count_uses(&definitions, expr);
	for (int i = definitions.count - 1; i >= 0; i--)
	{
		if (definitions.variables[i].uses > 0)
			count_uses(&definitions, definitions.variables[i].binding->expr);
	}
	for (int i = 0; i < definitions.count; i++)
	{
		AdVariable *variable = &definitions.variables[i];

		if (variable->uses > 0)
			variable->expr = put_in_place(&definitions, variable->binding->expr,
										  &variable->level);
	}
	return definitions;
}

/*
 * Returns the expression with a $let around it for the names that it
 * contains.  The result has no undefined names; it is the expression itself
 * if the context has no bindings.
 */
Node *
ad_let_all(const AdExprContext *context, Node *expr)
{
	AdDefinitions definitions;
	int			levels = 0;

	if (context->bindings == NIL)
		return expr;
	definitions = needed_definitions(context, expr);
	expr = put_in_place(&definitions, expr, &levels);
	for (int level = levels - 1; level >= 0; level--)
	{
		Node	   *vars = NULL;

		for (int i = 0; i < definitions.count; i++)
		{
			const AdVariable *variable = &definitions.variables[i];

			if (variable->uses > 1 && variable->level == level)
				vars = ad_doc_add(vars, binding_name(variable->binding, i) + 2, variable->expr);
		}
		expr = ad_doc("$let", ad_doc2("vars", vars, "in", expr));
	}
	return expr;
}
