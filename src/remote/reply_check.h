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
} AdPeer;

extern bool ad_flaw(AdPeer *peer, const char *format,...) pg_attribute_printf(2, 3);
extern bool ad_reply_is_batch(const char *command);
extern bool ad_reply_fits(AdPeer *peer, const char *command, const uint8 *document, uint32 size);

#endif							/* AD_REPLY_CHECK_H */
