/*
 * group.c
 *	  What an aggregate that groups returns.
 *
 * The stages that make it are in group_stages.c.
 *
 * Nothing is dropped in silence: where a mismatch is an error, an accumulator
 * of each column that is aggregated tells whether there was one.  It is
 *
 *		{$max: {$cond: [value decodes or is null, value, MaxKey]}}
 *
 * MaxKey is greater than all else (MongoDB manual, "Comparison/Sort Order"),
 * so that a result of null means that there was no value, and MaxKey means
 * that some value did not decode.  In the same way an accumulator tells that
 * PostgreSQL would have raised another error.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * A grouping of all documents.
 */
AdGroup *
ad_group_create(AdExprContext *context)
{
	AdGroup    *group = palloc0(sizeof(AdGroup));

	group->context = context;
	return group;
}

static AdKey *
make_key(AdGroup *group, const AdColumn *column, Node *expr)
{
	AdKey	   *key = palloc(sizeof(AdKey));

	key->column = column;
	key->expr = expr;
	key->unified = column == NULL ||
		(ad_is_proven(group->context, column) && column->type->variant == NULL);
	return key;
}

/* the place of a key among others, or -1 */
static int
find_group_key(List *keys, const AdColumn *column, Node *expr)
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
 * Group by a column as well, or, if that is NULL, by an expression that is
 * equal where the SQL key is.
 */
void
ad_group_add_key(AdGroup *group, const AdColumn *column, Node *expr)
{
	if (column != NULL)
		expr = ad_path_expr(column->field);
	if (find_group_key(group->keys, column, expr) < 0)
		group->keys = lappend(group->keys, make_key(group, column, expr));
}

/*
 * Let there be groups by these of the keys, all of which are columns and have
 * been added, besides those of other sets.
 */
void
ad_group_add_set(AdGroup *group, const List *columns)
{
	List	   *places = NIL;
	ListCell   *lc;

	foreach(lc, columns)
		places = list_append_unique_int(places, find_group_key(group->keys, lfirst(lc), NULL));
	group->sets = lappend(group->sets, places);
}

/*
 * Let aggregates be of the distinct values of one argument.  All keys must
 * have been added.  `expr` is equal, and null, where a value is that is not
 * just a column.
 */
void
ad_group_set_distinct(AdGroup *group, const AdValue *value, Node *expr)
{
	if (value->column != NULL)
		expr = ad_path_expr(value->column->field);
	group->distinct = value;
	group->all_keys = list_copy(group->keys);
	group->distinct_key = find_group_key(group->keys, value->column, expr);
	if (group->distinct_key < 0)
	{
		group->distinct_key = list_length(group->keys);
		group->all_keys = lappend(group->all_keys, make_key(group, value->column, expr));
	}
}

/* a column of the reply that is made as `kind` says, to be completed */
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

static void
add_column_output(AdGroup *group, int position, const char *path, const AdColumn *column)
{
	AdOutput   *output = ad_group_add_output(group, position, path, AD_RESULT_COLUMN, column->typid);

	if (ad_is_proven(group->context, column))
		group->proven = bms_add_member(group->proven, position);

	output->typmod = column->typmod;
	output->field = column->field;
	output->on_mismatch = column->on_mismatch;
}

/* the name of the accumulator, which is added if there is none like it */
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
	added = palloc(sizeof(AdAccumulator));
	added->name = psprintf("%s%d", prefix, list_length(*accumulators));
	added->op = op;
	added->argument = argument;
	*accumulators = lappend(*accumulators, added);
	return added->name;
}

/* the same, of an accumulator of all documents */
const char *
ad_group_accumulate(AdGroup *group, const char *op, Node *argument)
{
	return accumulate_in(&group->accumulators, "a", op, argument);
}

/* the same, of an accumulator of distinct values */
const char *
ad_group_accumulate_distinct(AdGroup *group, const char *op, Node *argument)
{
	return accumulate_in(&group->of_distinct, "d", op, argument);
}

/*
 * Where key i of `count` keys is in a document that $group made; as a path,
 * or, with a dollar before it, as an expression.
 */
const char *
ad_group_key_path(AdGroup *group, int i, int count)
{
	return count == 1 && group->sets == NIL ? "_id" : psprintf("_id.k%d", i);
}

/*
 * Return a column that is a key at the tuple's position.
 */
void
ad_group_return_key(AdGroup *group, int position, const AdColumn *column)
{
	int			i = find_group_key(group->keys, column, NULL);

	add_column_output(group, position, ad_group_key_path(group, i, list_length(group->keys)), column);
}

/*
 * Return a column of one document of each group, the same one for all columns.
 */
void
ad_group_return_column(AdGroup *group, int position, const AdColumn *column)
{
	add_column_output(group, position,
					  ad_group_accumulate(group, "$first", ad_path_expr(column->field)), column);
}

/*
 * Return a number at the tuple's position that each set has one of; over no
 * documents there are the groups of the set without keys alone.
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

void
ad_group_add_guard(AdGroup *group, const char *path, AdFailureKind kind, const AdColumn *column)
{
	AdGuard    *guard;
	ListCell   *lc;

	foreach(lc, group->guards)
	{
		if (strcmp(((AdGuard *) lfirst(lc))->path, path) == 0)
			return;
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
}

/*
 * The accumulator whose result is the greatest value of the column that
 * decodes, so null if there is none; and the guard.
 */
const char *
ad_group_accumulate_guard(AdGroup *group, const AdColumn *column)
{
	Node	   *value = ad_path_expr(column->field);
	const char *name = ad_group_accumulate(group, "$max",
										   ad_value_if(ad_fits_expr(column->type, value, true), value,
													   ad_node(AD_MAXKEY, NIL)));

	ad_group_add_guard(group, name, AD_FAILURE_MISMATCH, column);
	return name;
}

/*
 * Make sure that no mismatch in the column goes unnoticed.
 */
void
ad_group_guard(AdGroup *group, const AdColumn *column)
{
	(void) ad_group_accumulate_guard(group, column);
}

/*
 * Make sure that none of the failures (AdFailure) goes unnoticed.
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
