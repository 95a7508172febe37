/*
 * group.c
 *	  The description of a grouping: keys, accumulators, outputs and guards.
 *
 * group_stages.c makes the pipeline stages from it.
 *
 * No mismatch may go unnoticed.  Where it is an error, each column that is
 * aggregated gets an accumulator as its guard:
 *
 *		{$max: {$cond: [value decodes or is null, value, MaxKey]}}
 *
 * MaxKey is greater than all else (MongoDB manual, "Comparison/Sort Order").
 * So a result of MaxKey means that some value did not decode, and null means
 * that there was no value at all.  Other errors that PostgreSQL would raise
 * are detected in the same way.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "plan/group.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * Returns a palloc'd grouping without keys and outputs.  Its expressions are
 * translated in `context`.
 */
AdGroup *
ad_group_create(AdExprContext *context)
{
	AdGroup    *group = palloc0(sizeof(AdGroup));

	group->context = context;
	return group;
}

/*
 * Returns a key, palloc'd.
 */
AdKey *
ad_group_make_key(AdGroup *group, const AdColumn *column, Node *expr)
{
	AdKey	   *key = palloc(sizeof(AdKey));

	key->column = column;
	key->expr = expr;
	key->unified = column == NULL || !column->shippable ||
		(ad_is_proven(group->context, column) && column->type->variant == NULL);
	return key;
}

/*
 * Returns the index of a key in the list, or -1.
 */
int
ad_group_find_key(List *keys, const AdColumn *column, Node *expr)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		AdKey	   *key = lfirst(lc);

		if (key->column != NULL ? column != NULL && key->column->attnum == column->attnum :
			column == NULL && equal(key->expr, expr))
			return foreach_current_index(lc);
	}
	return -1;
}

/*
 * The key for a column.  An array has its type beside it, because there are
 * servers that take an empty array and an empty document for the same key.
 */
static Node *
column_key(const AdColumn *column)
{
	Node	   *path = ad_path_expr(column->field);

	return OidIsValid(get_element_type(column->typid)) ?
		ad_with_type(path) : path;
}

/*
 * Adds a group key: a column, or, if that is NULL, an expression that is
 * equal for two documents exactly if the SQL key is.  A key that is there
 * already is not added again.
 */
void
ad_group_add_key(AdGroup *group, const AdColumn *column, Node *expr)
{
	if (column != NULL)
		expr = column_key(column);
	if (ad_group_find_key(group->keys, column, expr) < 0)
		group->keys = lappend(group->keys, ad_group_make_key(group, column, expr));
}

/*
 * Adds a grouping set.  `columns` (a list of AdColumn) must have been added
 * as keys.
 */
void
ad_group_add_set(AdGroup *group, const List *columns)
{
	List	   *places = NIL;
	ListCell   *lc;

	foreach(lc, columns)
		places = list_append_unique_int(places, ad_group_find_key(group->keys, lfirst(lc), NULL));
	group->sets = lappend(group->sets, places);
}

/*
 * Adds an output for the scan's tuples at `position`, made from the value at
 * `path` as `kind` says.  Returns it, so that the caller can set other
 * members.
 */
AdOutput *
ad_group_add_output(AdGroup *group, int position, const char *path, AdResult kind, Oid typid)
{
	AdOutput   *output = palloc0(sizeof(AdOutput));

	output->position = position;
	output->path = path;
	output->kind = kind;
	output->typid = typid;
	output->typmod = -1;
	group->outputs = lappend(group->outputs, output);
	return output;
}

/* adds an output that is the value of a column */
static void
add_column_output(AdGroup *group, int position, const char *path, const AdColumn *column)
{
	AdOutput   *output = ad_group_add_output(group, position, path, AD_RESULT_COLUMN, column->typid);

	if (ad_is_proven(group->context, column))
		group->proven = bms_add_member(group->proven, position);
	if (column->type != NULL && column->type->trusted)
		group->trusted = bms_add_member(group->trusted, position);

	output->typmod = column->typmod;
	output->field = column->field;
	output->on_mismatch = column->on_mismatch;
}

/*
 * Adds a copy of an output of another group, whose value is at `path` here.
 * Returns it, so that the caller can set other members.
 */
AdOutput *
ad_group_copy_output(AdGroup *group, int position, const char *path, const AdGroup *other,
					 const AdOutput *output)
{
	AdOutput   *copy = palloc(sizeof(AdOutput));

	*copy = *output;
	copy->position = position;
	copy->path = path;
	group->outputs = lappend(group->outputs, copy);
	if (bms_is_member(output->position, other->proven))
		group->proven = bms_add_member(group->proven, position);
	if (bms_is_member(output->position, other->trusted))
		group->trusted = bms_add_member(group->trusted, position);
	return copy;
}

/* expression_tree_mutator() callback: puts a CaseTestExpr in place of the column */
static Node *
replace_column(Node *node, void *arg)
{
	CaseTestExpr *value;

	if (node == NULL || !IsA(node, Var))
		return expression_tree_mutator(node, replace_column, arg);
	value = makeNode(CaseTestExpr);
	value->typeId = ((Var *) node)->vartype;
	value->typeMod = ((Var *) node)->vartypmod;
	value->collation = ((Var *) node)->varcollid;
	return (Node *) value;
}

/*
 * Makes PostgreSQL compute an expression of one column (a Var) of the output's
 * value, which is one of that column.
 */
void
ad_group_compute_then(AdOutput *output, Node *expr)
{
	output->then = replace_column(expr, NULL);
}

/*
 * Whether the output is a column whose value may be a mismatch, which is an
 * error.
 */
bool
ad_group_may_mismatch(const AdGroup *group, const AdOutput *output)
{
	return output->kind == AD_RESULT_COLUMN && output->on_mismatch == AD_MISMATCH_ERROR &&
		!bms_is_member(output->position, group->proven) &&
		!bms_is_member(output->position, group->trusted);
}

/*
 * Returns the output with this position, which the group has.
 */
AdOutput *
ad_group_output(const AdGroup *group, int position)
{
	ListCell   *lc;

	foreach(lc, group->outputs)
	{
		if (((AdOutput *) lfirst(lc))->position == position)
			return lfirst(lc);
	}
	elog(ERROR, "the group has no output %d", position);
	return NULL;				/* not reached */
}

/*
 * The name of the accumulator in the list, to which it is added if it is new.
 */
static const char *
accumulate_in(List **accumulators, const char *prefix, const char *op, Node *argument)
{
	AdAccumulator *added;
	ListCell   *lc;

	foreach(lc, *accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);

		if (strcmp(accumulator->op, op) == 0 && equal(accumulator->argument, argument))
			return accumulator->name;
	}
	added = palloc0(sizeof(AdAccumulator));
	added->name = psprintf("%s%d", prefix, list_length(*accumulators));
	added->op = op;
	added->argument = argument;
	*accumulators = lappend(*accumulators, added);
	return added->name;
}

/*
 * Returns the name of an accumulator over all documents of a group, which is
 * added if it is new.  `op` is an accumulator that can merge its own results.
 */
const char *
ad_group_accumulate(AdGroup *group, const char *op, Node *argument)
{
	return accumulate_in(&group->accumulators, "a", op, argument);
}

/*
 * Returns the name of an accumulator over the distinct values of a group,
 * which is added if it is new.
 */
const char *
ad_group_accumulate_distinct(AdGroup *group, const char *op, Node *argument)
{
	return accumulate_in(&group->of_distinct, "d", op, argument);
}

/*
 * Returns the path of key `i` of `count` keys in a document made by $group.
 * With a dollar in front, it is an expression.
 */
const char *
ad_group_key_path(AdGroup *group, int i, int count)
{
	return count == 1 && group->sets == NIL ? "_id" : psprintf("_id.k%d", i);
}

/*
 * The argument of a guard in the third stage, which tells whether key `i` of
 * all keys, a column, decodes.
 */
Node *
ad_group_key_guard(AdGroup *group, int i)
{
	const AdKey *key = list_nth(group->all_keys, i);
	Node	   *path = ad_path_expr(ad_group_key_path(group, i, list_length(group->all_keys)));

	return ad_value_if(ad_fits_expr(key->column->type, path, true), ad_null(), ad_node(AD_MAXKEY, NIL));
}

/*
 * Adds the output of a column that is a group key.
 */
void
ad_group_return_key(AdGroup *group, int position, const AdColumn *column)
{
	int			i = ad_group_find_key(group->keys, column, NULL);

	add_column_output(group, position, ad_group_key_path(group, i, list_length(group->keys)), column);
}

/*
 * Adds the output of a column of one document of each group, which is the
 * same document for all such columns.
 */
void
ad_group_return_column(AdGroup *group, int position, const AdColumn *column)
{
	add_column_output(group, position,
					  ad_group_accumulate(group, "$first", ad_path_expr(column->field)), column);
}

/*
 * Adds the output of GROUPING().  `numbers` has its value in each set, in the
 * order of the sets.  If there are no documents, the only group is that of
 * the empty set.
 */
void
ad_group_return_grouping(AdGroup *group, int position, List *numbers)
{
	AdOutput   *output = ad_group_add_output(group, position,
											 psprintf("g%d", list_length(group->groupings)),
											 AD_RESULT_COUNT, INT4OID);

	for (int i = 0; i < list_length(group->sets); i++)
	{
		if (list_nth(group->sets, i) == NIL)
			output->of_nothing = list_nth_int(numbers, i);
	}
	group->groupings = lappend(group->groupings, numbers);
}

/*
 * Adds a guard: MaxKey at `path` of a reply's document means an error of this
 * kind.  `column` is that of a mismatch, NULL for other errors.  Returns the
 * guard of the path, which has only one.
 */
AdGuard *
ad_group_add_guard(AdGroup *group, const char *path, AdFailureKind kind, const AdColumn *column)
{
	AdGuard    *guard;
	ListCell   *lc;

	foreach(lc, group->guards)
	{
		guard = lfirst(lc);
		if (strcmp(guard->path, path) == 0)
			return guard;
	}
	guard = palloc0(sizeof(AdGuard));
	guard->path = path;
	guard->kind = kind;
	if (column != NULL)
	{
		guard->field = column->field;
		guard->typid = column->typid;
		guard->typmod = column->typmod;
	}
	group->guards = lappend(group->guards, guard);
	return guard;
}

/*
 * Adds the guard of a column, and returns the name of its accumulator.
 * Without an error its result is the greatest value of the column, and null
 * if there is none.  A trusted column has no other results.
 */
const char *
ad_group_accumulate_guard(AdGroup *group, const AdColumn *column)
{
	Node	   *value = ad_path_expr(column->field);
	const char *name;

	if (column->type->trusted)
		return ad_group_accumulate(group, "$max", value);
	name = ad_group_accumulate(group, "$max",
							   ad_value_if(ad_fits_expr(column->type, value, true), value,
										   ad_node(AD_MAXKEY, NIL)));
	ad_group_add_guard(group, name, AD_FAILURE_MISMATCH, column);
	return name;
}

/*
 * Makes sure that a mismatch in the column is detected.
 */
void
ad_group_guard(AdGroup *group, const AdColumn *column)
{
	(void) ad_group_accumulate_guard(group, column);
}

/*
 * Makes sure that each of the failures (AdFailure) is detected.
 */
void
ad_group_fail(AdGroup *group, const List *failures)
{
	for (int kind = 0; kind < AD_FAILURE_KINDS; kind++)
	{
		Node	   *when = ad_failures_when(failures, (AdFailureKind) kind);

		if (when != NULL)
			ad_group_add_guard(group, ad_group_accumulate(group, "$max",
														  ad_value_if(when, ad_node(AD_MAXKEY, NIL), ad_null())),
							   (AdFailureKind) kind, NULL);
	}
}
