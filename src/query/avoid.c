/*
 * avoid.c
 *	  Finds constructs that a query must not use.
 *
 * The translators know nothing of the option avoid: what they have made is
 * searched, and is evaluated locally if it uses a construct of the list.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

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
 * The constructs that a leaf may become, if its value is not known before the
 * execution.  A comparison may become any other, as bounds move.  Only that
 * of a text or uuid becomes $in or $nin, if the value has two BSON forms.
 */
static const struct
{
	AdTag		kind;
	const char *operators[10];
}			leaves[] = {
	{AD_COMPARE, {"$match.$gt", "$match.$gte", "$match.$lt", "$match.$lte",
	"$match.$ne", "$match.$not", "$match.$or", "$match.$type", NULL}},
	{AD_MEMBER, {"$match.$in", "$match.$ne", "$match.$nin", "$match.$type", NULL}},
	{AD_QUANTIFIED, {"$match.$gt", "$match.$gte", "$match.$lt", "$match.$lte", "$match.$ne",
	"$match.$not", "$match.$or", "$match.$type", NULL}},
	{AD_CLOCK, {"$match.$gte", "$match.$lt", "$match.$or", "$match.$type", NULL}},
	{AD_LIKE, {"$match.$expr", "$match.$gte", "$match.$lt", "$match.$or",
	"$match.$regex", "$match.$type", "$convert", "$regexMatch", NULL}},
};

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

/* whether a leaf may become one of the constructs */
static bool
search_leaf(const Bitmapset *avoided, const AdLeaf *leaf)
{
	for (int i = 0; i < lengthof(leaves); i++)
	{
		for (int j = 0; leaves[i].kind == leaf->kind && leaves[i].operators[j] != NULL; j++)
		{
			if (has_name(avoided, "", leaves[i].operators[j]))
				return true;
		}
	}
	if (leaf->kind != AD_COMPARE)
		return false;
	switch (leaf->typid)
	{
		case TEXTOID:
		case VARCHAROID:
		case UUIDOID:
			return has_name(avoided, "$match.", "$in") || has_name(avoided, "$match.", "$nin");
		default:
			return false;
	}
}

static bool
search_predicate(const Bitmapset *avoided, Node *predicate)
{
	AdLeaf		leaf;

	switch (ad_tag(predicate))
	{
		case AD_AND:
			return search_members(avoided, predicate, IN_MATCH);
		case AD_OR:
			return has_name(avoided, "$match.", "$or") || search_members(avoided, predicate, IN_MATCH);
		case AD_NOR:
			return has_name(avoided, "$match.", "$nor") || search_members(avoided, predicate, IN_MATCH);
		case AD_FIELD:
			return search_document(avoided, ad_field_operators(predicate), IN_MATCH);
		case AD_EXPR:
			return has_name(avoided, "$match.", "$expr") ||
				search(avoided, ad_inner(predicate), IN_EXPRESSION);
		case AD_COMPARE:
		case AD_MEMBER:
		case AD_QUANTIFIED:
		case AD_CLOCK:
		case AD_LIKE:
			leaf = ad_leaf_read(predicate);
			/* with a constant it has its final form, if no time zone matters */
			if (IsA(leaf.operand, Const) && leaf.kind != AD_CLOCK)
				return search_predicate(avoided, ad_template_fold(predicate, NULL));
			return search_leaf(avoided, &leaf);
		default:
			return false;
	}
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
