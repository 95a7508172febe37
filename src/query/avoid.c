/*
 * avoid.c
 *	  Finds constructs that a query must not use.
 *
 * The translators know nothing of the option avoid: what they have made is
 * searched, in the form in which it would be sent, and is evaluated locally
 * if it uses a construct of the list.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/construct.h"
#include "query/avoid.h"
#include "query/leaf.h"
#include "query/template.h"

/* the place of a document, which decides what its keys are */
typedef enum AdPlace
{
	IN_EXPRESSION,				/* operators of expressions, stages, or fields */
	IN_MATCH,					/* operators of $match, or fields */
	IN_GROUP,					/* fields of a $group */
	IN_ACCUMULATOR				/* an operator of $group */
} AdPlace;

static const char *const prefixes[] = {"", "$match.", "$group.", "$group."};

/*
 * Values of operands that are not known before the execution.  What a leaf
 * becomes depends on the value, and these are all kinds of values between
 * which match.c and its like distinguish.
 */
static const struct
{
	Oid			typid;
	const char *values[10];
}			samples[] = {
	{BOOLOID, {"true", "false", NULL}},
	{INT2OID, {"7", "0", "32767", "-32768", NULL}},
	{INT4OID, {"7", "0", "2147483647", "-2147483648", NULL}},
	{INT8OID, {"7", "0", "2147483648", "9223372036854775807", "-9223372036854775808", NULL}},
	{FLOAT4OID, {"7", "0.1", "NaN", "Infinity", "-Infinity", "3e38", NULL}},
	{FLOAT8OID, {"7", "0.1", "NaN", "Infinity", "-Infinity", "1e300", NULL}},
	{NUMERICOID, {"7", "0.1", "NaN", "Infinity", "-Infinity", "1e40", "0.1234567890123456789012345678901234567890", NULL}},
	{TEXTOID, {"x", "", "64", "64b2f0a1c3d4e5f601234567", "64b2f0a1c3d4e5f6012345678", "X y", NULL}},
	{DATEOID, {"2026-03-01", "infinity", "-infinity", "0001-01-01", "20000-01-01", NULL}},
	{TIMESTAMPOID, {"2026-03-01", "2026-03-01 12:00:00.0001", "infinity", "-infinity", "20000-01-01", NULL}},
	{TIMESTAMPTZOID, {"2026-03-01Z", "2026-03-01 12:00:00.0001Z", "infinity", "-infinity", "20000-01-01Z", NULL}},
	{UUIDOID, {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", NULL}},
};

static const char *const sample_patterns[] = {
	"x%", "%x", "%x%", "x_", "_x%y", "x", "%", "", "64%", "%64", "%64%", "64_", "6%4", "64", "64b2f0a1c3d4e5f601234567", "X%",
	"^x", "x$", "^64", NULL
};

/* at least as many as there are samples of a type, or patterns */
#define MOST_SAMPLES	20

static bool search(const Bitmapset *avoided, Node *node, AdPlace place);

static bool
has_name(const Bitmapset *avoided, const char *prefix, const char *operator)
{
	int			construct = ad_construct_find(prefix, operator);

	return construct >= 0 && bms_is_member(construct, avoided);
}

static bool
search_members(const Bitmapset *avoided, Node *node, AdPlace place)
{
	for (int i = 0; i < ad_member_count(node); i++)
	{
		if (search(avoided, ad_member(node, i), place))
			return true;
	}
	return false;
}

/* the place of the value of this key */
static AdPlace
place_below(AdPlace place, const char *key)
{
	if (place == IN_GROUP)
		return strcmp(key, "_id") == 0 ? IN_EXPRESSION : IN_ACCUMULATOR;
	if (place == IN_MATCH)
		return strcmp(key, "$expr") == 0 ? IN_EXPRESSION : IN_MATCH;
	if (place == IN_ACCUMULATOR)
		return IN_EXPRESSION;
	return strcmp(key, "$match") == 0 ? IN_MATCH :
		strcmp(key, "$group") == 0 ? IN_GROUP : IN_EXPRESSION;
}

static bool
search_document(const Bitmapset *avoided, Node *document, AdPlace place)
{
	for (int i = 0; i < ad_doc_length(document); i++)
	{
		const char *key = ad_doc_key(document, i);

		if ((key[0] == '$' && has_name(avoided, prefixes[place], key)) ||
			search(avoided, ad_doc_value(document, i), place_below(place, key)))
			return true;
	}
	return false;
}

/* the n-th of the samples, counted cyclically; false if the type has none */
static bool
sample(Oid typid, int n, Datum *value)
{
	Oid			function;
	Oid			param;
	int			count = 0;

	for (int i = 0; i < lengthof(samples); i++)
	{
		if (samples[i].typid != typid)
			continue;
		while (samples[i].values[count] != NULL)
			count++;
		getTypeInputInfo(typid, &function, &param);
		*value = OidInputFunctionCall(function, unconstify(char *, samples[i].values[n % count]), param, -1);
		return true;
	}
	return false;
}

/* an array of one or two samples, as the n-th sample of an array */
static bool
sample_array(Oid typid, int n, Datum *value)
{
	int16		length;
	bool		by_value;
	char		align;
	Datum		elements[2];

	if (!sample(typid, n, &elements[0]) || !sample(typid, n + 1, &elements[1]))
		return false;
	get_typlenbyvalalign(typid, &length, &by_value, &align);
	*value = PointerGetDatum(construct_array(elements, n < MOST_SAMPLES / 2 ? 2 : 1, typid, length, by_value, align));
	return true;
}

/* the n-th sample for the operand of a leaf */
static bool
sample_operand(const AdLeaf *leaf, int n, Datum *value)
{
	switch (leaf->kind)
	{
		case AD_MEMBER:
		case AD_QUANTIFIED:
		case AD_CLOCK_MEMBER:
			return sample_array(leaf->operand_type, n, value);
		case AD_LIKE:
			*value = CStringGetTextDatum(sample_patterns[n % (lengthof(sample_patterns) - 1)]);
			return true;
		case AD_TEST:
			return sample(BOOLOID, n, value);
		default:
			return sample(leaf->operand_type, n, value);
	}
}

/* the number of slots that a template has, or more */
static int
count_slots(Node *node)
{
	int			count = 0;
	ListCell   *lc;

	check_stack_depth();
	if (node == NULL || !IsA(node, List))
		return 0;
	if (IsA(linitial((List *) node), Integer) && ad_tag(node) == AD_SLOT)
		return ad_slot_index(node) + 1;
	foreach(lc, (List *) node)
	{
		int			inner = count_slots(lfirst(lc));

		count = Max(count, inner);
	}
	return count;
}

/*
 * Sets the slots that are operands of leaves to their n-th samples.  Returns
 * false if there are no samples for one of them.
 */
static bool
fill_slots(Node *predicate, int n, AdSlot *slots)
{
	AdLeaf		leaf;
	AdSlot	   *slot;

	check_stack_depth();
	switch (ad_tag(predicate))
	{
		case AD_AND:
		case AD_OR:
		case AD_NOR:
			for (int i = 0; i < ad_member_count(predicate); i++)
			{
				if (!fill_slots(ad_member(predicate, i), n, slots))
					return false;
			}
			return true;
		default:
			if (!ad_is_leaf(ad_tag(predicate)))
				return true;
			leaf = ad_leaf_read(predicate);
			if (IsA(leaf.operand, Const))
				return true;
			slot = &slots[ad_slot_index(leaf.operand)];
			slot->isnull = false;
			return sample_operand(&leaf, n, &slot->value);
	}
}

/* searches what a folded predicate is sent as */
static bool
search_folded(const Bitmapset *avoided, Node *predicate)
{
	return ad_tag(predicate) != AD_FALSE && search(avoided, ad_template_match(predicate), IN_MATCH);
}

/*
 * Searches a predicate without what depends on slots.  A bound that is known
 * later may be infinite, and then makes the end of a range that a guard adds
 * not superfluous.
 */
static bool
search_fixed(const Bitmapset *avoided, Node *predicate)
{
	List	   *fixed = NIL;

	check_stack_depth();
	switch (ad_tag(predicate))
	{
		case AD_OR:
		case AD_NOR:
			for (int i = 0; i < ad_member_count(predicate); i++)
			{
				if (search_fixed(avoided, ad_member(predicate, i)))
					return true;
			}
			return false;
		case AD_AND:
			for (int i = 0; i < ad_member_count(predicate); i++)
			{
				Node	   *member = ad_member(predicate, i);

				if (count_slots(member) == 0)
					fixed = lappend(fixed, member);
				else if (search_fixed(avoided, member))
					return true;
			}
			return search_folded(avoided, ad_template_fold(ad_and(fixed), NULL));
		default:
			return count_slots(predicate) == 0 &&
				search_folded(avoided, ad_template_fold(predicate, NULL));
	}
}

/*
 * Searches what a predicate can be sent as.  If its form depends on slots, it
 * is tried with samples of their values.
 */
static bool
search_predicate(const Bitmapset *avoided, Node *predicate)
{
	int			count = count_slots(predicate);
	AdSlot	   *slots = palloc(count * sizeof(AdSlot));

	if (count == 0)
		return search_folded(avoided, ad_template_fold(predicate, NULL));
	if (search_fixed(avoided, predicate))
		return true;
	for (int n = 0; n < MOST_SAMPLES; n++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < count; i++)
			slots[i] = (AdSlot)
		{
			.isnull = true
		};
		if (!fill_slots(predicate, n, slots) ||
			search_folded(avoided, ad_template_fold(predicate, slots)))
			return true;
	}
	return false;
}

static bool
search(const Bitmapset *avoided, Node *node, AdPlace place)
{
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (node == NULL || !IsA(node, List))
		return false;
	/* a list of stages has no tag */
	if (!IsA(linitial((List *) node), Integer))
	{
		foreach(lc, (List *) node)
		{
			if (search(avoided, lfirst(lc), place))
				return true;
		}
		return false;
	}
	switch (ad_tag(node))
	{
		case AD_DOCUMENT:
			return search_document(avoided, node, place);
		case AD_ARRAY:
		case AD_CHOICE:
			return search_members(avoided, node, place);
		case AD_MATCH:
			return search_predicate(avoided, ad_inner(node));
		case AD_OBJECTID:
		case AD_MAXKEY:
		case AD_UNDEFINED:
		case AD_NUL:
		case AD_BINDATA:
		case AD_SLOT:
		case AD_OPERAND:
		case AD_ZONE:
			return false;
		default:
			return search_predicate(avoided, node);
	}
}

/*
 * Must queries of a table with these options do without the construct?
 */
bool
ad_is_avoided(const AdTableOptions *options, const char *construct)
{
	return has_name(options->avoided, "", construct);
}

/*
 * Does a template use a construct that queries of a table with these options
 * must do without?  The template is a predicate, an expression or a list of
 * stages; or NULL.
 */
bool
ad_has_avoided(const AdTableOptions *options, Node *node)
{
	return options->avoided != NULL && search(options->avoided, node, IN_EXPRESSION);
}
