/*
 * utf8.h
 *	  Text of the database in UTF-8, which MongoDB and its driver use.
 */
#ifndef AD_UTF8_H
#define AD_UTF8_H

#include "mb/pg_wchar.h"

/*
 * Converts a string from the database's encoding.  The result is the argument
 * itself if nothing changes, else palloc'd.
 */
static inline const char *
ad_to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

#endif							/* AD_UTF8_H */
