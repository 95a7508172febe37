/*
 * value.h
 *	  Translate SQL expressions to templates of aggregation expressions.
 */
#ifndef AD_VALUE_H
#define AD_VALUE_H

#include "query/failure.h"
#include "translate/context.h"

typedef struct AdFailure
{
	Node	   *when;			/* a condition */
	AdFailureKind kind;
} AdFailure;

/*
 * A value in the aggregation language.  `expr` is null exactly where SQL's
 * value is, and where PostgreSQL would raise an error instead.  It raises no
 * error whatever the document holds, and in whatever order MongoDB evaluates
 * its parts: each operator takes what its arguments can be.  Otherwise it is
 * of one BSON type for each SQL type:
 *
 *	bool				bool
 *	int2, int4, int8	int or long, from `min` to `max`
 *	float8				double
 *	text				string
 *	numeric				decimal; or, if `divisor` is not 0, an int or long
 *						from `min` to `max` that `divisor` divides
 *	timestamptz, timestamp, date
 *						date: an instant, read on the clock of `zone` and
 *						cut to `unit`, neither of which has happened yet
 *	interval			a long: milliseconds
 */
typedef struct AdValue
{
	Node	   *expr;
	Oid			typid;
	bool		nullable;
	const AdColumn *column;		/* if it is no more than a column */
	int64		min;
	int64		max;
	int64		divisor;
	int			scale;			/* digits that numeric shows, of a divisor */
	bool		rounded;		/* the quotient is rounded at a distant digit */
	const AdColumn *of;			/* the column whose instant it is, or NULL */
	bool		near;			/* is its year sure to have four digits? */
	Node	   *zone;			/* of timestamp and date */
	const char *unit;			/* as $dateTrunc knows it, or NULL */
	int			shift;			/* days to be added before cutting */
} AdValue;

typedef struct AdValueContext AdValueContext;

/* finds the value of a whole expression, for what is not a column */
typedef bool (*AdValueLookup) (AdValueContext *context, Node *node, AdValue *value);

struct AdValueContext
{
	AdExprContext *base;
	bool		no_guards;		/* the caller does not notice mismatches later */
	List	   *columns;		/* AdColumn: those whose mismatches are errors */
	List	   *failures;		/* AdFailure */
	const AdValue *case_value;	/* what CASE compares */
	AdValueLookup lookup;		/* or NULL */
	void	   *lookup_arg;
};

/* in value_expression.c */
extern bool ad_value(AdValueContext *context, Node *node, AdValue *value);

/* for the files that translate parts */
extern bool ad_value_init(AdValue *value, Oid typid);
extern bool ad_value_of_type(const AdType *type, Node *expr, bool nullable,
							 AdValue *value);
extern bool ad_value_operand(AdValueContext *context, Node *node,
							 AdRounding rounding, int factor, AdValue *value);
extern bool ad_value_is_operand(const AdExprContext *context, Node *node);
extern void ad_value_fail(AdValueContext *context, AdFailureKind kind, Node *when);
extern void ad_value_fail_if(AdValueContext *context, List *failures, Node *condition);
extern Node *ad_value_let(AdValueContext *context, AdValue *value);
extern Node *ad_failures_when(const List *failures, AdFailureKind kind);
extern Node *ad_value_not_null(const AdValue *value);
extern Node *ad_value_if(Node *condition, Node *value, Node *otherwise);

#endif							/* AD_VALUE_H */
