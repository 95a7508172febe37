/*
 * doubt.c
 *	  The tables whose queries are sent in their exact form only.
 *
 * A quick form that was in doubt costs a second query.  What caused the doubt
 * is probably still there, so the session then does without quick forms for
 * the table.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "execute/doubt.h"

static List *doubted = NIL;

/*
 * Notes that a reply about the table was in doubt.
 */
void
ad_doubt(Oid relid)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	doubted = list_append_unique_oid(doubted, relid);
	MemoryContextSwitchTo(old);
}

/*
 * Whether a reply about the table was in doubt in this session.
 */
bool
ad_is_doubted(Oid relid)
{
	return list_member_oid(doubted, relid);
}
