/*
 * context.c
 *	  Columns, operands and operators in the SQL expressions of one table.
 *
 * PostgreSQL computes an operand without columns when the scan starts.  A
 * constant is part of the template; any other operand gets a slot.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "query/sql_array.h"
#include "translate/context.h"

/* the most nodes that are visited for one condition, key or target list */
#define MAX_VISITS	20000

/*
 * Counts one visited node; every translator of a node calls this first.
 *
 * Returns false once there are too many.  The rest is then evaluated locally.
 * The limit is needed because some conditions are translated twice, and so
 * are their parts, which multiplies at each level.  Also checks for
 * interrupts and for stack overflow.
 */
bool
ad_expr_may_go_on(AdExprContext *context)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	return ++context->visits <= MAX_VISITS;
}

/*
 * Whether it is a cast between text and varchar, or a change of collation.
 */
bool
ad_is_text_cast(const RelabelType *relabel)
{
	Oid			typid = exprType((Node *) relabel->arg);

	return (typid == TEXTOID || typid == VARCHAROID) &&
		(relabel->resulttype == TEXTOID || relabel->resulttype == VARCHAROID);
}

/* strips these casts */
static Node *
strip_text_cast(Node *node)
{
	while (IsA(node, RelabelType) && ad_is_text_cast((RelabelType *) node))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/*
 * Returns the column of that number.
 *
 * The context keeps it, because reading the options again for each of
 * thousands of expressions takes seconds.  It is allocated beside
 * context->columns, so that it lives as long as the relation: the current
 * context may be one that GEQO frees after it has tried a join.
 */
static const AdColumn *
known_column(AdExprContext *context, AttrNumber attnum)
{
	MemoryContext outer;

	if (context->columns[attnum] == NULL)
	{
		outer = MemoryContextSwitchTo(GetMemoryChunkContext(context->columns));
		context->columns[attnum] = ad_column(context->relid, attnum, context->options);
		MemoryContextSwitchTo(outer);
	}
	return context->columns[attnum];
}

/* the column that the expression is, or NULL */
static const AdColumn *
any_column(AdExprContext *context, Node *node)
{
	Var		   *var = (Var *) strip_text_cast(node);

	if (!IsA(var, Var) || var->varno != context->rel->relid ||
		var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	return known_column(context, var->varattno);
}

/*
 * Whether the pushed-down part of the filter excludes every row with a null
 * in the column.  It then excludes mismatches as well, because no condition
 * on a mismatch is true.
 */
bool
ad_is_proven(const AdExprContext *context, const AdColumn *column)
{
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, context->proven);
}

/*
 * Returns the column that the expression is; NULL if it is no column, or one
 * whose decodable values MongoDB cannot test.
 */
const AdColumn *
ad_expr_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = any_column(context, node);

	return column != NULL && column->shippable ? column : NULL;
}

/*
 * Returns the column that the expression is, if MongoDB can at least compare
 * it for equality; else NULL.
 *
 * This accepts all columns of ad_expr_column(), and those of type uuid.
 */
const AdColumn *
ad_expr_compared_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = any_column(context, node);

	if (column == NULL || column->shippable)
		return column;
	return column->nameable && column->type != NULL &&
		column->type->class == AD_CLASS_UUID ? column : NULL;
}

/*
 * Returns the column that the expression is, if values of its field that
 * MongoDB groups together are identical in SQL; else NULL.
 *
 * MongoDB need not be able to test the values.  It may make several groups of
 * values that are equal in SQL, as it does of the subtypes of binary data.
 */
const AdColumn *
ad_expr_grouped_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = IsA(node, Var) ? any_column(context, node) : NULL;

	return column != NULL && ad_column_is_grouped(column) &&
		ad_is_deterministic(exprCollation(node), exprType(node)) ? column : NULL;
}

/*
 * Returns the column that the expression is, if a group can return it of one
 * of its documents; else NULL.
 */
const AdColumn *
ad_expr_read_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = IsA(node, Var) ? any_column(context, node) : NULL;

	return column != NULL && ad_column_is_read(column) ? column : NULL;
}

/*
 * Whether the operand reads a column whose value is not known when the scan
 * starts.
 *
 * In the parameterized path of a nested loop the columns of the other tables
 * are known by then.
 */
bool
ad_expr_has_columns(const AdExprContext *context, Node *operand)
{
	if (context->join_root == NULL)
		return contain_var_clause(operand);
	return bms_is_member(context->rel->relid, pull_varnos(context->join_root, operand));
}

/*
 * Whether the operand can be written as BSON.  Text of a database in SQL_ASCII
 * can have any bytes, so it must be known and be UTF-8.
 */
static bool
is_writable(Node *operand)
{
	Const	   *constant = (Const *) operand;
	ListCell   *lc;
	Oid			element;

	if (GetDatabaseEncoding() != PG_SQL_ASCII || !OidIsValid(exprCollation(operand)))
		return true;
	if (!IsA(operand, Const))
		return false;
	if (constant->constisnull)
		return true;
	element = get_element_type(constant->consttype);
	if (!OidIsValid(element) && constant->constlen == -1)
	{
		text	   *value = DatumGetTextPP(constant->constvalue);

		return pg_verify_mbstr(PG_UTF8, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), true);
	}
	if (!OidIsValid(element))
		return false;
	foreach(lc, ad_sql_array_elements(constant->constvalue, element, constant->constcollid))
	{
		if (!is_writable(lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * expression_tree_walker() callback: finds a CaseTestExpr, which is the
 * argument of a CASE that is not in the expression.
 */
static bool
has_case_argument(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, CaseTestExpr))
		return true;
	if (IsA(node, CaseExpr) && ((CaseExpr *) node)->arg != NULL)
		return has_case_argument((Node *) ((CaseExpr *) node)->arg, arg);
	if (IsA(node, ArrayCoerceExpr))
		return has_case_argument((Node *) ((ArrayCoerceExpr *) node)->arg, arg);
	return expression_tree_walker(node, has_case_argument, arg);
}

/*
 * Whether the expression contains the argument of a CASE that is outside of
 * it.
 */
bool
ad_expr_has_case_argument(Node *expression)
{
	return has_case_argument(expression, NULL);
}

/*
 * Whether the scan can compute the expression, which has no columns, by itself.
 * Window functions and aggregates have their value from a node above, a
 * function that returns a set has many, and the argument of a CASE depends on
 * the row.
 */
static bool
is_scalar(Node *expression)
{
	return !contain_window_function(expression) && !contain_agg_clause(expression) &&
		!expression_returns_set(expression) && !ad_expr_has_case_argument(expression);
}

/*
 * Whether the expression has one value during the scan, which the scan can
 * compute.
 */
static bool
is_fixed(const AdExprContext *context, Node *expression)
{
	return !ad_expr_has_columns(context, expression) && !contain_volatile_functions(expression) &&
		!contain_subplans(expression) && is_scalar(expression);
}

/*
 * Notes that from now on what is translated is evaluated only where the
 * condition is as `kind` says, or, for IS_UNKNOWN, where it is null, whatever
 * its type.  `in_order` tells whether PostgreSQL promises so; if not, a
 * condition that depends on the row is none.  The caller restores
 * context->lazy at the end.
 */
void
ad_expr_only_if(AdExprContext *context, Node *condition, BoolTestType kind, bool in_order)
{
	BooleanTest *test;

	if (!is_fixed(context, condition))
	{
		context->lazy.by_row |= in_order;
		return;
	}
	if (kind == IS_UNKNOWN)
	{
		context->lazy.conditions = lappend(list_copy(context->lazy.conditions),
										   ad_null_test(condition, IS_NULL));
		return;
	}
	test = makeNode(BooleanTest);
	test->arg = (Expr *) condition;
	test->booltesttype = kind;
	test->location = -1;
	context->lazy.conditions = lappend(list_copy(context->lazy.conditions), test);
}

/*
 * Returns the node for an operand that PostgreSQL computes: the constant
 * itself, or a slot.  Equal operands share a slot.
 *
 * Returns NULL if the value may change during the scan, if it contains a
 * subplan, if the scan alone cannot compute it, if it may raise an error that
 * PostgreSQL would not, or if it may have no form in BSON.
 */
Node *
ad_expr_operand(AdExprContext *context, Node *operand)
{
	int			slot = 0;

	if (!is_writable(operand))
		return NULL;
	if (IsA(operand, Const))
		return operand;
	if (!is_fixed(context, operand))
		return NULL;
	operand = ad_lazy_operand(&context->lazy, context->root, operand);
	if (operand == NULL)
		return NULL;
	while (slot < list_length(context->slots) &&
		   !equal(list_nth(context->slots, slot), operand))
		slot++;
	if (slot == list_length(context->slots))
		context->slots = lappend(context->slots, operand);
	return ad_node(AD_SLOT, list_make1(ad_integer(slot)));
}

/*
 * Reads a built-in comparison operator whose left operand has type `typid`.
 *
 * Sets *op to its meaning in the type's default B-tree order, and
 * *operand_type to the type of its right operand.  Returns false for any
 * other operator.  A user-defined operator is never trusted, whatever
 * operator family it is in.
 */
bool
ad_expr_operator(Oid opno, Oid typid, AdOp *op, Oid *operand_type)
{
	ListCell   *lc;
	Oid			family;

	if (opno >= FirstNormalObjectId)
		return false;
	/* varchar uses the operators of text */
	if (typid == VARCHAROID)
		typid = TEXTOID;
	family = lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	foreach(lc, ad_op_interpretations(opno))
	{
		AdOpInterpretation *meaning = lfirst(lc);

		if (meaning->opfamily_id != family || meaning->oplefttype != typid)
			continue;
		*op = (AdOp) (ad_op_meaning(meaning) - 1);
		*operand_type = meaning->oprighttype;
		return true;
	}
	return false;
}

/*
 * Returns the operator that is true exactly where `op` is false.
 */
AdOp
ad_expr_negated(AdOp op)
{
	static const AdOp negators[] = {
		[AD_OP_LT] = AD_OP_GE,
		[AD_OP_LE] = AD_OP_GT,
		[AD_OP_EQ] = AD_OP_NE,
		[AD_OP_GE] = AD_OP_LT,
		[AD_OP_GT] = AD_OP_LE,
		[AD_OP_NE] = AD_OP_EQ,
	};

	return negators[op];
}

/*
 * Returns the condition, palloc'd, that the argument is null, or that it is not.
 */
NullTest *
ad_null_test(Node *argument, NullTestType kind)
{
	NullTest   *test = makeNode(NullTest);

	test->arg = (Expr *) argument;
	test->nulltesttype = kind;
	test->location = -1;
	return test;
}

/*
 * Whether values of the type that are equal under the collation have equal bytes
 * (PostgreSQL manual, "Collation Support", "Nondeterministic Collations").  True
 * for types without collations.  If the type has one and it is not known which,
 * PostgreSQL raises an error.
 */
bool
ad_is_deterministic(Oid collation, Oid typid)
{
	return OidIsValid(collation) ? get_collation_isdeterministic(collation) :
		!type_is_collatable(typid);
}
