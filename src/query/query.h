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
#include "query/slice.h"
#include "query/template.h"
#include "remote/cursor.h"

/* the sums that aggregates of pairs have beside those of one number */
#define AD_PAIR_SUMS	3

/* one column of the scan's tuples */
typedef struct AdOutput
{
	int			position;		/* in the tuple, from 0 */
	const char *path;			/* path of the value in a reply document */
	AdResult	kind;
	Oid			typid;			/* SQL type of the result */
	int32		typmod;
	const char *indicator;		/* path of a value that is null if the result
								 * is null; or NULL */
	bool		counted;		/* is that value a count, which is 0 if the
								 * result is null? */
	const char *divisor;		/* path of a count, by which a sum is divided
								 * for an average; or NULL */
	const char *second;			/* path of a second value that the result
								 * needs: the sum of squares of a deviation,
								 * the upper value of a percentile, or the
								 * rest after the days of intervals; or of the
								 * number that is the only one of the group,
								 * if that is not null; or, for a count, of
								 * what may be a mismatch, so that it is 0; or
								 * NULL */
	Oid			final;			/* for a result that is made from a transition
								 * state: the function; or InvalidOid */
	const char *of_pairs[AD_PAIR_SUMS]; /* for the state of aggregates of
										 * pairs: paths of the sums of the
										 * other numbers, of their squares and
										 * of the products; else NULL */
	AdDeviation deviation;		/* result for a sum with divisor and second */
	float8		fraction;		/* for a percentile between two values; or 0 */
	Oid			state_of;		/* for the transition state of sum() or avg(),
								 * which has both, or of a deviation: the type
								 * of the argument; for a count with a second
								 * value: that value's type */
	bool		of_double;		/* is the only number of a group a double,
								 * which is cast to numeric? */
	int			of_nothing;		/* for AD_RESULT_COUNT: the value if the input
								 * is empty */
	Node	   *then;			/* SQL expression that makes the result of the
								 * value, a CaseTestExpr in it; or NULL */
	/* for AD_RESULT_COLUMN */
	const char *field;			/* path of the field in the collection */
	AdMismatch	on_mismatch;
	bool		joined;			/* the field is in the joined collection */
} AdOutput;

/*
 * A test in the reply of an aggregate.  If the path holds MaxKey, the
 * executor raises an error.
 */
typedef struct AdGuard
{
	const char *path;
	AdFailureKind kind;
	/* for AD_FAILURE_MISMATCH: the field, and the type it does not fit */
	const char *field;
	Oid			typid;
	int32		typmod;
	/* for a guard of doubles that has a quick form, see group_quick.c */
	const char *sum;			/* path of their sum; or NULL */
	const char *count;			/* path of the number of values */
	bool		doubtful;		/* in the quick form, is MaxKey no error but a
								 * doubt? */
} AdGuard;

/* what the quick form counts a doubtful value as, see group_quick.c */
#define AD_DOUBTFUL	(INT64CONST(1) << 40)

/* the field of the reply with the number of rows, see AdQuery.counted */
#define AD_COUNTED "n"

typedef struct AdQuery
{
	Oid			serverid;
	const char *database;
	const char *collection;
	int			fetch_size;		/* documents in a batch; 0: about 1 MB */
	bool		allow_disk_use;
	bool		simple_collation;	/* compare strings as bytes, whatever the
									 * collation of the collection */
	bool		aggregate;		/* an aggregate, not a find */
	bool		single_row;		/* returns one row, even if the input is empty */
	Node	   *filter;			/* template of a predicate */
	Node	   *keys;			/* template of a predicate: a column is one of
								 * the keys of a join; or NULL */
	int			key_slot;		/* the slot with these keys; if it is null,
								 * the predicate falls away */
	int			key_param;		/* the executor's parameter for the node that
								 * has them */
	Node	   *projection;		/* for a find: a document, or NULL */
	List	   *stages;			/* for an aggregate: templates of the stages
								 * between $match and $sort */
	const char *joined_collection;	/* the inner collection of a join, or NULL */
	Node	   *joined_filter;	/* template of a predicate on the inner
								 * collection */
	Node	   *sort;			/* the document of $sort, or NULL */
	Node	   *skip;			/* OFFSET: int8 constant or slot; or NULL */
	Node	   *limit;			/* LIMIT: likewise */
	Node	   *expected;		/* likewise: the rows that a LIMIT above the
								 * scan needs */
	bool		skips_later;	/* PostgreSQL skips the rows of OFFSET, so
								 * MongoDB sends them, too */
	List	   *last_stages;	/* for an aggregate: the stages after $limit */
	bool		counted;		/* the reply is the number of rows, none of
								 * which has a column, in AD_COUNTED */
	List	   *outputs;		/* AdOutput */
	List	   *guards;			/* AdGuard */
	Oid			relid;			/* of a grouping of groups: the table, which
								 * its scan does not name; else InvalidOid */
	Oid			userid;			/* and the user whose mapping is taken;
								 * InvalidOid for the current one */
	AdSlices   *slices;			/* of a parallel scan, or NULL */
	const AdSlice *slice;		/* the slice that is read; NULL for all
								 * documents.  It is not stored in plans. */
	bool		exact;			/* bind the exact form of all choices; not
								 * stored in the plan */
} AdQuery;

/*
 * Documents that queries read in place of those of a collection, see
 * ad_query_set_source().
 */
typedef struct AdConstantSource
{
	const char *database;		/* of the collection that is replaced */
	const char *collection;
	Node	   *documents;		/* an array */
	const char *carrier;		/* a collection of the database that has a
								 * document, for servers without the stage
								 * $documents; or NULL */
} AdConstantSource;

extern AdQuery *ad_query_create(Oid serverid, const AdTableOptions *options,
								Node *filter);
extern void ad_query_project(AdQuery *query);
extern void ad_query_count(AdQuery *query);
extern List *ad_query_to_list(const AdQuery *query);
extern AdQuery *ad_query_from_list(List *list);

/* execution */
extern bool ad_query_bind(const AdQuery *query, const AdSlot *slots,
						  AdCommand *command);
extern int	ad_query_divide(const AdQuery *query, const AdSlot *slots, uint16 *ends);
extern void ad_query_find_mismatch(const AdQuery *query, const AdSlot *slots,
								   const char *field, Oid typid, bool joined,
								   AdCommand *command);
extern AdQuery *ad_query_sample(Oid serverid, const AdTableOptions *options, int size);
extern AdCursor *ad_query_open(const AdQuery *query, Oid userid);
extern AdCursor *ad_query_collections(Oid serverid, const char *database, const char *name,
									  Oid userid);
extern void ad_query_set_source(const AdConstantSource *source);
extern bool ad_query_has_source(void);
extern void ad_query_print(StringInfo out, const AdQuery *query);

#endif							/* AD_QUERY_H */
