/*
 * call.c
 *	  Calls of functions and operators, alike.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/oids.h"
#include "translate/call.h"
#include "translate/value_time.h"

/*
 * Returns the function that a call or an operator calls, and sets *args to its
 * arguments; InvalidOid and NIL for another node.
 */
Oid
ad_called(Node *node, List **args)
{
	if (IsA(node, FuncExpr))
	{
		*args = ((FuncExpr *) node)->args;
		return ((FuncExpr *) node)->funcid;
	}
	if (IsA(node, OpExpr))
	{
		*args = ((OpExpr *) node)->args;
		return get_opcode(((OpExpr *) node)->opno);
	}
	*args = NIL;
	return InvalidOid;
}

/*
 * Returns the part that the expression extracts of a time, in lower case, and sets
 * *time to that; NULL if it extracts none.
 */
const char *
ad_extracted_part(Node *node, Node **time)
{
	static const Oid functions[] = {
		F_EXTRACT_TEXT_TIMESTAMPTZ, F_EXTRACT_TEXT_TIMESTAMP, F_EXTRACT_TEXT_DATE,
		F_DATE_PART_TEXT_TIMESTAMPTZ, F_DATE_PART_TEXT_TIMESTAMP,
	};
	List	   *args;

	if (!ad_is_one_of(ad_called(node, &args), functions, lengthof(functions)))
		return NULL;
	*time = lsecond(args);
	return ad_lower_constant(linitial(args));
}

/*
 * Reads a constant of type int4, numeric or float8 as the nearest double; false for
 * another node, and for null.
 */
bool
ad_constant_number(Node *node, double *number)
{
	Const	   *constant = (Const *) node;

	if (!IsA(node, Const) || constant->constisnull)
		return false;
	switch (constant->consttype)
	{
		case INT4OID:
			*number = DatumGetInt32(constant->constvalue);
			return true;
		case NUMERICOID:
			*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, constant->constvalue));
			return true;
		case FLOAT8OID:
			*number = DatumGetFloat8(constant->constvalue);
			return true;
		default:
			return false;
	}
}

/*
 * Returns function('name', time), such as date_trunc('week', time).
 */
Node *
ad_make_call(Oid function, Oid result_type, const char *name, Node *time)
{
	Const	   *constant = makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, CStringGetTextDatum(name), false, false);

	return (Node *) makeFuncExpr(function, result_type, list_make2(constant, time),
								 InvalidOid, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL);
}

/*
 * Returns the operator of type `typid` that is to its type what `opno` is to the type
 * `of`, such as < of instants to < of intervals; InvalidOid if there is none.
 */
Oid
ad_same_operator(Oid opno, Oid of, Oid typid)
{
	Oid			family = lookup_type_cache(of, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	Oid			wanted = lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	int			strategy = get_op_opfamily_strategy(opno, family);

	if (strategy != 0)
		return get_opfamily_member(wanted, typid, typid, strategy);
	/* <> is in no family */
	strategy = get_op_opfamily_strategy(get_negator(opno), family);
	return strategy == 0 ? InvalidOid :
		get_negator(get_opfamily_member(wanted, typid, typid, strategy));
}
