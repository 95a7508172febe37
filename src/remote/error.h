/*
 * error.h
 *	  The one way from a driver's error to PostgreSQL's.
 */
#ifndef AD_ERROR_H
#define AD_ERROR_H

#include "base/compat.h"
#include "base/driver.h"

/* what an error has to do with the connection */
typedef enum AdErrorKind
{
	AD_ERROR_OF_QUERY,			/* the server refused, the connection is good */
	AD_ERROR_OF_LOGIN,			/* its words could name the user: not shown */
	AD_ERROR_OF_SERVER,			/* this member no longer serves reads */
	AD_ERROR_OF_NETWORK
} AdErrorKind;

/* where an error comes from, for its message */
typedef struct AdErrorSource
{
	const char *server;			/* name of the foreign server */
	const char *collection;		/* database.collection, or NULL */
	bool		connected;		/* had the connection worked before? */
	int			system_errno;	/* why I/O failed, 0 if it is not known */
	const char *reasons;		/* why hosts could not be connected to; NULL
								 * or "" if they could */
	const char *flaw;			/* what was wrong with the last message; NULL
								 * or "" if nothing was */
} AdErrorSource;

/* what the driver says */
extern const char *ad_error_words(const bson_error_t *error);
extern AdErrorKind ad_error_kind(const bson_error_t *error);
pg_noreturn extern void ad_error_report(const bson_error_t *error,
										const bson_t *reply,
										const AdErrorSource *source);

#endif							/* AD_ERROR_H */
