/*
 * group.c
 *	  The stages of an aggregate that groups.
 *
 * There are up to three of them, all $group:
 *
 *	1. by the fields' values as they are, which costs least where there are
 *	   most documents;
 *	2. by the values that SQL sees: what is equal in SQL though not in BSON
 *	   (null and missing, an ObjectId and its hexadecimal digits) comes
 *	   together, and so do its accumulators;
 *	3. for DISTINCT: by the keys without the distinct column.  No set is built
 *	   that would have to fit in a document.
 *
 * Nothing is dropped in silence: where a mismatch is an error, an accumulator
 * of each column that is aggregated tells whether there was one.  It is
 *
 *		{$max: {$cond: [value decodes or is null, value, {}]}}
 *
 * An object is greater than all scalars (MongoDB manual, "Comparison/Sort
 * Order"), so that a result of null means that there was no value, and an
 * object means that some value did not decode.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "group.h"
#include "leaf.h"
#include "typeexpr.h"

/* one field of the first $group, merged by the others */
typedef struct AdAccumulator
{
	const char *name;
	const char *op;				/* $sum, $min or $max: merges itself, too */
	Node	   *argument;
} AdAccumulator;

struct AdGroup
{
	const List *keys;			/* AdColumn */
	const AdColumn *distinct;	/* or NULL */
	int			distinct_key;	/* its place among all_keys */
	List	   *all_keys;		/* keys, and distinct if it is no key */
	List	   *accumulators;
	bool		counts_distinct;
	List	   *outputs;		/* AdOutput */
	List	   *guards;			/* AdGuard */
};

/* names of what the third stage adds */
#define DISTINCT_COUNT	"d"
#define DISTINCT_GUARD	"g"

static bool
same_column(const AdColumn *a, const AdColumn *b)
{
	return a->attnum == b->attnum;
}

/*
 * A grouping by the given columns (AdColumn), with aggregates of the distinct
 * values of `distinct`, which may be NULL.
 */
AdGroup *
ad_group_create(const List *keys, const AdColumn *distinct)
{
	AdGroup    *group = palloc0(sizeof(AdGroup));
	ListCell   *lc;

	group->keys = keys;
	group->distinct = distinct;
	group->distinct_key = list_length(keys);
	group->all_keys = list_copy(keys);
	if (distinct == NULL)
		return group;
	foreach(lc, keys)
	{
		if (same_column(lfirst(lc), distinct))
			group->distinct_key = foreach_current_index(lc);
	}
	if (group->distinct_key == list_length(keys))
		group->all_keys = lappend(group->all_keys, unconstify(AdColumn *, distinct));
	return group;
}

/*
 * Where key i of `count` keys is in a document that $group made; as a path,
 * or, with a dollar before it, as an expression.
 */
static const char *
key_path(int i, int count)
{
	return count == 1 ? "_id" : psprintf("_id.k%d", i);
}

static Node *
path_expr(const char *path)
{
	return ad_string(psprintf("$%s", path));
}

static AdOutput *
add_output(AdGroup *group, int position, const char *path, AdResult kind, Oid typid)
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

/*
 * Let a key be the tuple's column at that position.
 */
void
ad_group_add_key(AdGroup *group, int position, const AdColumn *column)
{
	ListCell   *lc;

	foreach(lc, group->keys)
	{
		AdOutput   *output;

		if (!same_column(lfirst(lc), column))
			continue;
		output = add_output(group, position,
							key_path(foreach_current_index(lc), list_length(group->keys)),
							AD_RESULT_COLUMN, column->type->typid);
		output->typmod = column->typmod;
		output->field = column->field;
		output->on_mismatch = column->on_mismatch;
		return;
	}
	elog(ERROR, "column is no key of the group");
}

/* the name of the accumulator, which is added if there is none like it */
static const char *
accumulate(AdGroup *group, const char *op, Node *argument)
{
	AdAccumulator *added;
	ListCell   *lc;

	foreach(lc, group->accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);

		if (strcmp(accumulator->op, op) == 0 && equal(accumulator->argument, argument))
			return accumulator->name;
	}
	added = palloc(sizeof(AdAccumulator));
	added->name = psprintf("a%d", list_length(group->accumulators));
	added->op = op;
	added->argument = argument;
	group->accumulators = lappend(group->accumulators, added);
	return added->name;
}

static Node *
if_expr(Node *condition, Node *value, Node *otherwise)
{
	return ad_doc("$cond", ad_array3(condition, value, otherwise));
}

static void
add_guard(AdGroup *group, const char *path, const AdColumn *column)
{
	AdGuard    *guard;
	ListCell   *lc;

	foreach(lc, group->guards)
	{
		if (strcmp(((AdGuard *) lfirst(lc))->path, path) == 0)
			return;
	}
	guard = palloc(sizeof(AdGuard));
	guard->path = path;
	guard->field = column->field;
	guard->typid = column->type->typid;
	guard->typmod = column->typmod;
	group->guards = lappend(group->guards, guard);
}

/* an empty object where an expression is expected */
static Node *
object_expr(void)
{
	return ad_doc("$literal", ad_node(AD_DOCUMENT, NIL));
}

/*
 * The accumulator whose result is the greatest value of the column that
 * decodes, so null if there is none; it is the guard, too, where a mismatch is
 * an error.
 */
static const char *
accumulate_indicator(AdGroup *group, const AdColumn *column)
{
	Node	   *value = path_expr(column->field);
	const char *name;

	if (column->on_mismatch == AD_MISMATCH_NULL)
		return accumulate(group, "$max",
						  if_expr(ad_fits_expr(column->type, value, false), value, ad_null()));
	name = accumulate(group, "$max",
					  if_expr(ad_fits_expr(column->type, value, true), value, object_expr()));
	add_guard(group, name, column);
	return name;
}

/* make sure that no mismatch in the column goes unnoticed */
static void
guard_column(AdGroup *group, const AdColumn *column)
{
	if (column->on_mismatch == AD_MISMATCH_ERROR)
		(void) accumulate_indicator(group, column);
}

/* whether the column's value is not null, given that it is no mismatch */
static Node *
has_value_expr(Node *value)
{
	/* null and what stands for it are less than or equal to null */
	return ad_doc("$gt", ad_array2(value, ad_null()));
}

static void
add_count(AdGroup *group, int position, const AdColumn *column)
{
	Node	   *argument = ad_integer(1);

	if (column != NULL)
	{
		Node	   *value = path_expr(column->field);

		argument = if_expr(column->on_mismatch == AD_MISMATCH_NULL ?
						   ad_fits_expr(column->type, value, false) :
						   has_value_expr(value),
						   ad_integer(1), ad_integer(0));
		guard_column(group, column);
	}
	add_output(group, position, accumulate(group, "$sum", argument),
			   AD_RESULT_COUNT, INT8OID);
}

/*
 * Sums of integers must not go through doubles, which a value may be stored
 * as: those of int2 and int4 are summed as int64, those of int8 as decimal128.  That
 * is by way of int64: $toDecimal would round a double to 15 digits.
 */
static bool
add_sum(AdGroup *group, int position, const AdColumn *column, Oid result_type)
{
	static const struct
	{
		Oid			typid;
		Oid			result_type;
		const char *conversions[2];
	}			sums[] = {
		{FLOAT8OID, FLOAT8OID, {NULL, NULL}},
		{INT2OID, INT8OID, {"$toLong", NULL}},
		{INT4OID, INT8OID, {"$toLong", NULL}},
		{INT8OID, NUMERICOID, {"$toLong", "$toDecimal"}},
	};
	Node	   *value = path_expr(column->field);
	Node	   *argument;
	AdOutput   *output;
	int			i = 0;

	while (sums[i].typid != column->type->typid)
	{
		if (++i == lengthof(sums))
			return false;
	}
	Assert(sums[i].result_type == result_type);

	argument = value;
	for (int c = 0; c < 2 && sums[i].conversions[c] != NULL; c++)
		argument = ad_doc(sums[i].conversions[c], argument);
	/* $sum passes over what is no number, but $toLong would fail on it */
	if (argument != value || column->on_mismatch == AD_MISMATCH_NULL)
		argument = if_expr(ad_fits_expr(column->type, value, false), argument, ad_null());
	output = add_output(group, position, accumulate(group, "$sum", argument),
						AD_RESULT_SUM, result_type);
	output->indicator = accumulate_indicator(group, column);
	return true;
}

/*
 * The greatest text depends on the collation, which MongoDB does not have.
 * Doubles and decimals that are equal numerics are not equal for MongoDB.
 */
static bool
add_extreme(AdGroup *group, int position, AdAggregate aggregate,
			const AdColumn *column)
{
	Node	   *value = path_expr(column->field);
	Node	   *argument = value;

	if (column->type->class == AD_CLASS_TEXT || column->type->class == AD_CLASS_BOOL ||
		column->type->class == AD_CLASS_NUMERIC)
		return false;
	if (aggregate == AD_MAX && column->type->class != AD_CLASS_FLOAT)
	{
		add_output(group, position, accumulate_indicator(group, column),
				   AD_RESULT_EXTREME, column->type->typid);
		return true;
	}
	guard_column(group, column);
	/* a string is greater than all numbers, as NaN is for PostgreSQL */
	if (column->type->class == AD_CLASS_FLOAT)
		argument = if_expr(ad_doc("$eq", ad_array2(value, ad_float8(NAN))),
						   ad_string("NaN"), value);
	if (column->on_mismatch == AD_MISMATCH_NULL)
		argument = if_expr(ad_fits_expr(column->type, value, false), argument, ad_null());
	add_output(group, position, accumulate(group, aggregate == AD_MIN ? "$min" : "$max", argument),
			   AD_RESULT_EXTREME, column->type->typid);
	return true;
}

/*
 * Let an aggregate of a column, or of whole rows if that is NULL, be the
 * tuple's column at that position.  Returns false if MongoDB's result could
 * be another one.
 */
bool
ad_group_add(AdGroup *group, int position, AdAggregate aggregate,
			 const AdColumn *column, Oid result_type)
{
	switch (aggregate)
	{
		case AD_COUNT:
			add_count(group, position, column);
			return true;
		case AD_SUM:
			return add_sum(group, position, column, result_type);
		case AD_MIN:
		case AD_MAX:
			return add_extreme(group, position, aggregate, column);
	}
	return false;				/* not reached */
}

/*
 * Let the count of the distinct column's values be the tuple's column at that
 * position.
 */
void
ad_group_add_distinct(AdGroup *group, int position)
{
	group->counts_distinct = true;
	add_output(group, position, DISTINCT_COUNT, AD_RESULT_COUNT, INT8OID);
	if (group->distinct->on_mismatch == AD_MISMATCH_ERROR)
		add_guard(group, DISTINCT_GUARD, group->distinct);
}

/* the _id of a $group by these expressions */
static Node *
group_id(List *expressions)
{
	Node	   *id = NULL;
	ListCell   *lc;

	if (expressions == NIL)
		return ad_null();
	if (list_length(expressions) == 1)
		return linitial(expressions);
	foreach(lc, expressions)
		id = ad_doc_add(id, psprintf("k%d", foreach_current_index(lc)), lfirst(lc));
	return id;
}

/* {_id: id, accumulators}, which are of documents or of groups of them */
static Node *
group_fields(AdGroup *group, Node *id, bool of_groups)
{
	Node	   *fields = ad_doc("_id", id);
	ListCell   *lc;

	foreach(lc, group->accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);

		ad_doc_add(fields, accumulator->name,
				   ad_doc(accumulator->op, of_groups ?
						  path_expr(accumulator->name) :
						  accumulator->argument));
	}
	return fields;
}

/* the second stage's key, of the first one's */
static Node *
unified_key(const AdColumn *column, Node *value)
{
	Node	   *unified = ad_unified_expr(column->type, value);

	if (column->on_mismatch == AD_MISMATCH_ERROR)
		return unified;
	return if_expr(ad_fits_expr(column->type, value, false), unified, ad_null());
}

static Node *
distinct_stage(AdGroup *group)
{
	int			count = list_length(group->all_keys);
	Node	   *value = path_expr(key_path(group->distinct_key, count));
	List	   *keys = NIL;
	Node	   *fields;

	for (int i = 0; i < list_length(group->keys); i++)
		keys = lappend(keys, path_expr(key_path(i, count)));
	fields = group_fields(group, group_id(keys), true);
	ad_doc_add(fields, DISTINCT_COUNT,
			   ad_doc("$sum", if_expr(has_value_expr(value), ad_integer(1), ad_integer(0))));
	if (group->distinct->on_mismatch == AD_MISMATCH_ERROR)
		ad_doc_add(fields, DISTINCT_GUARD,
				   ad_doc("$max", if_expr(ad_fits_expr(group->distinct->type, value, true),
										  ad_null(), object_expr())));
	return ad_doc("$group", fields);
}

/*
 * Make the query the grouping that was described.
 */
void
ad_group_finish(AdGroup *group, AdQuery *query)
{
	int			count = list_length(group->all_keys);
	List	   *raw = NIL;
	List	   *unified = NIL;

	for (int i = 0; i < count; i++)
	{
		const AdColumn *column = list_nth(group->all_keys, i);

		raw = lappend(raw, path_expr(column->field));
		unified = lappend(unified,
						  unified_key(column, path_expr(key_path(i, count))));
	}
	query->aggregate = true;
	query->single_row = group->keys == NIL;
	query->stages = list_make1(ad_doc("$group", group_fields(group, group_id(raw), false)));
	if (count > 0)
		query->stages = lappend(query->stages,
								ad_doc("$group", group_fields(group, group_id(unified), true)));
	if (group->distinct != NULL)
		query->stages = lappend(query->stages, distinct_stage(group));
	query->outputs = group->outputs;
	query->guards = group->guards;
}
