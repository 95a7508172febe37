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

/* one find or aggregate; the BSON is only read during ad_cursor_open */
typedef struct AdCommand
{
	Oid			serverid;
	Oid			userid;			/* whose user mapping is used */
	MemoryContext statement;	/* of the statement that asks */
	const char *database;
	const char *collection;
	bool		aggregate;		/* aggregate, else find */
	const uint8 *body;			/* find: the filter; aggregate: {pipeline: [..]} */
	/* find only; NULL and 0 for none */
	const uint8 *projection;
	const uint8 *sort;
	int64		skip;
	int64		limit;
	int			fetch_size;		/* documents a batch; 0: about 1 MB */
	int64		expected;		/* documents that are likely to be read; 0: all */
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

#endif							/* AD_CURSOR_H */
