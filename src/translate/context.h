/*
 * context.h
 *	  Columns, operands and operators of the SQL expressions of one table.
 */
#ifndef AD_CONTEXT_H
#define AD_CONTEXT_H

#include "nodes/pathnodes.h"

#include "base/option.h"
#include "bson/sql_type.h"
#include "query/node.h"
#include "translate/column.h"

/* what is translated for: one foreign table in one query */
typedef struct AdExprContext
{
	RelOptInfo *rel;
	Oid			relid;
	const AdTableOptions *options;
	AdColumn  **columns;		/* those that were asked for, by number */
	PlannerInfo *join_root;		/* if columns of other tables are values: the
								 * nested loop's; else NULL */
	List	   *slots;			/* expressions to be computed at execution */
	Node	   *filter;			/* template, once it is complete */
	Bitmapset  *proven;			/* columns that the filter leaves no null in */
	List	   *bindings;		/* see let.c */
	Bitmapset  *bound;			/* the columns among them */
	int			visits;			/* see ad_expr_may_go_on() */
	Size		size;			/* of the filter so far, see budget.c */
} AdExprContext;

extern bool ad_expr_may_go_on(AdExprContext *context);
extern const AdColumn *ad_expr_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_expr_compared_column(AdExprContext *context, Node *node);
extern bool ad_expr_has_columns(const AdExprContext *context, Node *operand);
extern Node *ad_expr_operand(AdExprContext *context, Node *operand);
extern bool ad_expr_operator(Oid opno, Oid typid, AdOp *op, Oid *operand_type);
extern AdOp ad_expr_negated(AdOp op);
extern bool ad_is_deterministic(Oid collation);
extern bool ad_is_proven(const AdExprContext *context, const AdColumn *column);

#endif							/* AD_CONTEXT_H */
