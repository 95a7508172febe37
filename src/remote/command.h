/*
 * command.h
 *	  Runs single commands on the primary of a MongoDB deployment.
 *
 * cursor.h is for queries of foreign tables.  This is for commands that need
 * the reply itself, such as those that read a change stream.
 */
#ifndef AD_COMMAND_H
#define AD_COMMAND_H

#include "lib/stringinfo.h"

#include "base/compat.h"
#include "remote/batch.h"

/* a connection to a primary, in use until its memory context is reset */
typedef struct AdRemote AdRemote;

/* what a collection is */
typedef struct AdCollectionState
{
	bool		exists;
	bool		plain;			/* neither a view nor a time series collection */
	bool		capped;
	uint8		uuid[16];		/* differs from that of any other; 0 if
								 * unknown */
} AdCollectionState;

/* what became of a command */
typedef enum AdOutcome
{
	AD_SUCCEEDED,
	AD_REFUSED,					/* the server replied with an error */
	AD_NOT_REACHED				/* no server replied, or one that cannot serve
								 * now */
} AdOutcome;

extern AdRemote *ad_remote_open(Oid serverid, Oid userid, const char *database, const char *collection,
								AdOutcome *outcome);
extern AdOutcome ad_remote_run(AdRemote *remote, const char *database, StringInfo command,
							   const uint8 **reply);
extern AdBatch *ad_remote_batch(AdRemote *remote);
extern uint64 ad_remote_time(const AdRemote *remote);
extern const AdCollectionState *ad_remote_collection(const AdRemote *remote);
extern uint32 ad_remote_code(const AdRemote *remote);
extern char *ad_remote_detail(const AdRemote *remote);
extern bool ad_remote_is_sharded(const AdRemote *remote);
extern void ad_remote_hold(AdRemote *remote, const char *database, const char *collection, int64 cursor);
pg_noreturn extern void ad_remote_report(AdRemote *remote, const char *collection);
extern void ad_remote_close(AdRemote *remote);

#endif							/* AD_COMMAND_H */
