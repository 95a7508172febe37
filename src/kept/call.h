/*
 * call.h
 *	  What a document of the collection counts as.
 */
#ifndef AD_CALL_H
#define AD_CALL_H

#include "nodes/pg_list.h"

#include "bson/bsonread.h"
#include "kept/source.h"

/* the most bytes of a key, see ad_call_key() */
#define AD_KEY_SIZE		40

/* years 1 to 9999; the last millisecond stands for all that is beyond */
#define AD_FIRST_INSTANT	INT64CONST(-63082281600000000)
#define AD_LAST_INSTANT	(INT64CONST(252455616000000000) - 1000)

/* the _id of a document, see ad_call_key() */
typedef struct AdCallKey
{
	uint8		size;			/* the rest of the bytes is zero */
	uint8		bytes[AD_KEY_SIZE];
} AdCallKey;

/* one call, or that there is none */
typedef struct AdKeptCall
{
	AdCallKey	key;
	bool		exists;			/* does the document exist, and have a date? */
	bool		unusual;		/* only the live query knows what to make of
								 * it */
	bool		has_minutes;
	TimestampTz created_at;
	double		minutes;
	text	   *email;			/* NULL for none */
} AdKeptCall;

/* reads documents as a table's columns do */
typedef struct AdCallReader AdCallReader;

extern AdCallReader *ad_call_reader(const AdKeptTable *table);
extern List *ad_call_fields(const AdKeptTable *table);
extern bool ad_call_key(AdReader document, AdCallKey *key);
extern void ad_call_read(AdCallReader *reader, const uint8 *document, AdKeptCall *call);
extern bool ad_is_usual_email(const char *email, int len);
extern bool ad_is_usual_range(TimestampTz start, TimestampTz end);

#endif							/* AD_CALL_H */
