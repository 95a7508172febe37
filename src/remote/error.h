/*
 * error.h
 *	  Reports errors of the driver as errors of PostgreSQL.
 */
#ifndef AD_ERROR_H
#define AD_ERROR_H

#include "base/compat.h"
#include "base/driver.h"

/* the kind of an error tells whether the connection can still be used */
typedef enum AdErrorKind
{
	AD_ERROR_OF_QUERY,			/* the query failed, the connection works */
	AD_ERROR_OF_LOGIN,			/* the login failed; the driver's message is
								 * not shown, because it may name the user */
	AD_ERROR_OF_VERSION,		/* the driver takes no server of that version,
								 * and asks the client's servers no more */
	AD_ERROR_OF_SERVER,			/* this member no longer serves reads */
	AD_ERROR_OF_NETWORK			/* the connection was lost or never made */
} AdErrorKind;

/* the source of an error, for its message */
typedef struct AdErrorSource
{
	const char *server;			/* name of the foreign server */
	const char *collection;		/* database.collection, or NULL */
	bool		connected;		/* the connection has worked before */
	int			system_errno;	/* why I/O failed, 0 if not known */
	const char *reasons;		/* why connections to hosts failed; NULL or ""
								 * if none did */
	const char *missed_set;		/* replica set of the URI that no host is a
								 * member of, or NULL */
	const char *members;		/* members that answered, and what they are,
								 * if none of them is suitable; or NULL */
	const char *refusal;		/* why a member refused to serve, in its
								 * words; NULL or "" if none did */
	const char *flaw;			/* what was wrong with the last message, a
								 * sentence; NULL or "" if nothing was */
} AdErrorSource;

extern const char *ad_error_words(const bson_error_t *error);
extern AdErrorKind ad_error_kind(const bson_error_t *error);
extern char *ad_error_detail(const bson_error_t *error, const bson_t *reply);
pg_noreturn extern void ad_error_report(const bson_error_t *error,
										const bson_t *reply,
										const AdErrorSource *source);

#endif							/* AD_ERROR_H */
