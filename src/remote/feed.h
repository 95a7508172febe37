/*
 * feed.h
 *	  Reads a collection, or the changes to it, in batches.
 *
 * The calls for a feed are
 *
 *		outcome = ad_feed_find(...) or ad_feed_watch(...);
 *		do
 *			while ((document = ad_feed_next(feed)) != NULL) ...
 *		while (!feed->reached && (outcome = ad_feed_more(feed)) == AD_SUCCEEDED);
 */
#ifndef AD_FEED_H
#define AD_FEED_H

#include "nodes/pg_list.h"

#include "bson/bsonread.h"
#include "remote/command.h"

typedef struct AdFeed
{
	AdRemote   *remote;
	const char *database;		/* names in UTF-8 */
	const char *collection;
	bool		watches;		/* it reads changes */
	int			max_time_ms;	/* for the first command; 0 for no limit */
	int64		cursor;
	bool		reached;		/* the batch is the last: of the collection,
								 * or of the changes up to ad_remote_time() */
	/* for changes: the token of the batch, a document; valid like the batch */
	const uint8 *token;
	uint32		token_size;
} AdFeed;

/* where to start to watch: after a token, or at a time if the token is NULL */
typedef struct AdFeedStart
{
	const uint8 *token;
	uint32		token_size;
	uint64		time;
} AdFeedStart;

/* a part of a collection, in the order of its documents' _id */
typedef struct AdFeedPart
{
	AdElement	after;			/* only documents with an _id after this one;
								 * its value is NULL for all */
	int32		limit;			/* the most documents */
} AdFeedPart;

extern AdFeed *ad_feed_create(AdRemote *remote, const char *database, const char *collection);
extern AdOutcome ad_feed_find(AdFeed *feed, List *names, const AdFeedPart *part);
extern AdOutcome ad_feed_watch(AdFeed *feed, const AdFeedStart *start, List *names);
extern const uint8 *ad_feed_next(AdFeed *feed);
extern AdOutcome ad_feed_more(AdFeed *feed);

#endif							/* AD_FEED_H */
