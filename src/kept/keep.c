/*
 * keep.c
 *	  SQL functions for operators: keep sums of a foreign table, forget them,
 *	  bring them up to date, list them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "kept/keep.h"
#include "kept/load.h"
#include "kept/refresh.h"
#include "kept/source.h"

PG_FUNCTION_INFO_V1(admin_dashboard_keep);
PG_FUNCTION_INFO_V1(admin_dashboard_load);
PG_FUNCTION_INFO_V1(admin_dashboard_forget);
PG_FUNCTION_INFO_V1(admin_dashboard_refresh);
PG_FUNCTION_INFO_V1(admin_dashboard_kept);

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

/*
 * Raise an error if the relation cannot be one whose sums are kept, or if the
 * caller may not read it.
 */
void
ad_kept_check_relation(Oid relid)
{
	const char *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (!ad_kept_may_read(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, name);
	if (!ad_is_kept_candidate(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table of admin_dashboard_fdw", name)));
}

/*
 * Find the source of a relation.  Raises an error if its sums are not kept.
 */
void
ad_kept_source(Oid relid, AdSource *source)
{
	if (!ad_source_find(relid, source))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sums of foreign table \"%s\" are not kept", get_rel_name(relid)),
				 errhint("Use admin_dashboard_keep() first.")));
}

/* raise an error if this transaction cannot store what others will see */
static void
check_transaction(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandDuringRecovery(function);
	PreventCommandIfParallelMode(function);
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run in a transaction with isolation level %s", function,
						XactIsoLevel == XACT_SERIALIZABLE ? "serializable" : "repeatable read"),
				 errhint("Use read committed, which is the default.")));
}

/* the role that the second argument names, or the caller */
static Oid
get_role(FunctionCallInfo fcinfo)
{
	Oid			role = PG_ARGISNULL(1) ? GetUserId() : PG_GETARG_OID(1);

	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use the user mapping of role \"%s\"",
						GetUserNameFromId(role, false))));
	return role;
}

/*
 * Fill in what the arguments, relation and role, tell about a load.
 */
static void
begin_load(FunctionCallInfo fcinfo, const char *function, AdLoad *load)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	ad_kept_check_relation(PG_GETARG_OID(0));
	check_transaction(function);
	load->userid = get_role(fcinfo);
	load->table = ad_kept_table(PG_GETARG_OID(0));
	load->name = get_rel_name(load->table->relid);
	if (load->table->flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sums of foreign table \"%s\" cannot be kept", load->name),
				 errdetail_internal("%s", load->table->flaw)));
}

/*
 * admin_dashboard_keep(relation regclass, role regrole DEFAULT NULL) RETURNS
 * bigint
 *
 * Keeps sums of the calls in a foreign table, and returns their number.  What
 * was kept of it before is made anew.  MongoDB is read with the user mapping
 * of the role, by default the caller.  The dashboard uses the sums only for
 * roles with the same mapping.
 *
 * Errors: 42809 if the relation is not a foreign table of this extension,
 * 42501 if the caller may not read it, or MongoDB's user its change stream;
 * 0A000 if the table or the server does not allow it.
 */
Datum
admin_dashboard_keep(PG_FUNCTION_ARGS)
{
	AdLoad		load = {0};

	begin_load(fcinfo, "admin_dashboard_keep()", &load);
	PG_RETURN_INT64(ad_load_at_once(&load));
}

/*
 * admin_dashboard_load(relation regclass, role regrole DEFAULT NULL,
 * part_size integer DEFAULT 100000), a procedure
 *
 * Does the same, but commits after every part_size documents.  If something
 * ends it, another call goes on after the last of them.
 *
 * Errors: those of admin_dashboard_keep(), 25001 in a transaction block, and
 * 22023 if part_size is less than 1.
 */
Datum
admin_dashboard_load(PG_FUNCTION_ARGS)
{
	AdLoad		load = {0};
	const		CallContext *context = (const CallContext *) fcinfo->context;

	if (context == NULL || !IsA(context, CallContext) || context->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("admin_dashboard_load() cannot run inside a transaction block"),
				 errhint("It commits several times. Use admin_dashboard_keep() to load in one transaction.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	begin_load(fcinfo, "admin_dashboard_load()", &load);
	load.part_size = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	if (load.part_size < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part_size must be at least 1")));
	ad_load_in_parts(&load);
	SPI_finish();
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------------
 * The other functions
 * ------------------------------------------------------------------------ */

/*
 * admin_dashboard_forget(relation regclass) RETURNS boolean
 *
 * Deletes what is kept of a foreign table, and of tables that were dropped.
 * Returns whether anything was kept of the table.
 */
Datum
admin_dashboard_forget(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {OIDOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	AdKeptScope scope;
	bool		isnull;
	bool		found = false;

	check_transaction("admin_dashboard_forget()");
	if (ad_kept_enter(&scope))
	{
		ad_kept_lock_loads();
		ad_source_lock_patiently(PG_GETARG_OID(0));
		(void) ad_kept_run("SELECT admin_dashboard.kept_delete($1, false)", 1, types, values, NULL);
		found = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		ad_kept_leave(&scope);
	}
	PG_RETURN_BOOL(found);
}

/*
 * admin_dashboard_refresh(relation regclass) RETURNS bigint
 *
 * Brings the sums of a foreign table up to date.  Returns the number of
 * documents that have changed.  Raises an error if nothing is kept of the
 * table, if the caller has another user mapping, or if the changes cannot be
 * read.
 */
Datum
admin_dashboard_refresh(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	AdRefreshLimits limits = {.may_write = true, .lock_ms = 60000};
	AdRefreshReport report;
	AdRefreshed result;
	AdSource	source;
	AdKeptTable *table;
	const char *name;
	const char *misfit;

	ad_kept_check_relation(relid);
	check_transaction("admin_dashboard_refresh()");
	name = get_rel_name(relid);
	ad_kept_source(relid, &source);
	table = ad_kept_table(relid);
	/* of one that is recorded as lost, a refresh only warns */
	misfit = source.lost == NULL ? ad_source_misfit(&source, table) : NULL;
	if (misfit != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("kept sums of foreign table \"%s\" cannot be used", name),
				 errdetail_internal("%s", misfit),
				 errhint("Keep them anew by admin_dashboard_keep().")));
	if (strcmp(ad_kept_mapping(table->serverid, GetUserId()), source.mapping) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("sums of foreign table \"%s\" are kept with another user mapping", name)));
	result = ad_refresh(&source, table, GetUserId(), &limits, &report);
	if (result != AD_REFRESHED)
		ereport(result == AD_SOURCE_LOST ? WARNING : ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not bring the kept sums of foreign table \"%s\" up to date", name),
				 errdetail_internal("%s", report.why),
				 result == AD_SOURCE_LOST ?
				 errhint("The dashboard reads MongoDB instead. Keep them anew by admin_dashboard_keep().") : 0));
	PG_RETURN_INT64(report.changes);
}

/*
 * Returns the row of kept_list() for a relation, with the reason why its sums
 * are no longer used, if nothing has recorded that.
 */
static HeapTuple
with_reason(HeapTuple tuple, TupleDesc desc, Oid relid)
{
	int			column = 6;		/* lost */
	AdSource	source;
	const char *reason;
	Datum		value;
	bool		isnull = false;

	if (!ad_is_kept_candidate(relid) || !ad_source_find(relid, &source))
		return tuple;
	reason = ad_source_misfit(&source, ad_kept_table(relid));
	if (reason == NULL)
		return tuple;
	value = CStringGetTextDatum(reason);
	return heap_modify_tuple_by_cols(tuple, desc, 1, &column, &value, &isnull);
}

/*
 * admin_dashboard_kept(OUT relation regclass, OUT calls bigint, OUT users
 * bigint, OUT kept_at timestamptz, OUT refreshed_at timestamptz, OUT lost
 * text) RETURNS SETOF record
 *
 * Lists the foreign tables whose sums are kept, of those that the caller may
 * read.  The owner of the extension sees those that were dropped, too.
 */
Datum
admin_dashboard_kept(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			caller = GetUserId();
	AdKeptScope scope;
	SPITupleTable *rows;
	uint64		count;

	InitMaterializedSRF(fcinfo, 0);
	if (!ad_kept_enter(&scope))
		return (Datum) 0;
	count = ad_kept_run("SELECT * FROM admin_dashboard.kept_list()", 0, NULL, NULL, NULL);
	rows = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = rows->vals[i];
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(tuple, rows->tupdesc, 1, &isnull));

		/* we are the owner of the tables now */
		if (get_rel_name(relid) == NULL)
		{
			if (has_privs_of_role(caller, GetUserId()))
				tuplestore_puttuple(result->setResult, tuple);
		}
		else if (ad_kept_may_read(relid, caller))
			tuplestore_puttuple(result->setResult, with_reason(tuple, rows->tupdesc, relid));
	}
	ad_kept_leave(&scope);
	return (Datum) 0;
}
