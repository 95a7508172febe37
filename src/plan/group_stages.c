/*
 * group_stages.c
 *	  The stages of an aggregate that groups.
 *
 * There are up to three of them, all $group:
 *
 *	1. by the fields' values as they are, which costs least where there are
 *	   most documents, and by computed keys;
 *	2. if a key is a field, of any value: by the values that SQL sees.  What is equal in SQL
 *	   though not in BSON (null and missing, an ObjectId and its hexadecimal
 *	   digits) comes together, and so do its accumulators;
 *	3. for DISTINCT: by the keys without the distinct value.  No set is built
 *	   that would have to fit in a document.
 *
 * Of grouping sets each has its own, by some of the keys, and $unionWith adds
 * the groups of the others to those of the first.  A key that a set does not
 * have is missing in its groups, so it is null.
 */
#include "postgres.h"

#include "plan/group_percentile.h"
#include "plan/group_stages.h"
#include "query/type_tests.h"
#include "translate/let.h"

/* whether documents are grouped by the key, in a set of them if there are sets */
static bool
has_key(AdGroup *group, int set, int i)
{
	return group->sets == NIL || list_member_int(list_nth(group->sets, set), i);
}

/* the _id of a $group by these expressions, or by those of a set */
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
			id = ad_doc_add(id, psprintf("k%d", i), lfirst(lc));
	}
	return id == NULL ? ad_null() : id;
}

/*
 * {_id: ..., accumulators}, which are of documents or of groups of them.
 */
static Node *
group_fields(AdGroup *group, List *keys, int set, bool of_groups)
{
	Node	   *fields = ad_doc("_id", group_id(group, keys, set));
	ListCell   *lc;

	foreach(lc, group->accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);

		ad_doc_add(fields, accumulator->name,
				   ad_doc(accumulator->op, of_groups ?
						  ad_path_expr(accumulator->name) :
						  ad_let_all(group->context, accumulator->argument)));
	}
	foreach(lc, group->groupings)
		ad_doc_add(fields, psprintf("g%d", foreach_current_index(lc)),
				   ad_doc("$max", ad_integer(list_nth_int(lfirst(lc), set))));
	return fields;
}

/* the second stage's key, of the first one's */
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

/* the stages that group documents by the keys, or by those of a set */
static List *
group_stages(AdGroup *group, int set)
{
	List	   *all_keys = group->distinct == NULL ? group->keys : group->all_keys;
	int			count = list_length(all_keys);
	bool		is_unified = true;
	List	   *stages;
	List	   *raw = NIL;
	List	   *unified = NIL;

	for (int i = 0; i < count; i++)
	{
		AdKey	   *key = list_nth(all_keys, i);

		is_unified &= key->unified || !has_key(group, set, i);
		raw = lappend(raw, ad_let_all(group->context, key->expr));
		unified = lappend(unified, unified_key(key, ad_path_expr(ad_group_key_path(group, i, count))));
	}
	stages = list_make1(ad_doc("$group", group_fields(group, raw, set, false)));
	if (!is_unified)
		stages = lappend(stages, ad_doc("$group", group_fields(group, unified, set, true)));
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
 * Make the query the grouping that was described, but for a set without keys
 * that is not the only one.
 */
void
ad_group_finish(AdGroup *group, AdQuery *query)
{
	query->aggregate = true;
	query->stages = list_concat(ad_group_ranking_stages(group), group_stages(group, 0));
	for (int set = 1; set < list_length(group->sets); set++)
	{
		if (list_nth(group->sets, set) != NIL)
			query->stages = lappend(query->stages, union_stage(group, query, set));
	}
	if (group->distinct != NULL)
		query->stages = lappend(query->stages, distinct_stage(group));
	query->outputs = group->outputs;
	query->guards = group->guards;
}

/*
 * Add the group of the set without keys, which is the last one, and has met no
 * conditions on groups: that it is not there has to mean that nothing is.
 */
void
ad_group_add_total(AdGroup *group, AdQuery *query)
{
	query->stages = lappend(query->stages,
							union_stage(group, query, list_length(group->sets) - 1));
}
