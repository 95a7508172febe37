/*
 * value.h
 *	  Translation of SQL expressions to templates of aggregation
 *	  expressions.
 */
#ifndef AD_VALUE_H
#define AD_VALUE_H

#include "query/failure.h"
#include "translate/context.h"

/* an error that PostgreSQL would raise */
typedef struct AdFailure
{
	Node	   *when;			/* expression of a condition */
	AdFailureKind kind;
} AdFailure;

/*
 * The translation of an SQL value to the aggregation language.
 *
 * `expr` is null exactly where the SQL value is null, and where PostgreSQL
 * would raise an error.  It never raises an error itself, whatever the
 * document holds and in whatever order MongoDB evaluates its parts: each
 * operator accepts every value that its operands can have.  Where it is not
 * null, its BSON type depends on the SQL type:
 *
 *	bool				bool
 *	int2, int4, int8	int or long, from `min` to `max`
 *	float8				double
 *	text				string
 *	numeric				decimal; or, if `divisor` is not 0, an int or long
 *						from `min` to `max`, which is to be divided by
 *						`divisor`
 *	timestamptz, timestamp, date
 *						date: the instant itself.  It is not yet read on
 *						the clock of `zone`, nor cut to `unit`
 *	interval			long: milliseconds
 */
typedef struct AdValue
{
	Node	   *expr;
	Oid			typid;
	/* can the SQL value be null? */
	bool		nullable;
	const AdColumn *column;		/* set if the value is a column and no more */
	int64		min;
	int64		max;
	int64		divisor;
	int			scale;			/* with a divisor: digits that numeric shows
								 * after the point */
	bool		rounded;		/* has PostgreSQL rounded the quotient?  Then
								 * it has `scale` digits or more */
	const AdColumn *of;			/* the column whose instant it is, or NULL */
	bool		near;			/* is its year certain to have four digits? */
	Node	   *zone;			/* whose clock is read; NULL for an instant
								 * that is not cut */
	const char *unit;			/* to which it is cut: a unit of $dateTrunc;
								 * or NULL */
	int			shift;			/* days to add before it is cut */
} AdValue;

typedef struct AdValueContext AdValueContext;

/*
 * Gives the value of an expression that has one of its own, such as an
 * aggregate of a group; false for all others.
 */
typedef bool (*AdValueLookup) (AdValueContext *context, Node *node, AdValue *value);

struct AdValueContext
{
	AdExprContext *base;
	bool		no_guards;		/* nothing detects mismatches later, so they
								 * must become null */
	List	   *columns;		/* AdColumn: those read whose mismatches are
								 * errors */
	List	   *failures;		/* AdFailure: the errors that PostgreSQL would
								 * raise */
	bool		may_recheck;	/* may the value be unknown somewhere? */
	List	   *unknown;		/* conditions under which it is */
	const AdValue *case_value;	/* x of CASE x WHEN ...; NULL outside of it */
	AdValueLookup lookup;		/* or NULL; lookup_arg is for its own use */
	void	   *lookup_arg;
};

/* in value_expression.c */
extern bool ad_value(AdValueContext *context, Node *node, AdValue *value);

/* for the files that translate the kinds of expressions */
extern bool ad_value_init(AdValue *value, Oid typid);
extern bool ad_value_of_type(const AdType *type, Node *expr, bool nullable,
							 AdValue *value);
extern bool ad_value_operand(AdValueContext *context, Node *node,
							 AdRounding rounding, int factor, AdValue *value);
extern bool ad_value_is_operand(const AdExprContext *context, Node *node);
extern void ad_value_set_number(AdValue *value, Node *expr, int64 min, int64 max, int divisor,
								int scale);
extern void ad_value_fail(AdValueContext *context, AdFailureKind kind, Node *when);
extern void ad_value_fail_if(AdValueContext *context, List *failures, Node *condition);
extern Node *ad_value_let(AdValueContext *context, AdValue *value);
extern Node *ad_failures_when(const List *failures, AdFailureKind kind);
extern Node *ad_value_not_null(const AdValue *value);
extern Node *ad_value_if(Node *condition, Node *value, Node *otherwise);
extern Node *ad_value_nan_last(Node *expr);

#endif							/* AD_VALUE_H */
