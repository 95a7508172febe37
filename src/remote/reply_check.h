/*
 * reply_check.h
 *	  What the fields of the server's replies may be.
 */
#ifndef AD_REPLY_CHECK_H
#define AD_REPLY_CHECK_H

/* different hosts of which the servers of one client may speak */
#define AD_MOST_HOSTS	500

/*
 * What is known of the servers of a client, and what was wrong with the last
 * message of one.
 */
typedef struct AdPeer
{
	bool		zlib;			/* the URI asks for this compressor */
	bool		scram;			/* logins are by SCRAM */
	int			nhosts;			/* that hellos have named so far */
	uint32		hosts[AD_MOST_HOSTS];	/* their hashes */
	char		flaw[160];		/* a sentence; "" if nothing was wrong */
} AdPeer;

/* say what is wrong with a message; always false */
extern bool ad_flaw(AdPeer *peer, const char *format,...) pg_attribute_printf(2, 3);
extern bool ad_reply_fits(AdPeer *peer, const char *command, const uint8 *document, uint32 size);

#endif							/* AD_REPLY_CHECK_H */
