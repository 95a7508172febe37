/*
 * order_skip.c
 *	  OFFSET in an order whose mismatches must not be skipped.
 *
 * Documents with a mismatch come first in the order, so $skip would skip them.
 * If OFFSET is low, PostgreSQL skips.  Otherwise MongoDB numbers the sorted
 * documents, and sends those behind OFFSET and those with a mismatch:
 *
 *		{$sort: {k0: 1, k1: 1}}, {$limit: OFFSET and LIMIT together},
 *		{$setWindowFields: {sortBy: {k0: 1, k1: 1}, output: {n: {$sum: 1,
 *			window: {documents: ["unbounded", "current"]}}}}},
 *		{$match: {$or: [{n: {$gt: OFFSET}}, {k0: false}]}}, {$sort: {n: 1}}
 *
 * The window follows a $limit, so that MongoDB sorts no more documents than
 * it would for $skip.  For this the numbers must be known to the planner.
 * $documentNumber would do but for MongoDB's refusal of a sortBy of several
 * fields.
 */
#include "postgres.h"

#include "plan/order_skip.h"
#include "query/avoid.h"

/* the lowest OFFSET whose rows are not sent */
#define NUMBERED_OFFSET	100

/* field for the number, beside the document and the computed keys */
#define NUMBER	"n"

/* sets *value to that of a constant that is positive; false for others */
static bool
is_positive(Node *operand, int64 *value)
{
	Const	   *constant = (Const *) operand;

	if (operand == NULL || !IsA(operand, Const) || constant->constisnull)
		return false;
	*value = DatumGetInt64(constant->constvalue);
	return *value > 0;
}

/*
 * Whether MongoDB may number the documents, for these operands of OFFSET and
 * LIMIT, of which the latter may be NULL.
 */
bool
ad_may_number(Node *skip, Node *limit, const AdTableOptions *options)
{
	int64		first = 0;
	int64		count = 0;

	return is_positive(skip, &first) && first >= NUMBERED_OFFSET &&
		(limit == NULL || is_positive(limit, &count)) &&
		count <= PG_INT64_MAX - first && !ad_is_avoided(options, "$setWindowFields");
}

/*
 * Makes the query skip by number.  It must have its sort, by computed keys;
 * `guards` are the names (String) of those that are false for a mismatch.
 */
void
ad_skip_by_number(AdQuery *query, Node *skip, Node *limit, List *guards)
{
	int64		first = 0;
	int64		count = 0;
	Node	   *window = ad_doc("documents", ad_array2(ad_string("unbounded"), ad_string("current")));
	List	   *wanted;
	ListCell   *lc;

	(void) is_positive(skip, &first);
	wanted = list_make1(ad_doc(NUMBER, ad_doc("$gt", ad_int64(first))));
	foreach(lc, guards)
		wanted = lappend(wanted, ad_doc(strVal(lfirst(lc)), (Node *) makeBoolean(false)));
	if (is_positive(limit, &count))
	{
		query->stages = lappend(query->stages, ad_doc("$sort", query->sort));
		query->stages = lappend(query->stages, ad_doc("$limit", ad_int64(first + count)));
	}
	query->stages = lappend(query->stages,
							ad_doc("$setWindowFields",
								   ad_doc2("sortBy", query->sort, "output",
										   ad_doc(NUMBER, ad_doc2("$sum", ad_integer(1), "window", window)))));
	query->stages = lappend(query->stages, ad_doc("$match", ad_doc("$or", ad_node(AD_ARRAY, wanted))));
	query->sort = ad_doc(NUMBER, ad_integer(1));
	query->limit = limit;
}
