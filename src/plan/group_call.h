/*
 * group_call.h
 *	  One aggregate call of a group, and its argument.
 */
#ifndef AD_GROUP_CALL_H
#define AD_GROUP_CALL_H

#include "catalog/pg_aggregate.h"

#include "query/deviation.h"
#include "translate/value.h"

/* the aggregates that MongoDB computes */
typedef enum AdAggregate
{
	AD_COUNT,
	AD_SUM,
	AD_AVG,
	AD_MIN,
	AD_MAX,
	AD_DEVIATION,
	AD_REGRESSION,				/* of pairs, such as corr() */
	AD_PERCENTILE_CONT,
	AD_PERCENTILE_DISC
} AdAggregate;

/*
 * An aggregate call: `argument` is NULL for whole rows, `filter` if there is
 * no FILTER.
 */
typedef struct AdCall
{
	AdAggregate aggregate;
	const AdValue *argument;
	Node	   *expression;		/* SQL expression of the argument, or NULL */
	const AdValue *second;		/* second argument, for AD_REGRESSION */
	Node	   *filter;
	Oid			result_type;
	AdDeviation deviation;		/* which one AD_DEVIATION is */
	float8		fraction;		/* of a percentile, from 0 to 1 */
	Oid			final;			/* the function that makes the result from the
								 * state; or InvalidOid */
	bool		squares;		/* does the transition state of doubles need
								 * the sum of their squares? */
} AdCall;

extern FormData_pg_aggregate ad_aggregate_row(Oid function);
extern bool ad_has_own_equality(const List *clauses, const List *expressions);
extern Oid	ad_call_final(const Aggref *aggref, AdAggregate aggregate);
extern bool ad_is_plain_column(const AdValue *value);
extern bool ad_call_set_filter(AdCall *call, AdValueContext *values, const Aggref *aggref);
extern void ad_call_only_if_filtered(AdValueContext *values, const Aggref *aggref);
extern bool ad_call_set_pair(AdCall *call, AdValueContext *values, const Aggref *aggref);
extern Node *ad_call_filtered(const AdCall *call, Node *expr);
extern Node *ad_call_argument(const AdCall *call);
extern Node *ad_count_value_expr(Node *value);
extern Node *ad_count_expr(const AdCall *call);
extern Node *ad_sum_expr(const AdCall *call);
extern bool ad_call_reads_clock(const AdCall *call);
extern Node *ad_call_ordered(AdExprContext *context, const AdCall *call);

#endif							/* AD_GROUP_CALL_H */
