/*
 * node.c
 *	  Constructors and lookups for the nodes of query templates, see node.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"

#include "query/node.h"

/*
 * Returns a node with this tag and these members.  It takes over the list.
 */
Node *
ad_node(AdTag tag, List *members)
{
	return (Node *) lcons(makeInteger(tag), members);
}

/*
 * Returns the tag of a node that ad_node() made.
 */
AdTag
ad_tag(const Node *node)
{
	return (AdTag) intVal(linitial((const List *) node));
}

/*
 * Returns the document {key: value}.
 */
Node *
ad_doc(const char *key, Node *value)
{
	return ad_node(AD_DOCUMENT, list_make2(ad_string(key), value));
}

/*
 * Returns the document {key1: value1, key2: value2}.
 */
Node *
ad_doc2(const char *key1, Node *value1, const char *key2, Node *value2)
{
	return ad_node(AD_DOCUMENT, list_make4(ad_string(key1), value1,
										   ad_string(key2), value2));
}

/*
 * Appends a field to a document and returns the document.  If doc is NULL,
 * returns a new document.  The function changes its argument, so no other
 * node may refer to the document yet.
 */
Node *
ad_doc_add(Node *doc, const char *key, Node *value)
{
	if (doc == NULL)
		return ad_doc(key, value);
	return (Node *) lappend(lappend((List *) doc, ad_string(key)), value);
}

/*
 * Returns the value of a document's field, or NULL if no field has that key.
 */
Node *
ad_doc_get(Node *doc, const char *key)
{
	for (int i = 0; i < ad_doc_length(doc); i++)
	{
		if (strcmp(ad_doc_key(doc, i), key) == 0)
			return ad_doc_value(doc, i);
	}
	return NULL;
}

/*
 * Returns an array of one value; the next two functions, of two and of three.
 */
Node *
ad_array1(Node *value)
{
	return ad_node(AD_ARRAY, list_make1(value));
}

Node *
ad_array2(Node *first, Node *second)
{
	return ad_node(AD_ARRAY, list_make2(first, second));
}

Node *
ad_array3(Node *first, Node *second, Node *third)
{
	return ad_node(AD_ARRAY, list_make3(first, second, third));
}

/*
 * Returns a string, which the node copies.  It is in the database's encoding.
 */
Node *
ad_string(const char *value)
{
	return (Node *) makeString(pstrdup(value));
}

/*
 * Returns an int, which is a BSON int32.
 */
Node *
ad_integer(int value)
{
	return (Node *) makeInteger(value);
}

/*
 * Returns an int8 constant, which is a BSON int64.
 */
Node *
ad_int64(int64 value)
{
	return (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
							  Int64GetDatum(value), false, FLOAT8PASSBYVAL);
}

/*
 * Returns a float8 constant, which is a BSON double.
 */
Node *
ad_float8(double value)
{
	return (Node *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8),
							  Float8GetDatum(value), false, FLOAT8PASSBYVAL);
}

/*
 * Returns the OID of a type.  It is a Const, because an Integer is signed.
 */
Node *
ad_oid_value(Oid value)
{
	return (Node *) makeConst(OIDOID, -1, InvalidOid, sizeof(Oid),
							  ObjectIdGetDatum(value), false, true);
}

/*
 * Returns a null constant, which is BSON null.
 */
Node *
ad_null(void)
{
	return (Node *) makeNullConst(TEXTOID, -1, InvalidOid);
}

/*
 * Returns the predicate that matches every document.
 */
Node *
ad_true(void)
{
	return ad_node(AD_TRUE, NIL);
}

/*
 * Returns the expression that all of these are true: one of them is itself.
 * NULL if there are none.
 */
Node *
ad_all_of(List *tests)
{
	if (list_length(tests) > 1)
		return ad_doc("$and", ad_node(AD_ARRAY, tests));
	return tests == NIL ? NULL : linitial(tests);
}

/*
 * Returns a field or a stage that only the exact form of a query has.
 */
Node *
ad_exact_only(Node *value)
{
	return ad_node(AD_CHOICE, list_make2(ad_true(), value));
}

/*
 * Returns the predicate that matches no document.
 */
Node *
ad_false(void)
{
	return ad_node(AD_FALSE, NIL);
}

/* ad_append_new() compares with so many nodes at each end of the list */
#define MAX_COMPARED	32

/*
 * Appends a node to a list, unless one of the first or the last MAX_COMPARED
 * nodes is equal to it.  Returns the list.  Equal nodes are mostly guards of
 * a column that is used many times.  With thousands of nodes it would take
 * minutes to compare each with all others.
 */
List *
ad_append_new(List *nodes, Node *node)
{
	int			count = list_length(nodes);

	for (int i = 0; i < count; i++)
	{
		if (i == MAX_COMPARED && count > 2 * MAX_COMPARED)
			i = count - MAX_COMPARED;
		if (equal(list_nth(nodes, i), node))
			return nodes;
	}
	return lappend(nodes, node);
}

/*
 * Joins predicates by `tag`, AD_AND or AD_OR.  A predicate that has the same
 * tag is replaced by its members.  A `neutral` predicate is dropped, and a
 * `decisive` one is the result.
 */
static Node *
join_predicates(List *predicates, AdTag tag, AdTag neutral, AdTag decisive)
{
	List	   *flat = NIL;
	ListCell   *lc;

	foreach(lc, predicates)
	{
		Node	   *predicate = lfirst(lc);
		AdTag		kind = ad_tag(predicate);

		if (kind == decisive)
			return predicate;
		CHECK_FOR_INTERRUPTS();
		if (kind == tag)
		{
			for (int i = 0; i < ad_member_count(predicate); i++)
				flat = ad_append_new(flat, ad_member(predicate, i));
		}
		else if (kind != neutral)
			flat = ad_append_new(flat, predicate);
	}
	if (flat == NIL)
		return ad_node(neutral, NIL);
	if (list_length(flat) == 1)
		return linitial(flat);
	return ad_node(tag, flat);
}

/*
 * Returns the conjunction of predicates; TRUE if there are none.
 */
Node *
ad_and(List *predicates)
{
	return join_predicates(predicates, AD_AND, AD_TRUE, AD_FALSE);
}

/*
 * Returns the disjunction of predicates; FALSE if there are none.
 */
Node *
ad_or(List *predicates)
{
	return join_predicates(predicates, AD_OR, AD_FALSE, AD_TRUE);
}

/*
 * Returns the predicate {path: {op: value}}.
 */
Node *
ad_field(const char *path, const char *op, Node *value)
{
	return ad_node(AD_FIELD, list_make2(ad_string(path), ad_doc(op, value)));
}

static const char *const op_names[] = {
	[AD_OP_LT] = "$lt",
	[AD_OP_LE] = "$lte",
	[AD_OP_EQ] = "$eq",
	[AD_OP_GE] = "$gte",
	[AD_OP_GT] = "$gt",
	[AD_OP_NE] = "$ne",
};

/*
 * Returns the name of a comparison operator, which is the same in the match
 * language and in expressions.
 */
const char *
ad_op_name(AdOp op)
{
	return op_names[op];
}
