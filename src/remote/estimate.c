/*
 * estimate.c
 *	  How many documents a collection has, as its metadata say.
 *
 * The command count without a query needs no look at the documents (MongoDB
 * manual, "count"), but for a view, and for a time series: these are read
 * through.  The planner asks often, so its answers are kept for a while.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "remote/cursor.h"
#include "remote/estimate.h"

#define AD_KEEP_COUNT_MS	60000

typedef struct AdCountKey
{
	Oid			relid;
	Oid			userid;
} AdCountKey;

typedef struct AdCountEntry
{
	AdCountKey	key;
	double		count;
	TimestampTz counted_at;		/* 0, which is long ago, if it never was */
} AdCountEntry;

/* of the backend */
static HTAB *counts = NULL;

/*
 * The number of documents, asked for now with the rights of that user.
 */
double
ad_count_documents(Oid userid, Oid serverid, const AdTableOptions *options)
{
	AdCommand	command = {0};

	command.kind = AD_COMMAND_COUNT;
	command.serverid = serverid;
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	command.database = options->database;
	command.collection = options->collection;
	return (double) ad_cursor_count(&command);
}

/*
 * The number of documents of a foreign table's collection, as it was within the
 * last minute.
 */
double
ad_estimate_documents(Oid userid, Oid relid, Oid serverid, const AdTableOptions *options)
{
	AdCountKey	key = {relid, userid};
	AdCountEntry *entry;
	bool		found;

	if (counts == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(AdCountKey), .entrysize = sizeof(AdCountEntry),
		.hcxt = TopMemoryContext};

		counts = hash_create("admin_dashboard counts", 64, &control,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(counts, &key, HASH_ENTER, &found);
	if (!found)
		entry->counted_at = 0;
	if (TimestampDifferenceExceeds(entry->counted_at, GetCurrentTimestamp(), AD_KEEP_COUNT_MS))
	{
		/* an error leaves the entry as it was */
		entry->count = ad_count_documents(userid, serverid, options);
		entry->counted_at = GetCurrentTimestamp();
	}
	return entry->count;
}
