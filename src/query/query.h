/*
 * query.h
 *	  The query that MongoDB runs for one scan.
 */
#ifndef AD_QUERY_H
#define AD_QUERY_H

#include "base/option.h"
#include "bson/sql_type.h"
#include "query/deviation.h"
#include "query/failure.h"
#include "query/template.h"
#include "remote/cursor.h"

/* one column of the scan's tuples */
typedef struct AdOutput
{
	int			position;		/* in the tuple, from 0 */
	const char *path;			/* where it is in the reply's documents */
	AdResult	kind;
	Oid			typid;			/* SQL type of the result */
	int32		typmod;
	const char *indicator;		/* path that is null if the result is; or NULL */
	const char *divisor;		/* path of the count that divides it; or NULL */
	const char *second;			/* path of another value that is needed; or
								 * NULL */
	AdDeviation deviation;		/* of a sum, a divisor and a sum of squares */
	float8		fraction;		/* of a percentile between two values; or 0 */
	int			of_nothing;		/* of AD_RESULT_COUNT: over no documents */
	/* of AD_RESULT_COLUMN: the field in the collection */
	const char *field;
	AdMismatch	on_mismatch;
	bool		joined;			/* of the collection that is joined */
} AdOutput;

/* a path of the reply that holds MaxKey if there is an error to be raised */
typedef struct AdGuard
{
	const char *path;
	AdFailureKind kind;
	/* of AD_FAILURE_MISMATCH */
	const char *field;
	Oid			typid;
	int32		typmod;
} AdGuard;

typedef struct AdQuery
{
	Oid			serverid;
	const char *database;
	const char *collection;
	int			fetch_size;
	bool		allow_disk_use;
	bool		aggregate;		/* else find */
	bool		single_row;		/* one row, even of no documents */
	Node	   *filter;			/* template of a predicate */
	Node	   *projection;		/* of a find: document, or NULL */
	List	   *stages;			/* of an aggregate, after $match */
	const char *joined_collection;	/* the other one of a join, or NULL */
	Node	   *joined_filter;	/* template of a predicate on it */
	Node	   *sort;			/* document of what follows these, or NULL */
	Node	   *skip;			/* int8, constant or slot; or NULL */
	Node	   *limit;			/* the same */
	Node	   *expected;		/* the same: rows that a limit above needs */
	bool		skips_later;	/* send what is to be skipped, too */
	List	   *last_stages;	/* of an aggregate, after $limit */
	List	   *outputs;		/* AdOutput */
	List	   *guards;			/* AdGuard */
} AdQuery;

extern AdQuery *ad_query_create(Oid serverid, const AdTableOptions *options,
								Node *filter);
extern void ad_query_project(AdQuery *query);
extern List *ad_query_to_list(const AdQuery *query);
extern AdQuery *ad_query_from_list(List *list);

/* execution */
extern bool ad_query_bind(const AdQuery *query, const AdSlot *slots,
						  AdCommand *command);
extern void ad_query_find_mismatch(const AdQuery *query, const AdSlot *slots,
								   const char *field, Oid typid, bool joined,
								   AdCommand *command);
extern AdQuery *ad_query_sample(Oid serverid, const AdTableOptions *options, int size);
extern AdCursor *ad_query_open(const AdQuery *query, Oid userid);
extern void ad_query_print(StringInfo out, const AdQuery *query);

#endif							/* AD_QUERY_H */
