/*
 * slice.c
 *	  Slices: the parts of a query's documents that several processes read.
 *
 * Each document must be in exactly one slice, whatever its field holds: also
 * null, values of other types, NaN and arrays, for the scan must notice
 * mismatches.  Let G(b) be the documents that {field: {$gte: b}} matches.  For
 * an array, that are those with an element that is not less than b.  If b is
 * less than c, G(b) includes G(c).  So these are slices for any documents:
 *
 *		not G(b1), G(b1) and not G(b2), ..., G(bn)
 *
 * In the second one, {$lt: b2} is added, which changes nothing: a value or
 * element in G(b1) that is not in G(b2) is less than b2.  It gives the index
 * its upper bound.
 *
 * If the filter lets pass only single values of the bounds' type, "less than
 * b" is the same as "not in G(b)", and indexes are used for the first slice,
 * too.
 *
 * Bounds are numbers, dates or ObjectIds.  They are no strings, because the
 * collation of a collection may order these in another way than we do.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "query/bind.h"
#include "query/leaf.h"
#include "query/slice.h"

#define OBJECTID_DIGITS 24

/* the operators of bounds that a slice's own bound replaces */
static const char *const lower_ops[] = {"$gte", "$gt", NULL};
static const char *const upper_ops[] = {"$lte", "$lt", NULL};

/* returns the bound for a text that an ObjectId reads as, else NULL */
static Node *
objectid_bound(const char *text)
{
	if (strlen(text) != OBJECTID_DIGITS || strspn(text, "0123456789abcdef") != OBJECTID_DIGITS)
		return NULL;
	return ad_node(AD_OBJECTID, list_make1(ad_string(text)));
}

static Node *
instant_bound(Timestamp value)
{
	int64		ms;

	if (TIMESTAMP_NOT_FINITE(value))
		return NULL;
	(void) ad_timestamptz_to_ms(value, &ms);
	return ad_date_const(ms);
}

/*
 * Returns the bound at a value of a column, or NULL if there is none.
 */
static Node *
bound_at(Oid typid, Datum value)
{
	switch (typid)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return ad_bind_operand(typid, value, false, AD_ROUND_NONE, 0);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return instant_bound(DatumGetTimestamp(value));
		case DATEOID:
			return instant_bound(ad_date_to_timestamp(DatumGetDateADT(value)));
		case TEXTOID:
		case VARCHAROID:
			return objectid_bound(TextDatumGetCString(value));
		default:
			return NULL;
	}
}

/* whether the node is a value that compare_bounds() can compare with the bound */
static bool
is_comparable(const Node *node, const Node *bound)
{
	if (IsA(node, Const) || IsA(bound, Const))
		return IsA(node, Const) && IsA(bound, Const) && !((const Const *) node)->constisnull &&
			((const Const *) node)->consttype == ((const Const *) bound)->consttype;
	return IsA(node, List) && ad_tag(node) == AD_OBJECTID;
}

/* compares two bounds of one type in MongoDB's order */
static int
compare_bounds(const Node *a, const Node *b)
{
	int64		left;
	int64		right;

	if (!IsA(a, Const))
		return strcmp(ad_objectid_hex(a), ad_objectid_hex(b));
	/* both constants are an int8 or a timestamptz */
	left = DatumGetInt64(((const Const *) a)->constvalue);
	right = DatumGetInt64(((const Const *) b)->constvalue);
	return left < right ? -1 : left > right;
}

static int
compare_cells(const ListCell *a, const ListCell *b)
{
	return compare_bounds(lfirst(a), lfirst(b));
}

/*
 * Returns the division, palloc'd, of a query by the field at the path.
 * `values` are those of a column of type `typid`, at any of which a slice may
 * end; those that can be no bounds are left out.  Returns NULL if none is
 * left.
 */
AdSlices *
ad_slices_create(const char *path, Oid typid, const Datum *values, int count, bool bounded)
{
	AdSlices   *slices = palloc0(sizeof(AdSlices));
	List	   *bounds = NIL;
	ListCell   *lc;

	for (int i = 0; i < Min(count, AD_MAX_BOUNDS); i++)
	{
		Node	   *bound = bound_at(typid, values[i]);

		if (bound != NULL)
			bounds = lappend(bounds, bound);
	}
	list_sort(bounds, compare_cells);
	foreach(lc, bounds)
	{
		if (slices->bounds == NIL || compare_bounds(llast(slices->bounds), lfirst(lc)) != 0)
			slices->bounds = lappend(slices->bounds, lfirst(lc));
	}
	if (slices->bounds == NIL)
		return NULL;
	slices->path = path;
	slices->bounded = bounded;
	return slices;
}

/* whether the predicate is a range of the path's values, all of one kind */
static bool
is_range(Node *predicate, const char *path)
{
	AdTag		tag = ad_tag(predicate);
	AdLeaf		leaf;

	if (tag != AD_COMPARE && tag != AD_CLOCK)
		return false;
	leaf = ad_leaf_read(predicate);
	/* a clock shows the same for a range of instants, such as a day */
	return leaf.op != AD_OP_NE && (leaf.op != AD_OP_EQ || tag == AD_CLOCK) &&
		strcmp(leaf.path, path) == 0;
}

/* the members of a filter's conjunction */
static List *
conjuncts(Node *filter)
{
	List	   *members = NIL;

	if (ad_tag(filter) != AD_AND)
		return list_make1(filter);
	for (int i = 0; i < ad_member_count(filter); i++)
		members = lappend(members, ad_member(filter, i));
	return members;
}

/*
 * Whether the template of a filter has a range of the path's values, in which
 * every document that matches is, and whether such a range of a column of the
 * type lets pass only values of the bounds' BSON type.
 */
bool
ad_filter_bounds(Node *filter, const char *path, Oid typid)
{
	ListCell   *lc;

	/* a range of text lets pass strings, and the bounds are ObjectIds */
	if (typid == TEXTOID || typid == VARCHAROID)
		return false;
	foreach(lc, conjuncts(filter))
	{
		if (is_range(lfirst(lc), path))
			return true;
	}
	return false;
}

/*
 * Whether the predicate is a bound of the slices' field by one of the
 * operators, on one side of `bound`: not above it, or if `above`, not below.
 */
static bool
is_bound_beyond(const AdSlices *slices, Node *predicate, const char *const *ops, const Node *bound,
				bool above)
{
	if (ad_tag(predicate) != AD_FIELD || strcmp(ad_field_path(predicate), slices->path) != 0 ||
		ad_doc_length(ad_field_operators(predicate)) != 1 ||
		!is_comparable(ad_field_value(predicate), bound))
		return false;
	for (; *ops != NULL; ops++)
	{
		if (strcmp(ad_field_op(predicate), *ops) == 0)
			return above ? compare_bounds(ad_field_value(predicate), bound) >= 0 :
				compare_bounds(ad_field_value(predicate), bound) <= 0;
	}
	return false;
}

/* whether one of the predicates leaves no values on one side of the bound */
static bool
is_outside(const AdSlices *slices, const List *predicates, const Node *bound)
{
	const ListCell *lc;

	foreach(lc, predicates)
	{
		if (is_bound_beyond(slices, lfirst(lc), lower_ops, bound, true) ||
			is_bound_beyond(slices, lfirst(lc), upper_ops, bound, false))
			return true;
	}
	return false;
}

/*
 * Divides the documents that match a folded filter.  Sets `ends`, which has
 * room for all bounds, to the indexes of the upper bounds of all slices but
 * the last.  Returns the number of slices, at least 1.
 */
int
ad_slices_divide(const AdSlices *slices, Node *filter, uint16 *ends)
{
	List	   *predicates = conjuncts(filter);
	int			first = 0;
	int			last = list_length(slices->bounds) - 1;
	int			inside;
	int			count;

	while (first <= last && is_outside(slices, predicates, list_nth(slices->bounds, first)))
		first++;
	while (last >= first && is_outside(slices, predicates, list_nth(slices->bounds, last)))
		last--;
	inside = last - first + 1;
	count = Min(slices->count, inside + 1);
	/* between n + 1 ranges of equal size there are n bounds */
	for (int i = 1; i < count; i++)
		ends[i - 1] = first + (i * (inside + 1)) / count - 1;
	return Max(count, 1);
}

/*
 * Returns the filter of a slice, for the folded filter of the whole query.
 */
Node *
ad_slice_filter(const AdSlices *slices, const AdSlice *slice, Node *filter)
{
	Node	   *lower = slice->lower < 0 ? NULL : list_nth(slices->bounds, slice->lower);
	Node	   *upper = slice->upper < 0 ? NULL : list_nth(slices->bounds, slice->upper);
	bool		has_less = upper != NULL && (lower != NULL || slices->bounded);
	List	   *predicates = NIL;
	ListCell   *lc;

	/* simple planners want one bound at each end */
	foreach(lc, conjuncts(filter))
	{
		if ((lower == NULL || !is_bound_beyond(slices, lfirst(lc), lower_ops, lower, false)) &&
			(!has_less || !is_bound_beyond(slices, lfirst(lc), upper_ops, upper, true)))
			predicates = lappend(predicates, lfirst(lc));
	}
	if (lower != NULL)
		predicates = lappend(predicates, ad_field(slices->path, "$gte", lower));
	if (has_less)
		predicates = lappend(predicates, ad_field(slices->path, "$lt", upper));
	if (upper != NULL && !slices->bounded)
		predicates = lappend(predicates, ad_field(slices->path, "$not", ad_doc("$gte", upper)));
	return ad_and(predicates);
}
