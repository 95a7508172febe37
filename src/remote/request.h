/*
 * request.h
 *	  What a cursor asks of MongoDB.
 */
#ifndef AD_REQUEST_H
#define AD_REQUEST_H

#include "datatype/timestamp.h"

typedef enum AdCommandKind
{
	AD_COMMAND_FIND,
	AD_COMMAND_AGGREGATE,
	AD_COMMAND_COUNT,			/* the number of documents by the collection's
								 * metadata */
	AD_COMMAND_LIST				/* the collections of the database */
} AdCommandKind;

/* one command; see ad_cursor_open() on how long the BSON must live */
typedef struct AdCommand
{
	AdCommandKind kind;
	Oid			serverid;
	Oid			userid;			/* whose user mapping is used */
	MemoryContext statement;	/* memory context of the SQL statement, which
								 * is the scope of a snapshot */
	TimestampTz deadline;		/* of a worker: when the leader's
								 * statement_timeout ends; 0 for none */
	const char *database;
	const char *collection;		/* NULL for AD_COMMAND_LIST, and for an
								 * aggregate whose pipeline reads none */
	const uint8 *body;			/* find, list: the filter; aggregate:
								 * {pipeline: [..]} */
	int64		limit;			/* greatest number of documents, 0 for all;
								 * the pipeline of an aggregate has a $limit,
								 * too */
	/* for a find; NULL or 0 for none */
	const uint8 *projection;
	const uint8 *sort;
	int64		skip;
	int			fetch_size;		/* documents in a batch; 0: about 1 MB */
	int64		expected;		/* number of documents that will probably be
								 * read; 0: all */
	bool		grouped;		/* an aggregate that returns groups */
	bool		allow_disk_use;
	bool		simple_collation;	/* for a find or an aggregate: compare
									 * strings as bytes, whatever the
									 * collation of the collection */
	bool		explain;		/* for a find or an aggregate: read the reply
								 * of explain, with statistics of an
								 * execution, as the only document */
} AdCommand;

#endif							/* AD_REQUEST_H */
