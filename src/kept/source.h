/*
 * source.h
 *	  The foreign tables whose sums are kept.
 */
#ifndef AD_SOURCE_H
#define AD_SOURCE_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"

#include "base/option.h"

/* the columns of the dashboard */
typedef enum AdKeptColumn
{
	AD_KEPT_EMAIL,
	AD_KEPT_CREATED_AT,
	AD_KEPT_MINUTES,
	AD_N_KEPT_COLUMNS
} AdKeptColumn;

typedef struct AdKeptField
{
	Oid			typid;
	int32		typmod;
	AdColumnOptions options;
} AdKeptField;

/* a foreign table as it is defined now */
typedef struct AdKeptTable
{
	Oid			relid;
	Oid			serverid;
	AdTableOptions *options;
	AdKeptField fields[AD_N_KEPT_COLUMNS];
	const char *definition;		/* text of all that decides what a document
								 * counts as */
	const char *flaw;			/* why it cannot be kept, a sentence; or NULL */
} AdKeptTable;

/* a row of kept_source */
typedef struct AdSource
{
	int32		id;
	Oid			relid;
	const char *mapping;		/* see ad_kept_mapping() */
	const char *definition;
	uint8		uuid[16];		/* of the collection, see AdCollectionState */
	bytea	   *token;
	TimestampTz refreshed_at;
	const char *lost;			/* why the sums are no longer true, a
								 * sentence; or NULL */
} AdSource;

/* what changes while our own tables are used */
typedef struct AdKeptScope
{
	Oid			userid;
	int			security;
} AdKeptScope;

extern bool ad_kept_enter(AdKeptScope *scope);
extern void ad_kept_leave(const AdKeptScope *scope);
extern uint64 ad_kept_run(const char *query, int nargs, const Oid *types, const Datum *values,
						  const char *nulls);
extern uint64 ad_kept_run_plan(SPIPlanPtr *plan, const char *query, int nargs, Oid *types, Datum *values,
							   const char *nulls);
extern bool ad_kept_may_write(void);
extern bytea *ad_kept_bytea(const uint8 *bytes, uint32 size);

extern bool ad_is_kept_candidate(Oid relid);
extern bool ad_kept_may_read(Oid relid, Oid role);
extern AdKeptTable *ad_kept_table(Oid relid);
extern const char *ad_kept_mapping(Oid serverid, Oid userid);
extern bool ad_source_find(Oid relid, AdSource *source);
extern const char *ad_source_misfit(const AdSource *source, const AdKeptTable *table);
extern bool ad_source_exists(const AdSource *source);
extern bool ad_source_lock(AdSource *source, int patience_ms);
extern void ad_kept_lock_loads(void);
extern void ad_source_lock_patiently(Oid relid);
extern void ad_source_set_token(const AdSource *source, const uint8 *token, uint32 size);
extern void ad_source_set_lost(const AdSource *source, const char *why);

#endif							/* AD_SOURCE_H */
