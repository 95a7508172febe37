/*
 * shared_scan.c
 *	  Foreign scans that several processes share.
 *
 * INTERFACE ROUTINES
 *		ad_estimate_dsm_foreign_scan		size of the shared memory
 *		ad_initialize_dsm_foreign_scan		the leader divides the documents
 *		ad_reinitialize_dsm_foreign_scan	the same, for another execution
 *		ad_initialize_worker_foreign_scan	a worker joins
 *		ad_shutdown_foreign_scan			the shared memory will be gone
 *
 * The callbacks follow the PostgreSQL manual, "FDW Routines for Parallel
 * Execution".  The leader decides where slices end and writes it to the shared
 * memory, so that all processes divide alike.  Then each process takes the
 * next slice, until none is left.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "storage/spin.h"
#include "utils/timeout.h"

#include "base/compat.h"
#include "execute/doubt.h"
#include "execute/shared_scan.h"

/* in shared memory */
struct AdSharedScan
{
	TimestampTz deadline;		/* when the statement's timeout ends; 0 for
								 * none */
	int			count;			/* number of slices */
	bool		exact;			/* are quick forms not to be tried? */
	slock_t		mutex;			/* protects what follows, but for ends */
	int			next;			/* the slice that is taken next */
	AdCursorStats stats;		/* what workers have read */
	int64		nulled;
	int64		repeated;
	uint16		ends[FLEXIBLE_ARRAY_MEMBER];	/* indexes of upper bounds */
};

/*
 * Callback EstimateDSMForeignScan: returns the size of the shared memory.
 */
Size
ad_estimate_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt)
{
	AdScanState *state = node->fdw_state;

	return offsetof(AdSharedScan, ends) +
		list_length(state->query->slices->bounds) * sizeof(uint16);
}

/* divides the documents for a new execution */
static void
divide(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;
	AdSharedScan *shared = state->shared;
	MemoryContext old;

	ad_bind_slots(node);
	old = MemoryContextSwitchTo(state->command_cxt);
	shared->count = ad_query_divide(state->query, state->slots, shared->ends);
	MemoryContextSwitchTo(old);
	shared->next = 0;
	shared->exact = ad_is_doubted(state->relid);
	shared->deadline = get_timeout_active(STATEMENT_TIMEOUT) ?
		get_timeout_finish_time(STATEMENT_TIMEOUT) : 0;
	state->slice_count = shared->count;
}

/*
 * Callback InitializeDSMForeignScan: the leader begins.
 */
void
ad_initialize_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt, void *coordinate)
{
	AdScanState *state = node->fdw_state;
	AdSharedScan *shared = coordinate;

	memset(shared, 0, offsetof(AdSharedScan, ends));
	SpinLockInit(&shared->mutex);
	state->shared = shared;
	divide(node);
}

/*
 * Callback ReInitializeDSMForeignScan: the leader begins again, when all
 * workers have ended.
 */
void
ad_reinitialize_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt, void *coordinate)
{
	divide(node);
}

/*
 * Callback InitializeWorkerForeignScan: a worker begins.
 */
void
ad_initialize_worker_foreign_scan(ForeignScanState *node, shm_toc *toc, void *coordinate)
{
	AdScanState *state = node->fdw_state;

	state->shared = coordinate;
	state->quick &= !state->shared->exact;
}

/*
 * Callback ShutdownForeignScan: the leader takes over what workers have
 * counted.  The shared memory may be gone afterwards, so the scan gets a
 * struct without slices instead.
 */
void
ad_shutdown_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;
	AdSharedScan *shared = state->shared;

	if (shared == NULL || IsParallelWorker())
		return;
	SpinLockAcquire(&shared->mutex);
	ad_cursor_add_stats(&state->total, &shared->stats);
	state->nulled += shared->nulled;
	state->repeated += shared->repeated;
	SpinLockRelease(&shared->mutex);
	if (state->repeated > 0)
		ad_doubt(state->relid);
	state->query->slice = NULL;
	state->shared = MemoryContextAllocZero(state->statement_cxt, sizeof(AdSharedScan));
	SpinLockInit(&state->shared->mutex);
}

/*
 * Takes the next slice.  Returns false if there is none.
 */
bool
ad_shared_scan_take(AdScanState *state)
{
	AdSharedScan *shared = state->shared;
	int			taken;

	SpinLockAcquire(&shared->mutex);
	taken = shared->next;
	if (taken < shared->count)
		shared->next++;
	SpinLockRelease(&shared->mutex);
	state->query->slice = NULL;
	if (taken >= shared->count)
		return false;
	state->slice.lower = taken == 0 ? -1 : shared->ends[taken - 1];
	state->slice.upper = taken == shared->count - 1 ? -1 : shared->ends[taken];
	state->query->slice = &state->slice;
	return true;
}

/*
 * Returns when the statement's timeout ends, for a worker, which has no
 * timeout of its own; else 0.
 */
TimestampTz
ad_shared_scan_deadline(const AdScanState *state)
{
	return state->shared == NULL ? 0 : state->shared->deadline;
}

/*
 * Adds what a worker has counted to the shared statistics.
 */
void
ad_shared_scan_report(AdScanState *state)
{
	AdSharedScan *shared = state->shared;

	if (shared == NULL || !IsParallelWorker())
		return;
	SpinLockAcquire(&shared->mutex);
	ad_cursor_add_stats(&shared->stats, &state->total);
	shared->nulled += state->nulled;
	shared->repeated += state->repeated;
	SpinLockRelease(&shared->mutex);
}

/*
 * For EXPLAIN: show how many slices there are, and of which field's values.
 */
void
ad_explain_slices(const AdScanState *state, ExplainState *es)
{
	const AdSlices *slices = state->query->slices;

	if (slices != NULL)
		ExplainPropertyText("MongoDB Slices",
							psprintf("%d by %s", state->slice_count > 0 ? state->slice_count : slices->count,
									 slices->path), es);
}
