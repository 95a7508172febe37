/*
 * cursor.h
 *	  Runs one command on MongoDB and reads the documents of its replies.
 *
 * The rest of the extension reaches MongoDB only by these functions.  They
 * report every error of the driver or the server by ereport, and no caller
 * sees a bson_error_t.  A cursor belongs to the memory context that is
 * current when it is opened.  Resetting or deleting that context closes the
 * cursor.
 *
 * A caller that can wait for several servers at a time begins a cursor:
 *
 *		cursor = ad_cursor_begin(&command);
 *		if (ad_cursor_must_wait(cursor))
 *			... wait until ad_cursor_socket(cursor) can be read ...
 *		document = ad_cursor_next(cursor);
 */
#ifndef AD_CURSOR_H
#define AD_CURSOR_H

#include "remote/request.h"

typedef struct AdCursor AdCursor;

/* statistics that EXPLAIN ANALYZE shows */
typedef struct AdCursorStats
{
	int64		documents;
	int64		batches;		/* number of replies */
	int64		bytes;			/* size of the documents read, as BSON */
	double		wait_ms;		/* time spent waiting for MongoDB */
} AdCursorStats;

extern AdCursor *ad_cursor_open(const AdCommand *command);
extern AdCursor *ad_cursor_begin(const AdCommand *command);
extern bool ad_cursor_can_begin(Oid serverid, Oid userid);
extern bool ad_cursor_must_wait(AdCursor *cursor);
extern pgsocket ad_cursor_socket(AdCursor *cursor);
extern const uint8 *ad_cursor_next(AdCursor *cursor);
extern void ad_cursor_close(AdCursor *cursor);
extern const AdCursorStats *ad_cursor_stats(AdCursor *cursor);
extern void ad_cursor_add_stats(AdCursorStats *sum, const AdCursorStats *stats);
extern int64 ad_cursor_count(const AdCommand *command);

#endif							/* AD_CURSOR_H */
