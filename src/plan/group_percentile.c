/*
 * group_percentile.c
 *	  Percentiles of groups.
 *
 * The values of each group are numbered from both ends; the sum of both
 * numbers gives their count.  An accumulator picks the value with the wanted
 * number:
 *
 *		{$set: {ranked0: argument}},
 *		{$setWindowFields: {partitionBy: {keys, is it null?}, sortBy: {ranked0: 1},
 *			output: {ranked0r: {$documentNumber: {}}}}},
 *		{$setWindowFields: {the same, sortBy: {ranked0r: -1},
 *			output: {ranked0l: {$documentNumber: {}}}}},
 *		{$group: {..., a0: {$max: {$cond: [{$eq: ["$ranked0r", wanted]}, "$ranked0", null]}}}}
 *
 * A count over an unbounded window could replace the second $setWindowFields,
 * but a server may compute it again for each document, as the test server
 * does.
 *
 * If the percentile lies between two values, PostgreSQL computes it from
 * both, by the arithmetic of percentile_cont_final_common().
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "plan/group_percentile.h"
#include "query/type_tests.h"
#include "translate/let.h"

/*
 * Returns the prefix, with underscores added until no field of the table
 * begins with it, so that added fields do not hide any.
 */
const char *
ad_group_free_prefix(const AdExprContext *context, const char *prefix)
{
	for (AttrNumber attnum = 1; attnum <= context->rel->max_attr; attnum++)
	{
		/* false for a dropped column */
		if (OidIsValid(get_atttype(context->relid, attnum)) &&
			strncmp(ad_column(context->relid, attnum, context->options)->field, prefix,
					strlen(prefix)) == 0)
		{
			prefix = psprintf("%s_", prefix);
			attnum = 0;
		}
	}
	return prefix;
}

/* the name of the ranking by the expression, which is added if it is new */
static const char *
find_ranking(AdGroup *group, Node *expr)
{
	AdRanking  *added;
	ListCell   *lc;

	foreach(lc, group->rankings)
	{
		AdRanking  *ranking = lfirst(lc);

		if (equal(ranking->expr, expr))
			return ranking->name;
	}
	if (group->ranking_prefix == NULL)
		group->ranking_prefix = ad_group_free_prefix(group->context, "ranked");
	added = palloc(sizeof(AdRanking));
	added->name = psprintf("%s%d", group->ranking_prefix, list_length(group->rankings));
	added->expr = expr;
	group->rankings = lappend(group->rankings, added);
	return added->name;
}

/* a field of the ranking as an expression; `letter` is "r" or "l" */
static Node *
ranking_field(const char *name, const char *letter)
{
	return ad_path_expr(psprintf("%s%s", name, letter));
}

/*
 * The number of values in the document's group, minus `less`; wrong where the
 * value is null.
 */
static Node *
count_less(const char *name, int less)
{
	Node	   *both = ad_array2(ranking_field(name, "r"), ranking_field(name, "l"));

	return ad_doc("$subtract", ad_array2(ad_doc("$add", both), ad_integer(1 + less)));
}

/* the accumulator for the value with that number, counted from 0 */
static const char *
value_at(AdGroup *group, const char *name, Node *number)
{
	Node	   *is_wanted = ad_doc("$eq", ad_array2(ranking_field(name, "r"),
													ad_doc("$add", ad_array2(number, ad_integer(1)))));

	return ad_group_accumulate(group, "$max",
							   ad_value_if(is_wanted, ad_path_expr(name), ad_null()));
}

/* whether the ranked value is not null */
static Node *
is_value(const char *name)
{
	return ad_doc("$gt", ad_array2(ad_path_expr(name), ad_null()));
}

/*
 * percentile_disc(): the first value whose position among all is at least the
 * fraction.
 */
static bool
return_discrete(AdGroup *group, int position, const AdCall *call, const char *name)
{
	Node	   *share = ad_doc("$multiply", ad_array2(ad_float8(call->fraction), count_less(name, 0)));
	Node	   *number = ad_doc("$max", ad_array2(ad_doc("$subtract", ad_array2(ad_doc("$ceil", share),
																				ad_integer(1))),
												  ad_integer(0)));

	ad_group_add_output(group, position, value_at(group, name, number), AD_RESULT_EXTREME,
						call->result_type);
	return true;
}

/*
 * percentile_cont(): interpolates between the values before and after a
 * position that need not be whole.
 */
static bool
return_continuous(AdGroup *group, int position, const AdCall *call, const char *name)
{
	Node	   *number = ad_doc("$multiply", ad_array2(ad_float8(call->fraction), count_less(name, 1)));
	AdOutput   *output = ad_group_add_output(group, position,
											 value_at(group, name, ad_doc("$floor", number)),
											 AD_RESULT_EXTREME, call->result_type);

	output->second = value_at(group, name, ad_doc("$ceil", number));
	output->divisor = ad_group_accumulate(group, "$sum", ad_value_if(is_value(name), ad_integer(1),
																	 ad_integer(0)));
	output->fraction = call->fraction;
	return true;
}

/*
 * Adds a percentile as output `position`.  Returns false if MongoDB does not
 * order its argument as PostgreSQL does, and for grouping sets.
 */
bool
ad_group_return_percentile(AdGroup *group, int position, const AdCall *call)
{
	Node	   *expr = ad_call_ordered(group->context, call);
	const char *name;

	if (expr == NULL || group->sets != NIL)
		return false;
	name = find_ranking(group, ad_let_all(group->context, expr));
	return call->aggregate == AD_PERCENTILE_DISC ?
		return_discrete(group, position, call, name) :
		return_continuous(group, position, call, name);
}

/*
 * The keys as SQL sees them.  MongoDB refuses arrays in partitionBy; none of
 * these is one.
 */
static Node *
partition_expr(AdGroup *group)
{
	Node	   *keys = NULL;
	ListCell   *lc;

	foreach(lc, group->keys)
	{
		AdKey	   *key = lfirst(lc);
		Node	   *value = key->expr;

		if (key->column != NULL)
			value = ad_value_if(ad_fits_expr(key->column->type, value, false),
								ad_unified_expr(key->column->type, value), ad_null());
		keys = ad_doc_add(keys, psprintf("k%d", foreach_current_index(lc)),
						  ad_let_all(group->context, value));
	}
	return keys;
}

/* the stage that numbers the documents of each group, with nulls apart */
static Node *
numbering_stage(AdGroup *group, const char *name, Node *order, const char *number)
{
	Node	   *window = ad_doc2("partitionBy", ad_doc_add(partition_expr(group), "v", is_value(name)),
								 "sortBy", order);

	ad_doc_add(window, "output", ad_doc(number, ad_doc("$documentNumber", ad_node(AD_DOCUMENT, NIL))));
	return ad_doc("$setWindowFields", window);
}

/*
 * Returns the stages that add the rankings, which come before those that
 * group.
 */
List *
ad_group_ranking_stages(AdGroup *group)
{
	List	   *stages = NIL;
	ListCell   *lc;

	foreach(lc, group->rankings)
	{
		const AdRanking *ranking = lfirst(lc);
		const char *name = ranking->name;
		const char *rank = psprintf("%sr", name);

		stages = lappend(stages, ad_doc("$set", ad_doc(name, ranking->expr)));
		stages = lappend(stages, numbering_stage(group, name, ad_doc(name, ad_integer(1)), rank));
		stages = lappend(stages, numbering_stage(group, name, ad_doc(rank, ad_integer(-1)),
												 psprintf("%sl", name)));
	}
	return stages;
}
