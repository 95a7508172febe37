/*
 * cursor.h
 *	  Run one command on MongoDB and read the documents of its reply.
 *
 * The only way the rest of the extension reaches MongoDB.  Every error of the
 * driver or the server becomes an ereport here; no caller sees a
 * bson_error_t.  A cursor belongs to the memory context that is current when
 * it is opened: resetting or deleting that context closes it.
 */
#ifndef AD_CURSOR_H
#define AD_CURSOR_H

typedef struct AdCursor AdCursor;

typedef enum AdCommandKind
{
	AD_COMMAND_FIND,
	AD_COMMAND_AGGREGATE,
	AD_COMMAND_COUNT,			/* what the collection's metadata say */
	AD_COMMAND_LIST				/* the database's collections */
} AdCommandKind;

/* one command; the BSON is only read during ad_cursor_open */
typedef struct AdCommand
{
	AdCommandKind kind;
	Oid			serverid;
	Oid			userid;			/* whose user mapping is used */
	MemoryContext statement;	/* of the statement that asks */
	const char *database;
	const char *collection;		/* NULL if it is of the database */
	const uint8 *body;			/* find, list: the filter; aggregate:
								 * {pipeline: [..]} */
	int64		limit;			/* documents at most, 0 for all; that of an
								 * aggregate is in its pipeline, too */
	/* find only; NULL and 0 for none */
	const uint8 *projection;
	const uint8 *sort;
	int64		skip;
	int			fetch_size;		/* documents a batch; 0: about 1 MB */
	int64		expected;		/* documents that are likely to be read; 0:
								 * all */
	bool		allow_disk_use;
} AdCommand;

/* what EXPLAIN ANALYZE shows */
typedef struct AdCursorStats
{
	int64		documents;
	int64		batches;		/* replies received */
	int64		bytes;			/* BSON bytes of the documents read */
	double		wait_ms;		/* time spent waiting for MongoDB */
} AdCursorStats;

extern AdCursor *ad_cursor_open(const AdCommand *command);

/*
 * The next document, or NULL at the end.  The bytes are a whole BSON document
 * (its length is its first four bytes) and stay valid until the next call on
 * this cursor.
 */
extern const uint8 *ad_cursor_next(AdCursor *cursor);
extern void ad_cursor_close(AdCursor *cursor);
extern const AdCursorStats *ad_cursor_stats(AdCursor *cursor);
extern int64 ad_cursor_count(const AdCommand *command);

#endif							/* AD_CURSOR_H */
