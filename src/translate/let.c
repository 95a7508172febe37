/*
 * let.c
 *	  Expressions that have names, so that they are said once.
 *
 * A translation that needs a part more than once gives it a name, and uses
 * that.  So the size of a template grows with that of the SQL: no operator
 * repeats its operand.  ad_let_all() writes the names' definitions around the
 * whole: a part that was used once stands in its place again, and the others
 * are variables of $let, one $let for all that need no other, one for those
 * that need these, and so on.
 *
 * A variable is computed whether it is needed or not, which is right because
 * no expression can fail, see value.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"
#include "nodes/value.h"

#include "translate/let.h"

/*
 * A name is $$v and its place in the context's list, or, for a column's value,
 * $$c and the column's number, which is as good to a reader of EXPLAIN.
 */
typedef struct AdBinding
{
	AttrNumber	column;			/* or 0 */
	Node	   *expr;			/* uses only names that are older */
} AdBinding;

/* what ad_let_all() knows of a name */
typedef struct AdVariable
{
	const AdBinding *binding;
	int			uses;
	int			level;			/* 0 if it needs no other variable */
	Node	   *expr;			/* in which parts are in their places */
} AdVariable;

typedef struct AdDefinitions
{
	int			count;
	AdVariable *variables;		/* the older come first */
	int		   *of_columns;		/* their places, by the column's number */
} AdDefinitions;

/* among how many names one is looked for that is the same expression's */
#define MAX_COMPARED	32

/* whether an expression is as short as a name */
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
 * A name for the expression, or the expression itself if it is as short.
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
 * The same for a column's value.
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

/* the variable that a node stands for, or NULL */
static AdVariable *
find_variable(const AdDefinitions *definitions, const Node *node)
{
	const char *name;
	int			number;

	if (!IsA(node, String))
		return NULL;
	name = ((const String *) node)->sval;
	/* others are of a $let or $reduce that a translation wrote itself */
	if (name[0] != '$' || name[1] != '$' || (name[2] != 'c' && name[2] != 'v') ||
		!isdigit((unsigned char) name[3]))
		return NULL;
	number = atoi(name + 3);
	if (name[2] == 'c')
		number = definitions->of_columns[number];
	return &definitions->variables[number];
}

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

/* put what is used once into its place; *level is above all that is needed */
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

/* the definitions of the context's names that the expression needs */
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
 * The same expression, with a definition for each name in it.
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
