/*
 * template.c
 *	  Turns the nodes of a query template into BSON or into text.
 *
 * A predicate goes through two steps.  ad_template_fold() replaces each leaf
 * by a predicate that suits the value of its operand, and removes the parts
 * that have become constant.  ad_template_match() writes the result as a
 * document of the match language.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "base/utf8.h"
#include "bson/bsonwrite.h"
#include "bson/constant.h"
#include "bson/types.h"
#include "query/bind.h"
#include "query/leaf.h"
#include "query/match.h"
#include "query/match_clock.h"
#include "query/match_pattern.h"
#include "query/match_type.h"
#include "query/template.h"

/*
 * Gets the value of an operand, a Const or a slot, in *value.  Returns false
 * if it is null; a comparison with null is neither true nor false.
 */
bool
ad_template_operand(Node *operand, const AdSlot *slots, Datum *value)
{
	if (IsA(operand, Const))
	{
		*value = ((Const *) operand)->constvalue;
		return !((Const *) operand)->constisnull;
	}
	Assert(ad_tag(operand) == AD_SLOT);
	*value = slots[ad_slot_index(operand)].value;
	return !slots[ad_slot_index(operand)].isnull;
}

/* Is the operand a slot that has no value yet?  Slots are NULL in EXPLAIN. */
static bool
is_open(Node *operand, const AdSlot *slots)
{
	return slots == NULL && !IsA(operand, Const);
}

static Node *
fold_compare(const AdLeaf *leaf, const AdSlot *slots)
{
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_match_compare_slot(leaf->path, leaf->op, leaf->operand);
	if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	return ad_match_compare(leaf->path, ad_type(leaf->typid), leaf->op, leaf->operand_type, value);
}

/*
 * Folds `column IN (array)` or NOT IN.  The guard is part of the leaf,
 * because it must fall away with an empty array: NOT IN is then true even if
 * the column is NULL (ExecEvalScalarArrayOp).
 */
static Node *
fold_member(const AdLeaf *leaf, const AdSlot *slots)
{
	bool		in = leaf->wanted;
	ArrayType  *array;
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_and(list_make2(ad_field(leaf->path, in ? "$in" : "$nin", leaf->operand),
								 leaf->guard));
	if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	array = DatumGetArrayTypeP(value);
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) == 0)
		return in ? ad_false() : ad_true();
	return ad_and(list_make2(ad_match_member(leaf->path, ad_type(leaf->typid), in,
											 leaf->operand_type, PointerGetDatum(array)),
							 leaf->guard));
}

/*
 * Folds `column op ANY (array)` or ALL.  The guard is part of the leaf for
 * the same reason.
 */
static Node *
fold_quantified(const AdLeaf *leaf, const AdSlot *slots)
{
	bool		any = leaf->wanted;
	ArrayType  *array;
	Node	   *test;
	Datum		value;

	if (is_open(leaf->operand, slots))
		test = ad_match_quantified_slot(leaf->path, leaf->op, any, leaf->operand);
	else if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	else
	{
		array = DatumGetArrayTypeP(value);
		if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) == 0)
			return any ? ad_false() : ad_true();
		test = ad_match_quantified(leaf->path, ad_type(leaf->typid), leaf->op, any,
								   leaf->operand_type, PointerGetDatum(array));
	}
	return ad_and(list_make2(test, leaf->guard));
}

/*
 * Folds a comparison of a clock reading.  For a slot without a value the
 * predicate is only a simple form of the comparison, for EXPLAIN.
 */
static Node *
fold_clock(const AdLeaf *leaf, const AdSlot *slots)
{
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_match_clock_slot(leaf);
	if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	return ad_match_clock(leaf, value);
}

/* folds whether a clock reading is one of an array, likewise */
static Node *
fold_clock_member(const AdLeaf *leaf, const AdSlot *slots)
{
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_and(list_make2(ad_match_clock_slot(leaf), leaf->guard));
	if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	return ad_match_clock_member(leaf, value);
}

static Node *
fold_like(const AdLeaf *leaf, const AdSlot *slots)
{
	AdFold		fold = (AdFold) leaf->fold;
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_like_slot(leaf->path, fold, leaf->wanted, leaf->operand);
	if (!ad_template_operand(leaf->operand, slots, &value))
		return ad_false();
	return ad_like_predicate(leaf->path, ad_type(leaf->typid), (AdPatternKind) leaf->pattern, fold,
							 leaf->wanted, DatumGetTextPP(value));
}

static Node *
fold_test(const AdLeaf *leaf, const AdSlot *slots)
{
	Datum		value;

	if (is_open(leaf->operand, slots))
		return ad_node(AD_EXPR,
					   list_make1(leaf->wanted ? leaf->operand :
								  ad_doc("$not", ad_array1(leaf->operand))));
	if (ad_template_operand(leaf->operand, slots, &value) && DatumGetBool(value) == leaf->wanted)
		return ad_true();
	return ad_false();
}

static Node *
fold_leaf(Node *node, const AdSlot *slots)
{
	AdLeaf		leaf = ad_leaf_read(node);

	switch (leaf.kind)
	{
		case AD_COMPARE:
			return fold_compare(&leaf, slots);
		case AD_MEMBER:
			return fold_member(&leaf, slots);
		case AD_QUANTIFIED:
			return fold_quantified(&leaf, slots);
		case AD_CLOCK:
			return fold_clock(&leaf, slots);
		case AD_CLOCK_MEMBER:
			return fold_clock_member(&leaf, slots);
		case AD_LIKE:
			return fold_like(&leaf, slots);
		default:
			return fold_test(&leaf, slots);
	}
}

/*
 * Returns a predicate without leaves that is equivalent for these values of
 * the slots.  With slots NULL the slots remain in the predicate, for EXPLAIN.
 */
Node *
ad_template_fold(Node *predicate, const AdSlot *slots)
{
	AdTag		tag = ad_tag(predicate);
	List	   *folded = NIL;
	Node	   *inner;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	switch (tag)
	{
		case AD_AND:
		case AD_OR:
			for (int i = 0; i < ad_member_count(predicate); i++)
				folded = lappend(folded, ad_template_fold(ad_member(predicate, i), slots));
			return tag == AD_AND ? ad_and(folded) : ad_or(folded);
		case AD_NOR:
			inner = ad_template_fold(ad_inner(predicate), slots);
			if (ad_tag(inner) == AD_TRUE)
				return ad_false();
			if (ad_tag(inner) == AD_FALSE)
				return ad_true();
			return ad_node(AD_NOR, list_make1(inner));
		case AD_EXPR:
			return ad_node(AD_EXPR, list_make1(ad_template_bind(ad_inner(predicate), slots, true)));
		default:
			return ad_is_leaf(tag) ? fold_leaf(predicate, slots) : predicate;
	}
}

static Node *
bind_operand(Node *node, const AdSlot *slots)
{
	Node	   *operand = ad_operand_input(node);
	Datum		value;
	bool		isnull;

	if (is_open(operand, slots))
		return operand;
	isnull = !ad_template_operand(operand, slots, &value);
	return ad_bind_operand(ad_operand_type(node), value, isnull,
						   ad_operand_rounding(node), ad_operand_factor(node));
}

static Node *
bind_zone(Node *node, const AdSlot *slots)
{
	Node	   *operand = ad_operand_input(node);
	Datum		value;
	const char *name;
	const char *zone;

	if (is_open(operand, slots))
		return operand;
	if (!ad_template_operand(operand, slots, &value))
		return ad_null();
	name = TextDatumGetCString(value);
	zone = ad_bind_zone(name);

	/*
	 * The planner has checked the session's time zone, but the setting may
	 * have changed since then.
	 */
	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("MongoDB has no time zone \"%s\"", name),
				 errhint("Use a name from the IANA time zone database, such as Europe/Berlin, or an offset, or plan the query again.")));
	return ad_string(zone);
}

static Node *
bind_match(Node *node, const AdSlot *slots)
{
	Node	   *predicate = ad_template_fold(ad_inner(node), slots);

	if (ad_tag(predicate) == AD_FALSE)
		return ad_doc("$expr", (Node *) makeBoolean(false));
	return ad_template_match(predicate);
}

static Node *
bind_document(Node *document, const AdSlot *slots, bool exact)
{
	List	   *bound = NIL;

	for (int i = 0; i < ad_doc_length(document); i++)
	{
		Node	   *value = ad_template_bind(ad_doc_value(document, i), slots, exact);

		/* one form of a choice can be no field */
		if (IsA(value, List) && ad_tag(value) == AD_TRUE)
			continue;
		bound = lappend(lappend(bound, ad_string(ad_doc_key(document, i))), value);
	}
	return ad_node(AD_DOCUMENT, bound);
}

/*
 * Returns a value without AD_OPERAND, AD_ZONE, AD_MATCH and AD_CHOICE that is
 * equivalent for these values of the slots, with the exact or the quick form
 * of all choices.  With slots NULL the slots remain in the value, for EXPLAIN.
 */
Node *
ad_template_bind(Node *value, const AdSlot *slots, bool exact)
{
	List	   *bound = NIL;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (!IsA(value, List))
		return value;
	switch (ad_tag(value))
	{
		case AD_OPERAND:
			return bind_operand(value, slots);
		case AD_ZONE:
			return bind_zone(value, slots);
		case AD_MATCH:
			return bind_match(value, slots);
		case AD_CHOICE:
			return ad_template_bind(ad_member(value, exact ? 1 : 0), slots, exact);
		case AD_DOCUMENT:
			return bind_document(value, slots, exact);
		case AD_ARRAY:
			for_each_from(lc, (List *) value, 1)
				bound = lappend(bound, ad_template_bind(lfirst(lc), slots, exact));
			return ad_node(AD_ARRAY, bound);
		default:
			return value;
	}
}

/* the operators that give a lower and an upper bound; equality gives both */
static const char *const lower_bounds[] = {"$gte", "$gt", "$eq", "$in", NULL};
static const char *const upper_bounds[] = {"$lte", "$lt", "$eq", "$in", NULL};

/*
 * Is the predicate one of the two bounds that ad_match_guard() adds for
 * dates?
 */
static bool
is_range_end(Node *predicate)
{
	return ad_tag(predicate) == AD_FIELD &&
		ad_match_is_range_end(ad_field_op(predicate), ad_field_value(predicate));
}

/*
 * Does one of the predicates bound the same path on the same side as this end
 * of a range?
 */
static bool
is_bounded(List *fields, Node *range_end)
{
	const char *path = ad_field_path(range_end);
	const char *const *bounds = strcmp(ad_field_op(range_end), "$gte") == 0 ? lower_bounds : upper_bounds;
	ListCell   *lc;

	foreach(lc, fields)
	{
		Node	   *field = lfirst(lc);

		if (ad_tag(field) != AD_FIELD || strcmp(ad_field_path(field), path) != 0)
			continue;
		for (const char *const *bound = bounds; *bound != NULL; bound++)
		{
			if (ad_doc_get(ad_field_operators(field), *bound) != NULL)
				return true;
		}
	}
	return false;
}

/*
 * Adds an AD_FIELD of one operator to the members of the same AND, and
 * returns these.  If a member has the same path, the operator goes into its
 * document of operators.  If that document has the operator with another
 * value, the new predicate remains separate.
 */
static List *
add_field(List *fields, Node *field)
{
	const char *path = ad_field_path(field);
	const char *op = ad_field_op(field);
	Node	   *value = ad_field_value(field);
	ListCell   *lc;

	foreach(lc, fields)
	{
		Node	   *other = lfirst(lc);
		Node	   *found;

		if (ad_tag(other) != AD_FIELD || strcmp(ad_field_path(other), path) != 0)
			continue;
		found = ad_doc_get(ad_field_operators(other), op);
		if (found != NULL && equal(found, value))
			return fields;
		if (found == NULL)
		{
			ad_doc_add(ad_field_operators(other), op, value);
			return fields;
		}
	}
	/* a copy, because other operators may be added to it */
	return lappend(fields, ad_field(path, op, value));
}

static Node *
match_array(Node *predicate)
{
	List	   *documents = NIL;

	for (int i = 0; i < ad_member_count(predicate); i++)
		documents = lappend(documents, ad_template_match(ad_member(predicate, i)));
	return ad_node(AD_ARRAY, documents);
}

/*
 * Returns what stands beside the path of a field: the value that it equals,
 * or its operators.  A value that is a document could be taken for operators.
 */
Node *
ad_template_field_test(Node *operators)
{
	Node	   *value = ad_doc_value(operators, 0);

	if (ad_doc_length(operators) == 1 && strcmp(ad_doc_key(operators, 0), "$eq") == 0 &&
		!(IsA(value, List) && ad_tag(value) == AD_DOCUMENT))
		return value;
	return operators;
}

/*
 * A document of the match language in the making.  Simple planners use an
 * index for a field only if the field is at the top, and no field can be
 * there twice.
 */
typedef struct AdMatchDocument
{
	Node	   *document;		/* NULL if it is empty */
	List	   *more;			/* documents for $and, as their keys are in
								 * `document` already */
} AdMatchDocument;

static void
add_key(AdMatchDocument *match, const char *key, Node *value)
{
	if (match->document != NULL && ad_doc_get(match->document, key) != NULL)
		match->more = lappend(match->more, ad_doc(key, value));
	else
		match->document = ad_doc_add(match->document, key, value);
}

/* adds a predicate other than AND; TRUE adds nothing */
static void
add_predicate(AdMatchDocument *match, Node *predicate)
{
	switch (ad_tag(predicate))
	{
		case AD_FIELD:
			add_key(match, ad_field_path(predicate), ad_template_field_test(ad_field_operators(predicate)));
			break;
		case AD_OR:
			add_key(match, "$or", match_array(predicate));
			break;
		case AD_NOR:
			add_key(match, "$nor", ad_array1(ad_template_match(ad_inner(predicate))));
			break;
		case AD_EXPR:
			add_key(match, "$expr", ad_inner(predicate));
			break;
		default:
			break;
	}
}

/* adds the members of an AND: first the fields, then what has no one field */
static void
add_members(AdMatchDocument *match, Node *predicate)
{
	List	   *fields = NIL;
	List	   *others = NIL;
	List	   *range_ends = NIL;
	ListCell   *lc;

	for (int i = 0; i < ad_member_count(predicate); i++)
	{
		Node	   *part = ad_member(predicate, i);

		if (is_range_end(part))
			range_ends = lappend(range_ends, part);
		else if (ad_tag(part) == AD_FIELD)
			fields = add_field(fields, part);
		else
			others = lappend(others, part);
	}
	foreach(lc, range_ends)
	{
		if (!is_bounded(fields, lfirst(lc)))
			others = lappend(others, ad_match_range_test(lfirst(lc)));
	}
	foreach(lc, list_concat(fields, others))
		add_predicate(match, lfirst(lc));
}

/*
 * Returns a folded predicate, other than FALSE, as a document of the match
 * language.  The ends of the range of dates, which a guard adds, are left out
 * where another bound makes them superfluous.
 */
Node *
ad_template_match(Node *predicate)
{
	AdMatchDocument match = {0};

	check_stack_depth();
	if (ad_tag(predicate) == AD_AND)
		add_members(&match, predicate);
	else
		add_predicate(&match, predicate);
	if (match.more != NIL)
		match.document = ad_doc_add(match.document, "$and", ad_node(AD_ARRAY, match.more));
	return match.document == NULL ? ad_node(AD_DOCUMENT, NIL) : match.document;
}

static void write_value(StringInfo out, const char *key, Node *value);

static void
write_document(StringInfo out, Node *document)
{
	int			start = ad_write_begin(out);

	for (int i = 0; i < ad_doc_length(document); i++)
		write_value(out, ad_to_utf8(ad_doc_key(document, i)), ad_doc_value(document, i));
	ad_write_end(out, start);
}

static void
write_array(StringInfo out, Node *array)
{
	int			start = ad_write_begin(out);
	char		key[12];

	for (int i = 0; i < ad_member_count(array); i++)
	{
		pg_ltoa(i, key);
		write_value(out, key, ad_member(array, i));
	}
	ad_write_end(out, start);
}

static void
write_bindata(StringInfo out, int subtype, const char *hex)
{
	int			digits = strlen(hex);

	ad_write_int32(out, digits / 2);
	appendStringInfoChar(out, (char) subtype);
	enlargeStringInfo(out, digits / 2);
	out->len += hex_decode(hex, digits, out->data + out->len);
}

/* appends an element whose value is a tagged node */
static void
write_tagged(StringInfo out, const char *key, Node *value)
{
	bson_oid_t	oid;

	switch (ad_tag(value))
	{
		case AD_DOCUMENT:
			ad_write_key(out, BSON_TYPE_DOCUMENT, key);
			write_document(out, value);
			return;
		case AD_ARRAY:
			ad_write_key(out, BSON_TYPE_ARRAY, key);
			write_array(out, value);
			return;
		case AD_OBJECTID:
			ad_write_key(out, BSON_TYPE_OID, key);
			bson_oid_init_from_string(&oid, ad_objectid_hex(value));
			appendBinaryStringInfo(out, (const char *) oid.bytes, sizeof(oid.bytes));
			return;
		case AD_MAXKEY:
			ad_write_key(out, BSON_TYPE_MAXKEY, key);
			return;
		case AD_UNDEFINED:
			ad_write_key(out, BSON_TYPE_UNDEFINED, key);
			return;
		case AD_NUL:
			ad_write_key(out, BSON_TYPE_UTF8, key);
			ad_write_string(out, "", 1);
			return;
		case AD_BINDATA:
			ad_write_key(out, BSON_TYPE_BINARY, key);
			write_bindata(out, ad_bindata_subtype(value), ad_bindata_hex(value));
			return;
		default:
			elog(ERROR, "no BSON form of template node %d", (int) ad_tag(value));
	}
}

/*
 * Appends an element to a BSON document.  The key is in UTF-8.
 */
static void
write_value(StringInfo out, const char *key, Node *value)
{
	const char *string;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	switch (nodeTag(value))
	{
		case T_String:
			string = ad_to_utf8(strVal(value));
			ad_write_key(out, BSON_TYPE_UTF8, key);
			ad_write_string(out, string, strlen(string));
			return;
		case T_Integer:
			ad_write_key(out, BSON_TYPE_INT32, key);
			ad_write_int32(out, intVal(value));
			return;
		case T_Boolean:
			ad_write_key(out, BSON_TYPE_BOOL, key);
			appendStringInfoChar(out, boolVal(value) ? 1 : 0);
			return;
		case T_Const:
			if (((Const *) value)->constisnull)
				ad_write_key(out, BSON_TYPE_NULL, key);
			else
				ad_write_datum(out, key, ((Const *) value)->consttype,
							   ((Const *) value)->constvalue);
			return;
		default:
			write_tagged(out, key, value);
	}
}

/*
 * Returns a document as BSON, palloc'd.  It may not contain slots, operands,
 * zones or predicates; see ad_template_bind() and ad_template_match().
 */
const uint8 *
ad_template_bson(Node *document)
{
	StringInfoData out;

	initStringInfo(&out);
	write_document(&out, document);
	return (const uint8 *) out.data;
}

static void
print_tagged(StringInfo out, Node *value)
{
	AdTag		tag = ad_tag(value);

	switch (tag)
	{
		case AD_DOCUMENT:
			appendStringInfoChar(out, '{');
			for (int i = 0; i < ad_doc_length(value); i++)
			{
				appendStringInfoString(out, i > 0 ? ", " : "");
				escape_json(out, ad_doc_key(value, i));
				appendStringInfoString(out, ": ");
				ad_template_print(out, ad_doc_value(value, i));
			}
			appendStringInfoChar(out, '}');
			return;
		case AD_ARRAY:
			appendStringInfoChar(out, '[');
			for (int i = 0; i < ad_member_count(value); i++)
			{
				appendStringInfoString(out, i > 0 ? ", " : "");
				ad_template_print(out, ad_member(value, i));
			}
			appendStringInfoChar(out, ']');
			return;
		case AD_OBJECTID:
			appendStringInfo(out, "ObjectId(\"%s\")", ad_objectid_hex(value));
			return;
		case AD_MAXKEY:
			appendStringInfoString(out, "MaxKey()");
			return;
		case AD_NUL:
			appendStringInfoString(out, "\"\\u0000\"");
			return;
		case AD_BINDATA:
			appendStringInfo(out, "HexData(%d, \"%s\")", ad_bindata_subtype(value),
							 ad_bindata_hex(value));
			return;
		case AD_SLOT:
			appendStringInfo(out, "$%d", ad_slot_index(value) + 1);
			return;
		default:
			elog(ERROR, "no shell notation of template node %d", (int) tag);
	}
}

/*
 * Appends a value in the notation of MongoDB's shell.  Slots are printed as
 * $1, $2 and so on.
 */
void
ad_template_print(StringInfo out, Node *value)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	switch (nodeTag(value))
	{
		case T_String:
			escape_json(out, strVal(value));
			return;
		case T_Integer:
			appendStringInfo(out, "%d", intVal(value));
			return;
		case T_Boolean:
			appendStringInfoString(out, boolVal(value) ? "true" : "false");
			return;
		case T_Const:
			if (((Const *) value)->constisnull)
				appendStringInfoString(out, "null");
			else
				ad_print_datum(out, ((Const *) value)->consttype,
							   ((Const *) value)->constvalue);
			return;
		default:
			print_tagged(out, value);
	}
}
