/*
 * refresh.c
 *	  Bring kept sums up to date with the changes in MongoDB.
 *
 * The changes after the source's token are read up to the time at which the
 * refresh began.  The last states of a batch's documents, the sums and the
 * token of the batch are stored in one transaction, so that each change counts
 * once, whatever ends the refresh.  The state of a document may be newer than
 * the event that told of it, since MongoDB looks it up later.  That does no
 * harm: a later event only brings the same state again.
 *
 * The row of the source is locked while changes are stored.  Reading them
 * first needs no lock: if another session has stored changes in the meantime,
 * the token is no longer the same, and we start again.
 *
 * A transaction that cannot store the changes, or not now, can be given those
 * of one batch, to add them to its own answer.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "kept/collected.h"
#include "kept/refresh.h"
#include "remote/feed.h"

/* a token without changes after it is stored after so many milliseconds */
#define TOKEN_AGE_MS	10000

/* how long the token of a change stream may stay the same before its end */
#define PATIENCE_MS		10000

/* the server's codes for a token whose changes it no longer has */
static const uint32 lost_codes[] = {
	286,						/* ChangeStreamHistoryLost */
	280,						/* ChangeStreamFatalError */
	260,						/* InvalidResumeToken */
	136,						/* CappedPositionLost */
};

typedef struct AdRefresh
{
	AdSource   *source;
	const AdKeptTable *table;
	Oid			userid;
	const AdRefreshLimits *limits;
	AdRefreshReport *report;
	TimestampTz begun;
	AdRemote   *remote;
	AdFeed	   *feed;
	AdCallBatch *batch;
	bool		locked;
	long		progress_ms;	/* when the stream came forward last */
	/* the token up to which the batch has all changes */
	uint8	   *token;			/* palloc'd, NULL before the first */
	uint32		token_size;
	MemoryContext context;
	MemoryContext caller;
} AdRefresh;

/* end with a result whose reason is a sentence */
static AdRefreshed
because(AdRefresh *refresh, AdRefreshed result, const char *why)
{
	refresh->report->why = MemoryContextStrdup(refresh->caller, why);
	return result;
}

/* the result for a command that did not succeed */
static AdRefreshed
failed(AdRefresh *refresh, AdOutcome outcome)
{
	uint32		code = ad_remote_code(refresh->remote);

	for (int i = 0; outcome == AD_REFUSED && i < lengthof(lost_codes); i++)
	{
		if (code == lost_codes[i])
			return because(refresh, AD_SOURCE_LOST,
						   psprintf("MongoDB no longer has the changes since the last refresh, at %s.",
									timestamptz_to_str(refresh->source->refreshed_at)));
	}
	return because(refresh, AD_NOT_REFRESHED, ad_remote_detail(refresh->remote));
}

/* milliseconds since the refresh began */
static long
elapsed_ms(const AdRefresh *refresh)
{
	return TimestampDifferenceMilliseconds(refresh->begun, GetCurrentTimestamp());
}

/*
 * Take in an event.  Returns NULL, or a sentence about why no change after it
 * can be known.
 */
static const char *
take_event(AdRefresh *refresh, const uint8 *event)
{
	AdReader	reader;
	AdReader	document_key;
	AdElement	operation;
	AdElement	document;
	AdCallKey	key;
	const char *name;

	ad_reader_init(&reader, event, ad_read_int32(event));
	if (!ad_reader_find(reader, "operationType", &operation))
		return "MongoDB sent an event without a type.";
	name = ad_element_string(&operation);
	if (strcmp(name, "insert") != 0 && strcmp(name, "update") != 0 && strcmp(name, "replace") != 0 &&
		strcmp(name, "delete") != 0)
	{
		if (strcmp(name, "drop") == 0 || strcmp(name, "dropDatabase") == 0)
			return "The collection was dropped.";
		if (strcmp(name, "rename") == 0)
			return "The collection was renamed.";
		return "MongoDB sent an event that is no change of a document.";
	}
	if (!ad_reader_find_inner(reader, "documentKey", BSON_TYPE_DOCUMENT, &document_key) ||
		!ad_call_key(document_key, &key))
		return "MongoDB sent an event without the key of its document.";
	if (strcmp(name, "delete") == 0 || !ad_reader_find(reader, "fullDocument", &document) ||
		document.type != BSON_TYPE_DOCUMENT)
		ad_collected_add(refresh->batch, &key, NULL);
	else
		ad_collected_add(refresh->batch, &key, document.value);
	return NULL;
}

/*
 * Take in the token of what was read.  Between changes of other collections
 * only the token comes forward.
 */
static void
take_token(AdRefresh *refresh)
{
	const AdFeed *feed = refresh->feed;

	if (refresh->token != NULL)
	{
		if (refresh->token_size == feed->token_size && memcmp(refresh->token, feed->token, feed->token_size) == 0)
			return;
		pfree(refresh->token);
	}
	refresh->token = palloc(feed->token_size);
	refresh->token_size = feed->token_size;
	memcpy(refresh->token, feed->token, feed->token_size);
	refresh->progress_ms = elapsed_ms(refresh);
}

/*
 * Take in what was read.  Returns NULL, or a sentence as take_event() does.
 */
static const char *
take_events(AdRefresh *refresh)
{
	const char *why = NULL;
	const uint8 *event;

	while (why == NULL && (event = ad_feed_next(refresh->feed)) != NULL)
		why = take_event(refresh, event);
	if (why != NULL)
		return why;
	if (refresh->feed->token == NULL)
		return "MongoDB sent changes without a token.";
	take_token(refresh);
	return NULL;
}

/* store the batch, and the token after it */
static void
store(AdRefresh *refresh)
{
	refresh->report->changes += ad_collected_count(refresh->batch);
	if (ad_collected_count(refresh->batch) > 0)
		ad_collected_store(refresh->batch, refresh->source->id, "kept_apply");
	ad_source_set_token(refresh->source, refresh->token, refresh->token_size);
}

/*
 * Lock the source.  *moved tells whether another session has brought it
 * forward.
 */
static AdRefreshed
lock(AdRefresh *refresh, int patience_ms, bool *moved)
{
	AdSource   *source = refresh->source;
	bytea	   *token = source->token;

	*moved = false;
	if (refresh->locked)
		return AD_REFRESHED;
	if (!ad_source_lock(source, patience_ms))
		return because(refresh, AD_NOT_REFRESHED,
					   ad_source_exists(source) ? "Another session is adding the changes." :
					   "The sums were kept anew or forgotten meanwhile.");
	refresh->locked = true;
	if (source->lost != NULL)
		return because(refresh, AD_SOURCE_LOST, source->lost);
	*moved = VARSIZE_ANY_EXHDR(token) != VARSIZE_ANY_EXHDR(source->token) ||
		memcmp(VARDATA_ANY(token), VARDATA_ANY(source->token), VARSIZE_ANY_EXHDR(token)) != 0;
	return AD_REFRESHED;
}

/*
 * The batch has changes.  Lock the source and store them, if that is allowed.
 */
static AdRefreshed
lock_and_store(AdRefresh *refresh, int patience_ms, bool *moved)
{
	AdRefreshed result;

	*moved = false;
	if (!refresh->limits->may_write)
		return because(refresh, AD_NOT_REFRESHED, "There are changes, and this transaction cannot store them.");
	result = lock(refresh, patience_ms, moved);
	if (result == AD_REFRESHED && !*moved)
		store(refresh);
	return result;
}

/* all changes were read: store what is left, or give it to the caller */
static AdRefreshed
finish_changes(AdRefresh *refresh, bool *moved)
{
	bool		may_pend = refresh->limits->may_pend;
	AdRefreshed result = lock_and_store(refresh, may_pend ? 0 : refresh->limits->lock_ms, moved);

	if (result != AD_NOT_REFRESHED || !may_pend)
		return result;
	MemoryContextSwitchTo(refresh->caller);
	ad_collected_arrays(refresh->batch, refresh->report->pending);
	MemoryContextSwitchTo(refresh->context);
	return AD_PENDING;
}

/*
 * There are no changes.  Store the token all the same, so that it does not
 * become too old, unless that must wait.
 */
static void
finish_unchanged(AdRefresh *refresh)
{
	bool		moved;

	if (refresh->limits->may_write &&
		TimestampDifferenceMilliseconds(refresh->source->refreshed_at, GetCurrentTimestamp()) >= TOKEN_AGE_MS &&
		lock(refresh, 0, &moved) == AD_REFRESHED && !moved)
		store(refresh);
}

/*
 * Is it time to give up, although the changes go on?  Returns the reason, a
 * sentence, or NULL.
 */
static const char *
give_up(const AdRefresh *refresh)
{
	if (refresh->limits->work_ms > 0 && elapsed_ms(refresh) > refresh->limits->work_ms)
		return "There are too many changes to add them before an answer.";
	if (elapsed_ms(refresh) - refresh->progress_ms > PATIENCE_MS)
		return "The change stream is behind the server.";
	return NULL;
}

/*
 * Read and store the changes after a start.  If another session has brought
 * the source forward meanwhile, *moved becomes true.
 */
static AdRefreshed
read_changes(AdRefresh *refresh, const AdFeedStart *start, bool *moved)
{
	AdOutcome	outcome;

	*moved = false;
	refresh->feed = ad_feed_create(refresh->remote, refresh->table->options->database,
								   refresh->table->options->collection);
	/* without a limit MongoDB may look through its oplog as long as it must */
	refresh->feed->max_time_ms = refresh->limits->work_ms;
	outcome = ad_feed_watch(refresh->feed, start, ad_call_fields(refresh->table));
	for (;;)
	{
		const char *why;
		AdRefreshed result;

		CHECK_FOR_INTERRUPTS();
		if (outcome != AD_SUCCEEDED)
			return failed(refresh, outcome);
		why = take_events(refresh);
		if (why != NULL)
			return because(refresh, AD_SOURCE_LOST, why);
		if (refresh->feed->reached)
		{
			if (ad_collected_count(refresh->batch) > 0 || refresh->locked)
				return finish_changes(refresh, moved);
			finish_unchanged(refresh);
			return AD_REFRESHED;
		}
		if (refresh->feed->cursor == 0)
			return because(refresh, AD_NOT_REFRESHED, "MongoDB has closed the change stream.");
		if (ad_collected_enough(refresh->batch))
		{
			result = lock_and_store(refresh, refresh->limits->lock_ms, moved);
			if (result != AD_REFRESHED || *moved)
				return result;
		}
		why = give_up(refresh);
		if (why != NULL)
		{
			/* the next refresh begins where this one has come to */
			(void) lock_and_store(refresh, ad_collected_count(refresh->batch) > 0 ? refresh->limits->lock_ms : 0, moved);
			*moved = false;
			return because(refresh, AD_NOT_REFRESHED, why);
		}
		outcome = ad_feed_more(refresh->feed);
	}
}

/*
 * Has the server become one whose changes say nothing about the source?
 * Returns the reason, a sentence, or NULL.
 */
static const char *
find_other_collection(const AdRefresh *refresh)
{
	const AdCollectionState *state = ad_remote_collection(refresh->remote);

	if (ad_remote_is_sharded(refresh->remote))
		return "The MongoDB server is a sharded cluster now.";
	if (!state->exists)
		return "The collection was dropped or renamed.";
	if (!state->plain || state->capped ||
		memcmp(state->uuid, refresh->source->uuid, sizeof(state->uuid)) != 0)
		return "The collection is not the one that was read, but has its name.";
	return NULL;
}

/*
 * Connect, and read the changes until the source is not brought forward by
 * others.
 */
static AdRefreshed
run(AdRefresh *refresh)
{
	for (;;)
	{
		AdFeedStart start = {(const uint8 *) VARDATA_ANY(refresh->source->token),
		VARSIZE_ANY_EXHDR(refresh->source->token)};
		AdRefreshed result;
		AdOutcome	outcome;
		const char *why;
		bool		moved;

		refresh->remote = ad_remote_open(refresh->table->serverid, refresh->userid, refresh->table->options->database,
										 refresh->table->options->collection, &outcome);
		if (outcome != AD_SUCCEEDED)
			return failed(refresh, outcome);
		why = find_other_collection(refresh);
		if (why != NULL)
			return because(refresh, AD_SOURCE_LOST, why);
		refresh->batch = ad_collected_create(refresh->table);
		refresh->token = NULL;
		result = read_changes(refresh, &start, &moved);
		ad_remote_close(refresh->remote);
		if (result != AD_REFRESHED || !moved)
			return result;
	}
}

/*
 * Mark the source as lost, so that the next session need not ask MongoDB.
 */
static void
note_lost(AdRefresh *refresh)
{
	if (refresh->limits->may_write && refresh->source->lost == NULL &&
		(refresh->locked || ad_source_lock(refresh->source, 0)) && refresh->source->lost == NULL)
		ad_source_set_lost(refresh->source, refresh->report->why);
}

/*
 * Set up and run a refresh in a memory context of its own.  If `first` is
 * true, the caller has locked the source, and does without it if it is lost.
 */
static AdRefreshed
refresh_source(AdSource *source, const AdKeptTable *table, Oid userid,
			   const AdRefreshLimits *limits, bool first, AdRefreshReport *report)
{
	AdRefresh	refresh = {source, table, userid, limits, report};
	AdRefreshed result;

	refresh.begun = GetCurrentTimestamp();
	refresh.caller = CurrentMemoryContext;
	refresh.context = AllocSetContextCreate(CurrentMemoryContext, "admin_dashboard refresh",
											ALLOCSET_DEFAULT_SIZES);
	refresh.locked = first;
	MemoryContextSwitchTo(refresh.context);
	report->changes = 0;
	report->why = NULL;
	result = run(&refresh);
	if (result == AD_SOURCE_LOST && !first)
		note_lost(&refresh);
	MemoryContextSwitchTo(refresh.caller);
	MemoryContextDelete(refresh.context);
	return result;
}

/*
 * Bring a source up to date, reading MongoDB with the user's mapping.  The
 * members of *source may be read again, in a memory context that is gone
 * when this function returns.
 */
AdRefreshed
ad_refresh(AdSource *source, const AdKeptTable *table, Oid userid,
		   const AdRefreshLimits *limits, AdRefreshReport *report)
{
	AdSource	copy = *source;

	if (source->lost != NULL)
	{
		report->changes = 0;
		report->why = source->lost;
		return AD_SOURCE_LOST;
	}
	return refresh_source(&copy, table, userid, limits, false, report);
}

/*
 * The same for a source that was loaded, and is locked.  It does not become
 * one that is lost.
 */
AdRefreshed
ad_refresh_first(AdSource *source, const AdKeptTable *table, Oid userid, AdRefreshReport *report)
{
	AdRefreshLimits limits = {.may_write = true};

	return refresh_source(source, table, userid, &limits, true, report);
}
