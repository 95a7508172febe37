/*
 * admin_dashboard.c
 *	  The module's entry points: initialization, and the handler function of
 *	  the foreign data wrapper.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/option.h"
#include "calls_table.h"
#include "execute/analyze.h"
#include "execute/async_scan.h"
#include "execute/key_scan.h"
#include "execute/merge_scan.h"
#include "execute/scan.h"
#include "execute/shared_scan.h"
#include "import/import.h"
#include "kept/answer.h"
#include "plan/append_limit.h"
#include "plan/async.h"
#include "plan/group_append.h"
#include "plan/group_plan.h"
#include "plan/join.h"
#include "plan/group_subquery.h"
#include "plan/join_group.h"
#include "plan/parallel.h"
#include "plan/scan_path.h"
#include "plan/scan_plan.h"
#include "remote/connection.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(admin_dashboard_fdw_handler);
PG_FUNCTION_INFO_V1(admin_dashboard_version);

extern void _PG_init(void);

/*
 * Called once, when PostgreSQL loads the module: define the settings.
 */
void
_PG_init(void)
{
	ad_option_init();
	ad_append_limit_init();
	ad_calls_table_init();
	ad_group_append_init();
	ad_group_subquery_init();
	ad_join_group_init();
	ad_kept_init();
	ad_key_scan_init();
	ad_merge_scan_init();
	MarkGUCPrefixReserved("admin_dashboard");
}

/*
 * admin_dashboard_fdw_handler() RETURNS fdw_handler
 *
 * Returns the callbacks of the foreign data wrapper (PostgreSQL manual,
 * "Foreign Data Wrapper Callback Routines").  There are none that change
 * data, because foreign tables are read-only.
 */
Datum
admin_dashboard_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = ad_get_foreign_rel_size;
	routine->GetForeignPaths = ad_get_foreign_paths;
	routine->GetForeignPlan = ad_get_foreign_plan;
	routine->GetForeignJoinPaths = ad_get_foreign_join_paths;
	routine->GetForeignUpperPaths = ad_get_foreign_upper_paths;
	routine->BeginForeignScan = ad_begin_foreign_scan;
	routine->IterateForeignScan = ad_iterate_foreign_scan;
	routine->ReScanForeignScan = ad_rescan_foreign_scan;
	routine->EndForeignScan = ad_end_foreign_scan;
	routine->ExplainForeignScan = ad_explain_foreign_scan;
	routine->IsForeignScanParallelSafe = ad_is_foreign_scan_parallel_safe;
	routine->IsForeignPathAsyncCapable = ad_is_foreign_path_async_capable;
	routine->ForeignAsyncRequest = ad_foreign_async_request;
	routine->ForeignAsyncConfigureWait = ad_foreign_async_configure_wait;
	routine->ForeignAsyncNotify = ad_foreign_async_notify;
	routine->EstimateDSMForeignScan = ad_estimate_dsm_foreign_scan;
	routine->InitializeDSMForeignScan = ad_initialize_dsm_foreign_scan;
	routine->ReInitializeDSMForeignScan = ad_reinitialize_dsm_foreign_scan;
	routine->InitializeWorkerForeignScan = ad_initialize_worker_foreign_scan;
	routine->ShutdownForeignScan = ad_shutdown_foreign_scan;
	routine->AnalyzeForeignTable = ad_analyze_foreign_table;
	routine->ImportForeignSchema = ad_import_foreign_schema;
	PG_RETURN_POINTER(routine);
}

/*
 * admin_dashboard_version() RETURNS text
 *
 * Returns the versions of the extension, of PostgreSQL, and of the MongoDB
 * driver that is loaded.
 */
Datum
admin_dashboard_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("admin_dashboard %s, PostgreSQL %s, libmongoc %s",
											  AD_VERSION,
											  GetConfigOption("server_version", false, false),
											  mongoc_get_version())));
}
