/*
 * node.h
 *	  The nodes of query templates.
 *
 * A plan must be copyable, so a template of a MongoDB query is a tree of
 * nodes that copyObject() knows: String, Integer, Boolean and Const stand for
 * themselves; all else is a List whose first member, an Integer, is its AdTag.
 *
 *	value		what BSON can hold, and slots
 *	predicate	what a $match can hold
 *	leaf		a predicate whose form depends on a value that may only be
 *				known at execution
 *
 * Sub-trees may be shared: nothing changes a node once it is made.
 */
#ifndef AD_NODE_H
#define AD_NODE_H

#include "nodes/pg_list.h"
#include "nodes/primnodes.h"

typedef enum AdTag
{
	/* values */
	AD_DOCUMENT,				/* String key, value, key, value, ... */
	AD_ARRAY,					/* value, ... */
	AD_OBJECTID,				/* String of 24 hex digits */
	AD_MAXKEY,					/* greater than all else */
	AD_NUL,						/* the string of one U+0000 */
	AD_BINDATA,					/* Integer subtype, String of hex digits */
	AD_SLOT,					/* Integer index */
	AD_OPERAND,					/* operand, type, Integer AdRounding, Integer
								 * factor: its value in an expression */
	AD_ZONE,					/* operand: a time zone's name */
	AD_MATCH,					/* predicate: the document that a $match holds */
	/* predicates */
	AD_TRUE,
	AD_FALSE,
	AD_AND,						/* predicate, ... */
	AD_OR,						/* predicate, ... */
	AD_NOR,						/* predicate */
	AD_FIELD,					/* String path, document of operators */
	AD_EXPR,					/* value: an expression */
	/* leaves, see leaf.h */
	AD_COMPARE,					/* column op value */
	AD_MEMBER,					/* column IN (array), NOT IN */
	AD_QUANTIFIED,				/* column op ANY (array), ALL */
	AD_CLOCK,					/* what a clock shows at an instant, op value */
	AD_LIKE,					/* column LIKE pattern, and other patterns */
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

/* where an operand is between two values that MongoDB can hold */
typedef enum AdRounding
{
	AD_ROUND_NONE,				/* null: it is equal to none */
	AD_ROUND_DOWN,
	AD_ROUND_UP
} AdRounding;

extern const char *ad_op_name(AdOp op);
extern Node *ad_node(AdTag tag, List *members);
extern AdTag ad_tag(const Node *node);

/* the members of a tagged node, behind the tag */
#define ad_member(node, n) ((Node *) list_nth((List *) (node), (n) + 1))
#define ad_member_str(node, n) strVal(ad_member(node, n))
#define ad_member_int(node, n) intVal(ad_member(node, n))
#define ad_member_bool(node, n) boolVal(ad_member(node, n))
#define ad_member_oid(node, n) \
	DatumGetObjectId(castNode(Const, ad_member(node, n))->constvalue)

/* the expression of a path */
#define ad_path_expr(path) ad_string(psprintf("$%s", path))

extern Node *ad_doc(const char *key, Node *value);
extern Node *ad_doc2(const char *key1, Node *value1,
					 const char *key2, Node *value2);
extern Node *ad_doc_add(Node *doc, const char *key, Node *value);
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
extern Node *ad_false(void);
extern List *ad_append_new(List *nodes, Node *node);
extern Node *ad_and(List *predicates);
extern Node *ad_or(List *predicates);
extern Node *ad_field(const char *path, const char *op, Node *value);

#endif							/* AD_NODE_H */
