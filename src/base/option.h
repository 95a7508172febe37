/*
 * option.h
 *	  Options of servers, user mappings, foreign tables and columns.
 *
 * The functions return what the options say, with defaults filled in.
 */
#ifndef AD_OPTION_H
#define AD_OPTION_H

#include "foreign/foreign.h"
#include "nodes/bitmapset.h"

/* what happens to a value that does not fit its column's type: a mismatch */
typedef enum AdMismatch
{
	AD_MISMATCH_ERROR,			/* raise an error that names the document */
	AD_MISMATCH_NULL			/* treat it as SQL NULL everywhere */
} AdMismatch;

/* which scans share a snapshot, that is, read the same state of MongoDB */
typedef enum AdSnapshot
{
	AD_SNAPSHOT_NONE,			/* each scan reads the current state */
	AD_SNAPSHOT_STATEMENT,		/* all scans of a statement */
	AD_SNAPSHOT_TRANSACTION		/* all scans of a transaction, if its
								 * isolation level gives it one snapshot; else
								 * as for STATEMENT */
} AdSnapshot;

/* how to connect: the options of a server and of a user mapping */
typedef struct AdConnectOptions
{
	const char *uri;			/* MongoDB connection string without
								 * credentials */
	const char *user;			/* the next four are NULL if not given */
	const char *password;
	const char *auth_source;
	const char *auth_mechanism;
	const char *read_preference;	/* NULL: the URI's, else the driver's
									 * default */
	const char *read_concern;	/* NULL: the URI's, else the driver's default */
	AdSnapshot	snapshot;
	int			connect_timeout_ms; /* 0: the URI's, else 5 s */
	int			server_selection_timeout_ms;	/* 0: the URI's, else 5 s */
} AdConnectOptions;

/*
 * The options of a foreign table, including those that it inherits from its
 * server.  A table's own option overrides its server's.
 */
typedef struct AdTableOptions
{
	const char *database;
	const char *collection;
	AdMismatch	on_mismatch;
	bool		verify;			/* see AdColumnOptions */
	int			fetch_size;		/* documents per batch; 0: about 1 MB */
	bool		allow_disk_use;
	bool		enable_filter_pushdown; /* the next four: true if the option
										 * and the setting both allow it */
	bool		enable_aggregate_pushdown;
	bool		enable_sort_pushdown;
	bool		enable_join_pushdown;
	bool		simple_collation;	/* compare strings as bytes, whatever the
									 * collation of the collection */
	bool		use_remote_estimate;	/* ask for counts while planning */
	const char *avoid;			/* names of constructs, separated by commas */
	Bitmapset  *avoided;		/* the constructs in avoid */
} AdTableOptions;

/* the options of a column, including those that it inherits from its table */
typedef struct AdColumnOptions
{
	const char *field;			/* field path, or "$" for the whole document;
								 * see field.c */
	AdMismatch	on_mismatch;
	bool		verify;			/* do queries test that the values fit the
								 * type? */
} AdColumnOptions;

/* how IMPORT FOREIGN SCHEMA treats nested documents */
typedef enum AdNested
{
	AD_NESTED_FLATTEN,			/* each of their fields becomes a column */
	AD_NESTED_JSONB				/* each nested document becomes one column */
} AdNested;

/* the options of IMPORT FOREIGN SCHEMA */
typedef struct AdImportOptions
{
	int			sample_size;	/* documents to sample */
	AdNested	nested;
	int			max_columns;	/* the most columns that a table gets */
	const char *document_column;	/* name of a column for the whole
									 * document; NULL: add one only if some
									 * field has no column */
} AdImportOptions;

/* the settings admin_dashboard.log_remote and admin_dashboard.remote_explain */
extern bool ad_log_remote;
extern bool ad_remote_explain;

extern void ad_option_init(void);
extern bool ad_is_own_server(ForeignServer *server);
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
