/*
 * group_stages.c
 *	  The pipeline stages of a grouping.
 *
 * There are up to three of them, all $group:
 *
 *	1. By the stored values of fields, and by computed keys.  This stage
 *	   gets the most documents, and costs the least for each.
 *	2. By the values that SQL sees, if a key is a field that needs it.  What
 *	   is equal in SQL but not in BSON (null and missing, an ObjectId and its
 *	   hexadecimal digits) is merged, and so are its accumulators.
 *	3. For DISTINCT: by the keys without the distinct values.  So no set of
 *	   values has to fit into a document.
 *
 * Each grouping set has its own stages, with some of the keys, and $unionWith
 * adds the groups of the other sets to those of the first.  A key that a set
 * does not have is missing in its groups, and so reads as null.
 */
#include "postgres.h"

#include "plan/group_distinct.h"
#include "plan/group_percentile.h"
#include "plan/group_stages.h"
#include "query/type_tests.h"
#include "translate/let.h"

/*
 * Whether the set has the key; without grouping sets there is one set with
 * all keys.
 */
static bool
has_key(AdGroup *group, int set, int i)
{
	return group->sets == NIL || list_member_int(list_nth(group->sets, set), i);
}

/*
 * A part of the _id of a $group.  MongoDB takes a number or a boolean there,
 * which would be constant, for an inclusion as in $project, and refuses it
 * (error 17390).
 */
static Node *
id_part(Node *expr)
{
	bool		is_bare = !IsA(expr, String) &&
	(!IsA(expr, List) || ad_tag(expr) == AD_SLOT || ad_tag(expr) == AD_OPERAND);

	return is_bare ? ad_doc("$ifNull", ad_array2(expr, ad_null())) : expr;
}

/* the _id of a $group for one set */
static Node *
group_id(AdGroup *group, List *expressions, int set)
{
	Node	   *id = NULL;
	ListCell   *lc;

	if (group->sets == NIL && list_length(expressions) == 1)
		return linitial(expressions);
	foreach(lc, expressions)
	{
		int			i = foreach_current_index(lc);

		if (has_key(group, set, i))
			id = ad_doc_add(id, psprintf("k%d", i), id_part(lfirst(lc)));
	}
	return id == NULL ? ad_null() : id;
}

/*
 * The fields of a $group: _id and the accumulators.  If `of_groups`,
 * the input consists of groups, whose accumulators it merges.
 */
static Node *
group_fields(AdGroup *group, List *keys, int set, bool of_groups)
{
	Node	   *fields = ad_doc("_id", group_id(group, keys, set));
	ListCell   *lc;

	foreach(lc, group->accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);
		Node	   *field;
		Node	   *argument = of_groups ? ad_path_expr(accumulator->name) :
		ad_let_all(group->context, accumulator->argument);

		if (!of_groups && strcmp(accumulator->op, "$sum") == 0)
			argument = ad_group_spread_once(group, argument);
		field = ad_doc(accumulator->op, argument);
		ad_doc_add(fields, accumulator->name, accumulator->exact_only ? ad_exact_only(field) : field);
	}
	foreach(lc, group->groupings)
		ad_doc_add(fields, psprintf("g%d", foreach_current_index(lc)),
				   ad_doc("$max", ad_integer(list_nth_int(lfirst(lc), set))));
	return fields;
}

/* the key of the second stage, made from that of the first */
static Node *
unified_key(const AdKey *key, Node *value)
{
	Node	   *unified;

	if (key->unified)
		return value;
	unified = ad_unified_expr(key->column->type, value);
	if (key->column->on_mismatch == AD_MISMATCH_ERROR)
		return unified;
	return ad_value_if(ad_fits_expr(key->column->type, value, false), unified, ad_null());
}

/*
 * Whether the second stage must unify key `i` of all keys.  For a distinct
 * value that is no group key, it must do so if values that are equal in SQL
 * would be counted twice.  Nulls are not counted.
 */
bool
ad_group_needs_unity(const AdGroup *group, int i)
{
	const AdKey *key = list_nth(group->distincts == NIL ? group->keys : group->all_keys, i);

	if (i < list_length(group->keys))
		return !key->unified;
	return !key->unified &&
		(key->column->type->variant != NULL || key->column->on_mismatch != AD_MISMATCH_ERROR);
}

/* the third stage */
static Node *
distinct_stage(AdGroup *group)
{
	int			count = list_length(group->all_keys);
	List	   *keys = NIL;
	Node	   *fields;
	ListCell   *lc;

	for (int i = 0; i < list_length(group->keys); i++)
		keys = lappend(keys, ad_path_expr(ad_group_key_path(group, i, count)));
	fields = group_fields(group, keys, 0, true);
	foreach(lc, group->of_distinct)
	{
		AdAccumulator *accumulator = lfirst(lc);

		ad_doc_add(fields, accumulator->name, ad_doc(accumulator->op, ad_let_all(group->context, accumulator->argument)));
	}
	return ad_doc("$group", fields);
}

/* the first stage, and the second if it is needed, for one set */
static List *
group_stages(AdGroup *group, int set)
{
	List	   *all_keys = group->distincts == NIL ? group->keys : group->all_keys;
	int			count = list_length(all_keys);
	bool		needs_unity = false;
	List	   *stages;
	List	   *raw = NIL;
	List	   *unified = NIL;

	for (int i = 0; i < count; i++)
	{
		AdKey	   *key = list_nth(all_keys, i);

		needs_unity |= has_key(group, set, i) && ad_group_needs_unity(group, i);
		raw = lappend(raw, ad_let_all(group->context, key->expr));
		unified = lappend(unified, unified_key(key, ad_path_expr(ad_group_key_path(group, i, count))));
	}
	stages = list_make1(ad_doc("$group", group_fields(group, raw, set, false)));
	if (needs_unity)
	{
		Node	   *stage = ad_doc("$group", group_fields(group, unified, set, true));

		stages = lappend(stages, group->quick_keys ? ad_exact_only(stage) : stage);
	}
	return stages;
}

/* the stage that adds the groups of another set */
static Node *
union_stage(AdGroup *group, const AdQuery *query, int set)
{
	List	   *stages = group_stages(group, set);

	if (ad_tag(query->filter) != AD_TRUE)
		stages = lcons(ad_doc("$match", ad_node(AD_MATCH, list_make1(query->filter))), stages);
	return ad_doc("$unionWith", ad_doc2("coll", ad_string(query->collection),
										"pipeline", ad_node(AD_ARRAY, stages)));
}

/*
 * Turns the query into the grouping that has been described.  It leaves out
 * an empty set that is not the only one; ad_group_add_total() adds that.
 */
void
ad_group_finish(AdGroup *group, AdQuery *query)
{
	query->aggregate = true;
	query->stages = list_concat(ad_group_ranking_stages(group), ad_group_spread_stages(group));
	query->stages = list_concat(query->stages, group_stages(group, 0));
	for (int set = 1; set < list_length(group->sets); set++)
	{
		if (list_nth(group->sets, set) != NIL)
			query->stages = lappend(query->stages, union_stage(group, query, set));
	}
	if (group->distincts != NIL)
		query->stages = lappend(query->stages, distinct_stage(group));
	query->outputs = group->outputs;
	query->guards = group->guards;
}

/*
 * Adds the group of the empty set, which is the last set.
 *
 * The stages of HAVING come before this one and do not apply to the group.
 * Its absence from the reply must mean only that there are no documents.
 */
void
ad_group_add_total(AdGroup *group, AdQuery *query)
{
	query->stages = lappend(query->stages,
							union_stage(group, query, list_length(group->sets) - 1));
}
