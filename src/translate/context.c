/*
 * context.c
 *	  Columns, operands and operators of the SQL expressions of one table.
 *
 * An operand without columns is computed by PostgreSQL, when the scan starts.
 * Constants stay in the template; all else gets a slot.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "translate/context.h"

/* how many nodes of one condition, key or target list are looked at */
#define MAX_VISITS	20000

/*
 * To be called for each node that is translated.  False if there have been so
 * many that the rest had better be PostgreSQL's: some conditions have to be
 * translated twice, and so have the parts of their parts.
 */
bool
ad_expr_may_go_on(AdExprContext *context)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	return ++context->visits <= MAX_VISITS;
}

/* what a cast among text and varchar, or another collation, is put on */
static Node *
strip_text_cast(Node *node)
{
	while (IsA(node, RelabelType) &&
		   (((RelabelType *) node)->resulttype == TEXTOID ||
			((RelabelType *) node)->resulttype == VARCHAROID))
	{
		Node	   *arg = (Node *) ((RelabelType *) node)->arg;
		Oid			typid = exprType(arg);

		if (typid != TEXTOID && typid != VARCHAROID)
			break;
		node = arg;
	}
	return node;
}

/*
 * The same, made once: to read the options again for each of thousands takes
 * seconds.  It is kept as long as the relation, not as the join that GEQO tries.
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

/* the column that an expression is, or NULL */
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
 * Whether MongoDB's part of the filter leaves no null in the column, and so no
 * mismatch either: it is true for neither.
 */
bool
ad_is_proven(const AdExprContext *context, const AdColumn *column)
{
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, context->proven);
}

/*
 * The column that an expression is, if MongoDB can be asked about it; or NULL.
 */
const AdColumn *
ad_expr_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = any_column(context, node);

	return column != NULL && column->shippable ? column : NULL;
}

/*
 * The same, also of columns of which MongoDB can only be asked which values
 * equal a given one.
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
 * Whether there are columns whose values are not known when the scan starts.
 */
bool
ad_expr_has_columns(const AdExprContext *context, Node *operand)
{
	if (context->join_root == NULL)
		return contain_var_clause(operand);
	return bms_is_member(context->rel->relid, pull_varnos(context->join_root, operand));
}

/*
 * The node for an operand that PostgreSQL computes: the constant itself, or a
 * slot.  NULL if its value is not the same throughout the scan.
 */
Node *
ad_expr_operand(AdExprContext *context, Node *operand)
{
	int			slot = 0;

	if (IsA(operand, Const))
		return operand;
	if (ad_expr_has_columns(context, operand) || contain_volatile_functions(operand) ||
		contain_subplans(operand))
		return NULL;
	while (slot < list_length(context->slots) &&
		   !equal(list_nth(context->slots, slot), operand))
		slot++;
	if (slot == list_length(context->slots))
		context->slots = lappend(context->slots, operand);
	return ad_node(AD_SLOT, list_make1(ad_integer(slot)));
}

/*
 * What a built-in operator means in the order of its left operand's type.
 */
bool
ad_expr_operator(Oid opno, Oid typid, AdOp *op, Oid *operand_type)
{
	ListCell   *lc;
	Oid			family;

	if (opno >= FirstNormalObjectId)
		return false;
	/* varchar has no operators of its own */
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
 * The operator that is true exactly where the other is false.
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

bool
ad_is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}
