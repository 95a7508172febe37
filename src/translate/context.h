/*
 * context.h
 *	  Columns, operands and operators in the SQL expressions of one table.
 */
#ifndef AD_CONTEXT_H
#define AD_CONTEXT_H

#include "nodes/pathnodes.h"

#include "base/option.h"
#include "bson/sql_type.h"
#include "query/node.h"
#include "translate/column.h"
#include "translate/lazy.h"

/* the subject of a translation: one foreign table in one query */
typedef struct AdExprContext
{
	RelOptInfo *rel;
	Oid			relid;
	const AdTableOptions *options;
	AdColumn  **columns;		/* by attribute number; NULL until it is asked
								 * for */
	PlannerInfo *root;			/* of the query */
	AdLazy		lazy;
	PlannerInfo *join_root;		/* the nested loop's, if columns of its other
								 * tables are operands; else NULL */
	List	   *slots;			/* SQL expressions to compute at execution */
	Node	   *filter;			/* template of the whole filter, once it is
								 * known */
	Bitmapset  *proven;			/* columns in which the filter leaves no null */
	List	   *bindings;		/* AdBinding, see let.c */
	Bitmapset  *bound;			/* attribute numbers of the columns in
								 * bindings */
	int			visits;			/* see ad_expr_may_go_on() */
	int			patterns;		/* in its expressions, see value_pattern.c */
	Size		size;			/* bytes of the filter so far, see budget.c */
} AdExprContext;

extern bool ad_is_text_cast(const RelabelType *relabel);
extern bool ad_expr_may_go_on(AdExprContext *context);
extern const AdColumn *ad_expr_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_expr_compared_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_expr_grouped_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_expr_read_column(AdExprContext *context, Node *node);
extern bool ad_expr_has_columns(const AdExprContext *context, Node *operand);
extern bool ad_expr_has_case_argument(Node *expression);
extern void ad_expr_only_if(AdExprContext *context, Node *condition, BoolTestType kind,
							bool in_order);
extern Node *ad_expr_operand(AdExprContext *context, Node *operand);
extern bool ad_expr_operator(Oid opno, Oid typid, AdOp *op, Oid *operand_type);
extern AdOp ad_expr_negated(AdOp op);
extern NullTest *ad_null_test(Node *argument, NullTestType kind);
extern bool ad_is_deterministic(Oid collation, Oid typid);
extern bool ad_is_proven(const AdExprContext *context, const AdColumn *column);

#endif							/* AD_CONTEXT_H */
