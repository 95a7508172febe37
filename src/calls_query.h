/*
 * calls_query.h
 *	  Queries over the calls of a range.
 */
#ifndef AD_CALLS_QUERY_H
#define AD_CALLS_QUERY_H

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* the parameters of each query: the two bounds, and the user or null */
#define AD_CALLS_PARAMETERS		3
/* with those of its own */
#define AD_CALLS_MAX_PARAMETERS 6

/* the length of a range of which only the end is given, in microseconds */
#define AD_DEFAULT_RANGE		(30 * USECS_PER_DAY)

/* a range of instants, both included */
typedef struct AdRange
{
	TimestampTz start;
	TimestampTz end;
} AdRange;

/* a plan of a session, its text, and the relation that it reads; NULL at first */
typedef struct AdCallsPlan
{
	SPIPlanPtr	plan;
	char	   *text;
	Oid			relid;
} AdCallsPlan;

/* a query, and the session's plans for it */
typedef struct AdCallsQuery
{
	const char *function;		/* the SQL function, for messages */
	bool		many;			/* whether there can be too many rows to have
								 * them all in memory */
	int			nparameters;
	Oid			types[AD_CALLS_MAX_PARAMETERS];

	AdCallsPlan plans[2];		/* for all users, and for one */
	bool		in_use;
} AdCallsQuery;

/* the types of the parameters that each query has */
#define AD_CALLS_TYPES	TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID

/* one execution of a query */
typedef struct AdCallsRequest AdCallsRequest;

/*
 * fills in the state without the query; returns false if the query must run
 */
typedef bool (*AdCallsShortcut) (const AdCallsRequest *request, AdRange range, text *user, void *state);

struct AdCallsRequest
{
	/* the query before FROM, and what follows the condition for the calls */
	const char *head;
	const char *tail;
	Datum		values[AD_CALLS_MAX_PARAMETERS];
	char		nulls[AD_CALLS_MAX_PARAMETERS + 1];

	const char *setting;		/* value of the setting at the start; a
								 * function in a view can change it later */
	Oid			relid;
	AdCallsShortcut shortcut;	/* or NULL */
};

/* takes the rows in SPI_tuptable, SPI_processed many, but not to keep them */
typedef void (*AdCallsReceiver) (AdCallsRequest *request, void *state);

extern AdRange ad_calls_range(FunctionCallInfo fcinfo);
extern void ad_calls_query_run(AdCallsQuery *query, AdCallsRequest *request, AdRange range, text *user,
							   AdCallsReceiver receive, void *state);
extern Numeric ad_calls_minutes(AdCallsRequest *request, HeapTuple tuple, int column);
extern Numeric ad_calls_quotient(Numeric number, int64 divisor);
extern Numeric ad_calls_double(double sum);
extern bool ad_calls_are_certain(double low, double high, int64 calls);

#endif							/* AD_CALLS_QUERY_H */
