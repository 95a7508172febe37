/*
 * leaf.c
 *	  Leaves: predicates whose form depends on a value.
 *
 * Only this file knows the order of a leaf's members in its node.
 */
#include "postgres.h"

#include "query/leaf.h"

/* the members that a kind may have, in the order in which they are stored */
#define HAS_PATH			(1 << 0)
#define HAS_TYPE			(1 << 1)
#define HAS_OP				(1 << 2)
#define HAS_OPERAND_TYPE	(1 << 3)
#define HAS_WANTED			(1 << 4)
#define HAS_GUARD			(1 << 5)
#define HAS_PATTERN			(1 << 6)
#define HAS_FOLD			(1 << 7)
#define HAS_UNIT			(1 << 8)
#define HAS_ZONE			(1 << 9)
#define HAS_BY_INSTANT		(1 << 10)

#define HAS_COMPARISON		(HAS_PATH | HAS_TYPE | HAS_OP | HAS_OPERAND_TYPE)

/*
 * Returns the members of a kind.  Every kind also has the operand, which is
 * stored last.
 */
static int
members_of(AdTag kind)
{
	switch (kind)
	{
		case AD_COMPARE:
			return HAS_COMPARISON;
		case AD_MEMBER:
			return HAS_PATH | HAS_TYPE | HAS_OPERAND_TYPE | HAS_WANTED | HAS_GUARD;
		case AD_QUANTIFIED:
			return HAS_COMPARISON | HAS_WANTED | HAS_GUARD;
		case AD_CLOCK:
			return HAS_COMPARISON | HAS_UNIT | HAS_ZONE | HAS_BY_INSTANT;
		case AD_CLOCK_MEMBER:
			return HAS_PATH | HAS_TYPE | HAS_OPERAND_TYPE | HAS_GUARD | HAS_UNIT | HAS_ZONE | HAS_BY_INSTANT;
		case AD_LIKE:
			return HAS_PATH | HAS_TYPE | HAS_WANTED | HAS_PATTERN | HAS_FOLD;
		case AD_TEST:
			return HAS_WANTED;
		default:
			elog(ERROR, "template node %d is no leaf", (int) kind);
	}
}

/*
 * Returns the node that stores a leaf.  It shares the leaf's nodes and copies
 * its strings.
 */
Node *
ad_leaf(const AdLeaf *leaf)
{
	int			has = members_of(leaf->kind);
	List	   *members = NIL;

	if (has & HAS_PATH)
		members = lappend(members, ad_string(leaf->path));
	if (has & HAS_TYPE)
		members = lappend(members, ad_oid_value(leaf->typid));
	if (has & HAS_OP)
		members = lappend(members, ad_integer(leaf->op));
	if (has & HAS_OPERAND_TYPE)
		members = lappend(members, ad_oid_value(leaf->operand_type));
	if (has & HAS_WANTED)
		members = lappend(members, makeBoolean(leaf->wanted));
	if (has & HAS_GUARD)
		members = lappend(members, leaf->guard);
	if (has & HAS_PATTERN)
		members = lappend(members, ad_integer(leaf->pattern));
	if (has & HAS_FOLD)
		members = lappend(members, ad_integer(leaf->fold));
	if (has & HAS_UNIT)
		members = lappend(members, ad_string(leaf->unit));
	if (has & HAS_ZONE)
		members = lappend(members, leaf->zone);
	if (has & HAS_BY_INSTANT)
		members = lappend(members, makeBoolean(leaf->by_instant));
	return ad_node(leaf->kind, lappend(members, leaf->operand));
}

/*
 * Returns the leaf that ad_leaf() stored.  It shares the node's strings and
 * nodes.  Members that the kind does not have are zero.
 */
AdLeaf
ad_leaf_read(Node *node)
{
	AdLeaf		leaf = {.kind = ad_tag(node)};
	int			has = members_of(leaf.kind);
	int			i = 0;

	if (has & HAS_PATH)
		leaf.path = ad_member_str(node, i++);
	if (has & HAS_TYPE)
		leaf.typid = ad_member_oid(node, i++);
	if (has & HAS_OP)
		leaf.op = (AdOp) ad_member_int(node, i++);
	if (has & HAS_OPERAND_TYPE)
		leaf.operand_type = ad_member_oid(node, i++);
	if (has & HAS_WANTED)
		leaf.wanted = ad_member_bool(node, i++);
	if (has & HAS_GUARD)
		leaf.guard = ad_member(node, i++);
	if (has & HAS_PATTERN)
		leaf.pattern = ad_member_int(node, i++);
	if (has & HAS_FOLD)
		leaf.fold = ad_member_int(node, i++);
	if (has & HAS_UNIT)
		leaf.unit = ad_member_str(node, i++);
	if (has & HAS_ZONE)
		leaf.zone = ad_member(node, i++);
	if (has & HAS_BY_INSTANT)
		leaf.by_instant = ad_member_bool(node, i++);
	leaf.operand = ad_member(node, i);
	return leaf;
}
