/*
 * cursor.h
 *	  Runs one command on MongoDB and reads the documents of its replies.
 *
 * The rest of the extension reaches MongoDB only by these functions.  They
 * report every error of the driver or the server by ereport, and no caller
 * sees a bson_error_t.  A cursor belongs to the memory context that is
 * current when it is opened.  Resetting or deleting that context closes the
 * cursor.
 */
#ifndef AD_CURSOR_H
#define AD_CURSOR_H

#include "datatype/timestamp.h"

typedef struct AdCursor AdCursor;

typedef enum AdCommandKind
{
	AD_COMMAND_FIND,
	AD_COMMAND_AGGREGATE,
	AD_COMMAND_COUNT,			/* the number of documents by the collection's
								 * metadata */
	AD_COMMAND_LIST				/* the collections of the database */
} AdCommandKind;

/* one command; ad_cursor_open() reads the BSON, and nobody does so later */
typedef struct AdCommand
{
	AdCommandKind kind;
	Oid			serverid;
	Oid			userid;			/* whose user mapping is used */
	MemoryContext statement;	/* memory context of the SQL statement, which
								 * is the scope of a snapshot */
	TimestampTz deadline;		/* of a worker: when the leader's
								 * statement_timeout ends; 0 for none */
	const char *database;
	const char *collection;		/* NULL for AD_COMMAND_LIST, and for an
								 * aggregate whose pipeline reads none */
	const uint8 *body;			/* find, list: the filter; aggregate:
								 * {pipeline: [..]} */
	int64		limit;			/* greatest number of documents, 0 for all;
								 * the pipeline of an aggregate has a $limit,
								 * too */
	/* for a find; NULL or 0 for none */
	const uint8 *projection;
	const uint8 *sort;
	int64		skip;
	int			fetch_size;		/* documents in a batch; 0: about 1 MB */
	int64		expected;		/* number of documents that will probably be
								 * read; 0: all */
	bool		grouped;		/* an aggregate that returns groups */
	bool		allow_disk_use;
	bool		simple_collation;	/* for a find or an aggregate: compare
									 * strings as bytes, whatever the
									 * collation of the collection */
	bool		explain;		/* for a find or an aggregate: read the reply
								 * of explain, with statistics of an
								 * execution, as the only document */
} AdCommand;

/* statistics that EXPLAIN ANALYZE shows */
typedef struct AdCursorStats
{
	int64		documents;
	int64		batches;		/* number of replies */
	int64		bytes;			/* size of the documents read, as BSON */
	double		wait_ms;		/* time spent waiting for MongoDB */
} AdCursorStats;

extern AdCursor *ad_cursor_open(const AdCommand *command);
extern const uint8 *ad_cursor_next(AdCursor *cursor);
extern void ad_cursor_close(AdCursor *cursor);
extern const AdCursorStats *ad_cursor_stats(AdCursor *cursor);
extern void ad_cursor_add_stats(AdCursorStats *sum, const AdCursorStats *stats);
extern int64 ad_cursor_count(const AdCommand *command);

#endif							/* AD_CURSOR_H */
