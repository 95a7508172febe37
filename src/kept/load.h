/*
 * load.h
 *	  Read a collection and make its kept sums.
 */
#ifndef AD_LOAD_H
#define AD_LOAD_H

#include "kept/source.h"
#include "remote/command.h"

/* a load of a foreign table; the caller sets the first members */
typedef struct AdLoad
{
	const AdKeptTable *table;
	Oid			userid;			/* whose user mapping is used */
	const char *name;			/* of the foreign table */
	int32		part_size;		/* the most documents of a part */
	AdRemote   *remote;
	bytea	   *token;			/* of the change stream, after which the calls
								 * are read */
	uint8		uuid[16];		/* of the collection */
	int32		source;
	int64		documents;		/* that were read */
	bytea	   *last_id;		/* of a load in parts: the type and the bytes
								 * of the _id of the last of them; or NULL */
	TimestampTz noted_at;		/* time of the last notice */
} AdLoad;

extern int64 ad_load_at_once(AdLoad *load);
extern void ad_load_in_parts(AdLoad *load);

#endif							/* AD_LOAD_H */
