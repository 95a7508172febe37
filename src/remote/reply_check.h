/*
 * reply_check.h
 *	  Checks the fields of a server's reply.
 */
#ifndef AD_REPLY_CHECK_H
#define AD_REPLY_CHECK_H

#include "remote/batch.h"

/*
 * Greatest number of different hosts that the servers of one client may name.
 */
#define AD_MOST_HOSTS	500

/* a reply that a cursor takes later, see message_check.c */
typedef enum AdPromise
{
	AD_PROMISE_NONE,
	AD_PROMISE_SENT,			/* the request has been sent */
	AD_PROMISE_HELD,			/* the reply is in memory, since another
								 * command had to be sent */
	AD_PROMISE_LOST				/* the connection was closed before */
} AdPromise;

/*
 * What the checks know about the servers of one client, and what they found
 * in the last message.
 */
typedef struct AdPeer
{
	bool		zlib;			/* the URI asks for this compressor */
	bool		scram;			/* logins use SCRAM */
	int			nhosts;			/* number of hosts that hello replies have
								 * named so far */
	uint32		hosts[AD_MOST_HOSTS];	/* the hashes of their names */
	char		flaw[160];		/* a sentence; "" if nothing was wrong */
	bool		welcomed;		/* has a hello succeeded since the driver was
								 * entered? */
	char		refusal[200];	/* why the last hello failed, in the server's
								 * words; "" if it did not */
	AdBatch		batch;			/* the documents of the last message */
	bool		defer;			/* shall the reply to the driver's next
								 * command be promised? */
	AdPromise	promise;
	pgsocket	promise_socket; /* from which the reply will come */
} AdPeer;

extern bool ad_flaw(AdPeer *peer, const char *format,...) pg_attribute_printf(2, 3);
extern bool ad_reply_is_batch(const char *command);
extern bool ad_reply_fits(AdPeer *peer, const char *command, const uint8 *document, uint32 size);

#endif							/* AD_REPLY_CHECK_H */
