/*
 * node.c
 *	  Construction of the nodes of query templates, see node.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "query/node.h"

/*
 * A tagged node with the given members.
 */
Node *
ad_node(AdTag tag, List *members)
{
	return (Node *) lcons(makeInteger(tag), members);
}

AdTag
ad_tag(const Node *node)
{
	return (AdTag) intVal(linitial((const List *) node));
}

Node *
ad_doc(const char *key, Node *value)
{
	return ad_node(AD_DOCUMENT, list_make2(ad_string(key), value));
}

Node *
ad_doc2(const char *key1, Node *value1, const char *key2, Node *value2)
{
	return ad_node(AD_DOCUMENT, list_make4(ad_string(key1), value1,
										   ad_string(key2), value2));
}

/*
 * A document with one more field; doc may be NULL.  This one does change its
 * argument, which must not be shared yet.
 */
Node *
ad_doc_add(Node *doc, const char *key, Node *value)
{
	if (doc == NULL)
		return ad_doc(key, value);
	return (Node *) lappend(lappend((List *) doc, ad_string(key)), value);
}

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

Node *
ad_string(const char *value)
{
	return (Node *) makeString(pstrdup(value));
}

Node *
ad_integer(int value)
{
	return (Node *) makeInteger(value);
}

Node *
ad_int64(int64 value)
{
	return (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
							  Int64GetDatum(value), false, FLOAT8PASSBYVAL);
}

Node *
ad_float8(double value)
{
	return (Node *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8),
							  Float8GetDatum(value), false, FLOAT8PASSBYVAL);
}

/* a type's OID; an Integer would have a sign */
Node *
ad_oid_value(Oid value)
{
	return (Node *) makeConst(OIDOID, -1, InvalidOid, sizeof(Oid),
							  ObjectIdGetDatum(value), false, true);
}

Node *
ad_null(void)
{
	return (Node *) makeNullConst(TEXTOID, -1, InvalidOid);
}

Node *
ad_true(void)
{
	return ad_node(AD_TRUE, NIL);
}

Node *
ad_false(void)
{
	return ad_node(AD_FALSE, NIL);
}

/* among how many nodes ad_append_new() looks for an equal one */
#define MAX_COMPARED	32

/*
 * Append a node unless one of the first or of the last is equal.  Equal ones
 * are in most cases the guards of one column, which comes again and again; to
 * look at all of thousands would take minutes.
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
 * Join predicates by `tag`, one level deep: `neutral` ones are dropped, a
 * `decisive` one decides.
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
			for (int i = 1; i < list_length((List *) predicate); i++)
				flat = ad_append_new(flat, list_nth((List *) predicate, i));
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

Node *
ad_and(List *predicates)
{
	return join_predicates(predicates, AD_AND, AD_TRUE, AD_FALSE);
}

Node *
ad_or(List *predicates)
{
	return join_predicates(predicates, AD_OR, AD_FALSE, AD_TRUE);
}

/* {path: {op: value}} */
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
 * The name of a comparison operator in both of MongoDB's languages.
 */
const char *
ad_op_name(AdOp op)
{
	return op_names[op];
}
