/*
 * lazy.c
 *	  Operands that PostgreSQL computes only under conditions.
 *
 * A scan computes its operands before it asks MongoDB.  PostgreSQL evaluates
 * some parts of an expression under conditions only: the result of a CASE, or
 * an argument of OR if those before it are not true.  An operand in them may
 * raise an error, which the condition is there to prevent:
 *
 *		WHERE $1 = '' OR i = $1::int
 *
 * Conditions without columns are made part of such an operand, here CASE WHEN
 * ($1 = '') IS NOT TRUE THEN $1::int END.  Where a condition depends on the
 * row, the operand has no translation.  That is so for CASE, COALESCE and
 * FILTER; the arguments of AND and OR may be evaluated in any order
 * (PostgreSQL manual, "Expression Evaluation Rules").
 */
#include "postgres.h"

#include "access/transam.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/oids.h"
#include "translate/lazy.h"

/* the most conditions that are made part of an operand */
#define MAX_CONDITIONS	20

/*
 * Functions that raise no error, or only for instants at the ends of the
 * calendar.  Those that are leakproof raise none, either.
 */
static const Oid harmless[] = {
	F_BTRIM_TEXT, F_DATE_MI_INTERVAL, F_DATE_MII, F_DATE_PL_INTERVAL, F_DATE_PLI, F_DATE_TIMESTAMP,
	F_DATE_TIMESTAMPTZ, F_INTERVAL_UM, F_LOWER_TEXT, F_NOW, F_NUMERIC_INT2, F_NUMERIC_INT4, F_NUMERIC_INT8,
	F_STATEMENT_TIMESTAMP, F_TEXTCAT, F_TIMESTAMPTZ_DATE, F_TIMESTAMPTZ_MI_INTERVAL, F_TIMESTAMPTZ_PL_INTERVAL,
	F_TIMESTAMPTZ_TIMESTAMP, F_TIMESTAMP_DATE, F_TIMESTAMP_MI_INTERVAL, F_TIMESTAMP_PL_INTERVAL,
	F_TIMESTAMP_TIMESTAMPTZ, F_TRANSACTION_TIMESTAMP, F_UPPER_TEXT,
};

/* the same if the first argument, a unit or a zone, is constant */
static const Oid harmless_of_constant[] = {
	F_DATE_TRUNC_TEXT_TIMESTAMP, F_DATE_TRUNC_TEXT_TIMESTAMPTZ, F_TIMEZONE_TEXT_TIMESTAMP,
	F_TIMEZONE_TEXT_TIMESTAMPTZ,
};

/* check_functions_in_node() callback: whether the function may raise an error */
static bool
function_may_fail(Oid function, void *arg)
{
	return function >= FirstNormalObjectId ||
		!(ad_is_one_of(function, harmless, lengthof(harmless)) || get_func_leakproof(function));
}

/* whether the parameter has the result of a subquery, which is computed when it is first read */
static bool
is_of_subquery(PlannerInfo *root, const Param * param)
{
	ListCell   *lc;

	for (; root != NULL; root = root->parent_root)
	{
		foreach(lc, root->init_plans)
		{
			if (list_member_int(((SubPlan *) lfirst(lc))->setParam, param->paramid))
				return true;
		}
	}
	return false;
}

/*
 * Whether an expression without columns may raise an error.  It is an
 * expression_tree_walker() callback, too, whose context is the PlannerInfo.
 */
bool
ad_may_fail(Node *node, void *root)
{
	FuncExpr   *func = (FuncExpr *) node;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Param:
			return ((Param *) node)->paramkind == PARAM_EXEC && is_of_subquery(root, (Param *) node);
		case T_FuncExpr:
			if (ad_is_one_of(func->funcid, harmless_of_constant, lengthof(harmless_of_constant)) &&
				IsA(linitial(func->args), Const))
				break;
			if (check_functions_in_node(node, function_may_fail, NULL))
				return true;
			break;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
			if (check_functions_in_node(node, function_may_fail, NULL))
				return true;
			break;
		case T_ArrayExpr:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
		case T_CollateExpr:
		case T_Const:
		case T_List:
		case T_MinMaxExpr:
		case T_NullTest:
		case T_RelabelType:
		case T_SQLValueFunction:
		case T_Var:
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, ad_may_fail, root);
}

/*
 * Returns the operand as it can be computed at any time, with the conditions
 * under which PostgreSQL would compute it; NULL if it cannot.
 */
Node *
ad_lazy_operand(const AdLazy *lazy, PlannerInfo *root, Node *operand)
{
	CaseExpr   *computed;
	CaseWhen   *when;

	if ((lazy->conditions == NIL && !lazy->by_row) || !ad_may_fail(operand, root))
		return operand;
	if (lazy->by_row || list_length(lazy->conditions) > MAX_CONDITIONS)
		return NULL;
	when = makeNode(CaseWhen);
	when->expr = list_length(lazy->conditions) == 1 ? linitial(lazy->conditions) :
		makeBoolExpr(AND_EXPR, lazy->conditions, -1);
	when->result = (Expr *) operand;
	when->location = -1;
	computed = makeNode(CaseExpr);
	computed->casetype = exprType(operand);
	computed->casecollid = exprCollation(operand);
	computed->args = list_make1(when);
	computed->defresult = (Expr *) makeNullConst(exprType(operand), exprTypmod(operand), exprCollation(operand));
	computed->location = -1;
	return (Node *) computed;
}
