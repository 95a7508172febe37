/*
 * node.h
 *	  The nodes of query templates.
 *
 * A plan must be copyable, so the template of a MongoDB query is a tree of
 * nodes that copyObject() knows.  String, Integer, Boolean and Const stand
 * for themselves.  Every other node is a List whose first member, an Integer,
 * is its AdTag.  There are three groups of nodes:
 *
 *	value		something that BSON can hold, or a slot
 *	predicate	something that a $match can hold
 *	leaf		a predicate whose form depends on a value that may only be
 *				known at execution
 *
 * Nodes may share subtrees, so no function changes a node that is already in
 * use.  ad_doc_add() is the one exception.
 */
#ifndef AD_NODE_H
#define AD_NODE_H

#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "nodes/value.h"

typedef enum AdTag
{
	/* values */
	AD_DOCUMENT,				/* String key, value, key, value, ... */
	AD_ARRAY,					/* value, ... */
	AD_OBJECTID,				/* String of 24 hex digits */
	AD_MAXKEY,					/* greater than every other value */
	AD_UNDEFINED,				/* the deprecated BSON type */
	AD_NUL,						/* the string that consists of one U+0000 */
	AD_BINDATA,					/* Integer subtype, String of hex digits */
	AD_SLOT,					/* Integer index, from 0 */
	AD_OPERAND,					/* operand, type, Integer AdRounding, Integer
								 * factor: the operand's value, bound as a
								 * constant of an expression */
	AD_ZONE,					/* operand: the name of a time zone */
	AD_MATCH,					/* predicate: the document of a $match */
	AD_CHOICE,					/* quick value, exact value: the form that is
								 * sent is known at execution; AD_TRUE as
								 * quick value: no such field or stage */
	/* predicates */
	AD_TRUE,
	AD_FALSE,
	AD_AND,						/* predicate, ... */
	AD_OR,						/* predicate, ... */
	AD_NOR,						/* predicate */
	AD_FIELD,					/* String path, document of operators */
	AD_EXPR,					/* value: an aggregation expression */
	/* leaves, see leaf.h */
	AD_COMPARE,					/* column op value */
	AD_MEMBER,					/* column IN (array), or NOT IN */
	AD_QUANTIFIED,				/* column op ANY (array), or ALL */
	AD_CLOCK,					/* a clock reading of a column, op value */
	AD_CLOCK_MEMBER,			/* a clock reading of a column IN (array) */
	AD_LIKE,					/* column LIKE pattern, or another pattern */
	AD_TEST						/* a condition without columns */
} AdTag;

/* comparison operators */
typedef enum AdOp
{
	AD_OP_LT,
	AD_OP_LE,
	AD_OP_EQ,
	AD_OP_GE,
	AD_OP_GT,
	AD_OP_NE
} AdOp;

/* how to bind an operand that lies between two values that BSON can hold */
typedef enum AdRounding
{
	AD_ROUND_NONE,				/* to null, because it equals neither */
	AD_ROUND_DOWN,
	AD_ROUND_UP
} AdRounding;

extern const char *ad_op_name(AdOp op);
extern Node *ad_node(AdTag tag, List *members);
extern AdTag ad_tag(const Node *node);

/* The members of a tagged node, counted from 0 without the tag. */
#define ad_member_count(node) (list_length((List *) (node)) - 1)
#define ad_member(node, n) ((Node *) list_nth((List *) (node), (n) + 1))
#define ad_member_str(node, n) strVal(ad_member(node, n))
#define ad_member_int(node, n) intVal(ad_member(node, n))
#define ad_member_bool(node, n) boolVal(ad_member(node, n))
#define ad_member_oid(node, n) \
	DatumGetObjectId(castNode(Const, ad_member(node, n))->constvalue)

/* The single member of AD_NOR, AD_MATCH and AD_EXPR. */
#define ad_inner(node) ad_member(node, 0)

/* AD_DOCUMENT: the number of its fields, and a field's key and value. */
#define ad_doc_length(doc) (ad_member_count(doc) / 2)
#define ad_doc_key(doc, n) ad_member_str(doc, 2 * (n))
#define ad_doc_value(doc, n) ad_member(doc, 2 * (n) + 1)

/*
 * AD_FIELD: its path, its document of operators, and the name and argument of
 * the first operator.  ad_field() makes fields of one operator.
 */
#define ad_field_path(field) ad_member_str(field, 0)
#define ad_field_operators(field) ad_member(field, 1)
#define ad_field_op(field) ad_doc_key(ad_field_operators(field), 0)
#define ad_field_value(field) ad_doc_value(ad_field_operators(field), 0)

/* AD_OPERAND; AD_ZONE has the first member only. */
#define ad_operand_input(node) ad_member(node, 0)
#define ad_operand_type(node) ad_member_oid(node, 1)
#define ad_operand_rounding(node) ((AdRounding) ad_member_int(node, 2))
#define ad_operand_factor(node) ad_member_int(node, 3)

/* The other values with members. */
#define ad_slot_index(slot) ad_member_int(slot, 0)
#define ad_objectid_hex(objectid) ad_member_str(objectid, 0)
#define ad_bindata_subtype(bindata) ad_member_int(bindata, 0)
#define ad_bindata_hex(bindata) ad_member_str(bindata, 1)

/* The aggregation expression that reads a path. */
#define ad_path_expr(path) ad_string(psprintf("$%s", path))

extern Node *ad_doc(const char *key, Node *value);
extern Node *ad_doc2(const char *key1, Node *value1,
					 const char *key2, Node *value2);
extern Node *ad_doc_add(Node *doc, const char *key, Node *value);
extern Node *ad_doc_get(Node *doc, const char *key);
extern Node *ad_array1(Node *value);
extern Node *ad_array2(Node *first, Node *second);
extern Node *ad_array3(Node *first, Node *second, Node *third);
extern Node *ad_string(const char *value);
extern Node *ad_integer(int value);
extern Node *ad_int64(int64 value);
extern Node *ad_float8(double value);
extern Node *ad_oid_value(Oid value);
extern Node *ad_null(void);
extern Node *ad_true(void);
extern Node *ad_all_of(List *tests);
extern Node *ad_exact_only(Node *value);
extern Node *ad_false(void);
extern List *ad_append_new(List *nodes, Node *node);
extern Node *ad_and(List *predicates);
extern Node *ad_or(List *predicates);
extern Node *ad_field(const char *path, const char *op, Node *value);

#endif							/* AD_NODE_H */
