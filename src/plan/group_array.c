/*
 * group_array.c
 *	  Arrays of a group of which only the first element is read.
 *
 * (array_agg(x ORDER BY o DESC))[1] is the usual way to ask for the last x of
 * each group beside other aggregates.  MongoDB finds the greatest document
 *
 *		{v: o, x: [x]}
 *
 * of the group, for it compares documents field by field.  Where null is not
 * at the end where the query has it, a field before v tells whether o is null.
 * Which x comes first among equal o, SQL leaves open.
 *
 * The aggregate is then an array of one element, or null if there are no rows.
 * So nothing else of it may be read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "plan/group_array.h"
#include "plan/group_call.h"
#include "plan/sort_key.h"

/* the array_agg() of which the expression is the first element, or NULL */
static Aggref *
read_array(Node *node)
{
	SubscriptingRef *element = (SubscriptingRef *) node;
	Aggref	   *aggref;
	Const	   *index;

	if (!IsA(node, SubscriptingRef) || element->reflowerindexpr != NIL || element->refassgnexpr != NULL ||
		list_length(element->refupperindexpr) != 1)
		return NULL;
	aggref = (Aggref *) element->refexpr;
	index = linitial(element->refupperindexpr);
	return IsA(aggref, Aggref) && aggref->aggfnoid == F_ARRAY_AGG_ANYNONARRAY && IsA(index, Const) &&
		!index->constisnull && index->consttype == INT4OID && DatumGetInt32(index->constvalue) == 1 ?
		aggref : NULL;
}

/* what collect_arrays() finds: Aggrefs */
typedef struct AdArrays
{
	List	   *first;			/* of which the first element is read */
	List	   *whole;			/* all other calls of array_agg() */
} AdArrays;

/* expression_tree_walker() callback */
static bool
collect_arrays(Node *node, void *arg)
{
	AdArrays   *arrays = arg;
	Aggref	   *aggref;

	if (node == NULL)
		return false;
	aggref = read_array(node);
	if (aggref != NULL)
	{
		arrays->first = list_append_unique(arrays->first, aggref);
		return false;
	}
	if (IsA(node, Aggref) && ((Aggref *) node)->aggfnoid == F_ARRAY_AGG_ANYNONARRAY)
		arrays->whole = lappend(arrays->whole, node);
	return expression_tree_walker(node, collect_arrays, arg);
}

/*
 * Returns the calls of array_agg() (a list of Aggref) in the expression of
 * which nothing but the first element is read.
 */
List *
ad_first_elements(Node *node)
{
	AdArrays	arrays = {NIL, NIL};

	(void) collect_arrays(node, &arrays);
	return list_difference(arrays.first, arrays.whole);
}

/*
 * Adds the fields of one key of the order to the document.  Returns false if
 * MongoDB does not order as PostgreSQL does.  *descending is set for the
 * first key, and must be the same for all others.
 */
static bool
add_order_key(AdValueContext *values, const Aggref *aggref, int number, bool *descending, Node **document)
{
	SortGroupClause *clause = list_nth(aggref->aggorder, number);
	Node	   *node = get_sortgroupclause_expr(clause, aggref->args);
	TypeCacheEntry *type = lookup_type_cache(exprType(node),
											 TYPECACHE_LT_OPR | TYPECACHE_GT_OPR | TYPECACHE_BTREE_OPFAMILY);
	bool		reversed = clause->sortop == type->gt_opr;
	AdValue		value;
	Node	   *ordered;

	if ((!reversed && clause->sortop != type->lt_opr) || (number > 0 && reversed != *descending) ||
		!ad_value(values, node, &value) || value.rounded ||
		!ad_ordered_expr(values->base, &value, type->btree_opf, exprCollation(node), &ordered))
		return false;
	*descending = reversed;
	/* MongoDB takes null for the least value */
	if (value.nullable && clause->nulls_first == reversed)
		*document = ad_doc_add(*document, psprintf("n%d", number), ad_doc("$not", ad_array1(ad_value_not_null(&value))));
	if (value.nullable)
		ordered = ad_doc("$ifNull", ad_array2(ordered, ad_null()));
	*document = ad_doc_add(*document, psprintf("v%d", number), ordered);
	return true;
}

/* the document of which the group's first is wanted, and how it is found */
static Node *
ordered_document(AdValueContext *values, const Aggref *aggref, const AdColumn *column, bool *descending)
{
	Node	   *document = NULL;

	for (int i = 0; i < list_length(aggref->aggorder); i++)
	{
		if (!add_order_key(values, aggref, i, descending, &document))
			return NULL;
	}
	/* in an array null is not missing */
	return ad_doc_add(document, "x", ad_array1(ad_path_expr(column->field)));
}

/* the column (a Var) that array_agg() reads, if the array can have one element of it; else NULL */
static const AdColumn *
element_column(AdValueContext *values, const Aggref *aggref)
{
	Node	   *argument = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	const AdColumn *column = ad_expr_column(values->base, argument);

	return column != NULL && IsA(argument, Var) && get_array_type(column->typid) == aggref->aggtype ?
		column : NULL;
}

/*
 * Adds the output of a call of array_agg() of which nothing but the first
 * element is read.  Returns false if MongoDB cannot find that.
 */
bool
ad_group_return_first_element(AdGroup *group, AdValueContext *values, int position, const Aggref *aggref)
{
	const AdColumn *column = element_column(values, aggref);
	List	   *failures = values->failures;
	List	   *of_order;
	AdCall		call = {0};
	bool		descending = false;
	Node	   *document;
	AdOutput   *output;

	if (column == NULL || aggref->aggsplit != AGGSPLIT_SIMPLE || aggref->aggdistinct != NIL)
		return false;
	values->failures = NIL;
	document = ordered_document(values, aggref, column, &descending);
	of_order = values->failures;
	values->failures = failures;
	if (document == NULL || !ad_call_set_filter(&call, values, aggref))
		return false;
	ad_value_fail_if(values, of_order, call.filter);
	if (column->on_mismatch == AD_MISMATCH_ERROR && !column->type->trusted)
		values->columns = lappend(values->columns, unconstify(AdColumn *, column));
	output = ad_group_add_output(group, position,
								 psprintf("%s.x", ad_group_accumulate(group, descending ? "$max" : "$min",
																	  ad_call_filtered(&call, document))),
								 AD_RESULT_COLUMN, aggref->aggtype);
	output->typmod = column->typmod;

	/*
	 * a guard detects mismatches that are errors; those that are null may
	 * make the array null
	 */
	output->field = column->field;
	output->on_mismatch = AD_MISMATCH_NULL;
	return true;
}
