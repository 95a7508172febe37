/*
 * option.h
 *	  Options of servers, user mappings, foreign tables and columns.
 *
 * Each option is one row of the table in option.c; the validator, its hint
 * and the readers below are loops over that table.
 */
#ifndef AD_OPTION_H
#define AD_OPTION_H

#include "foreign/foreign.h"

/* what to do with a value that does not fit its column's type */
typedef enum AdMismatch
{
	AD_MISMATCH_ERROR,			/* raise an error that names the document */
	AD_MISMATCH_NULL			/* treat it as SQL NULL everywhere */
} AdMismatch;

/* which scans see one state of MongoDB */
typedef enum AdSnapshot
{
	AD_SNAPSHOT_NONE,
	AD_SNAPSHOT_STATEMENT,		/* those of a statement */
	AD_SNAPSHOT_TRANSACTION		/* those of a transaction that has one
								 * snapshot, else the same */
} AdSnapshot;

/* how a connection is made: server and user mapping options together */
typedef struct AdConnectOptions
{
	const char *uri;			/* MongoDB connection string, no credentials */
	const char *user;			/* the mapping's options, NULL if absent */
	const char *password;
	const char *auth_source;
	const char *auth_mechanism;
	const char *read_preference;	/* NULL: the URI's, else the driver's */
	const char *read_concern;	/* NULL: the URI's, else the driver's */
	AdSnapshot	snapshot;
	int			connect_timeout_ms; /* 0: the URI's, else the driver's 10 s */
	int			server_selection_timeout_ms;	/* 0: the URI's, else 5 s */
} AdConnectOptions;

/* what a foreign table says of itself, the nearest level having won */
typedef struct AdTableOptions
{
	const char *database;
	const char *collection;
	AdMismatch	on_mismatch;
	int			fetch_size;		/* documents a batch; 0: about 1 MB */
	bool		allow_disk_use;
	bool		enable_filter_pushdown; /* option AND setting */
	bool		enable_aggregate_pushdown;
	bool		enable_sort_pushdown;
	bool		enable_join_pushdown;
	bool		use_remote_estimate;	/* ask for counts while planning */
} AdTableOptions;

typedef struct AdColumnOptions
{
	const char *field;			/* dotted path, or "$" for the document */
	AdMismatch	on_mismatch;
} AdColumnOptions;

/* what becomes of documents in documents */
typedef enum AdNested
{
	AD_NESTED_FLATTEN,			/* a column for each of their fields */
	AD_NESTED_JSONB				/* one column */
} AdNested;

typedef struct AdImportOptions
{
	int			sample_size;	/* documents to look at */
	AdNested	nested;
	int			max_columns;	/* of a table */
	const char *document_column;	/* of the whole document; NULL: only where
									 * some field has no column */
} AdImportOptions;

extern bool ad_log_remote;

extern void ad_option_init(void);
extern bool ad_is_read_concern(const char *name);
extern AdConnectOptions *ad_connect_options(ForeignServer *server,
											UserMapping *mapping);
extern AdTableOptions *ad_table_options(Oid relid);
extern AdTableOptions *ad_collection_options(ForeignServer *server, const char *database,
											 const char *collection);
extern AdImportOptions *ad_import_options(List *given);
extern void ad_column_options(Oid relid, AttrNumber attnum,
							  const AdTableOptions *table,
							  AdColumnOptions *column);

#endif							/* AD_OPTION_H */
