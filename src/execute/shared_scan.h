/*
 * shared_scan.h
 *	  Foreign scans that several processes share.
 */
#ifndef AD_SHARED_SCAN_H
#define AD_SHARED_SCAN_H

#include "access/parallel.h"

#include "execute/scan_state.h"

struct ExplainState;

extern Size ad_estimate_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt);
extern void ad_initialize_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt,
										   void *coordinate);
extern void ad_reinitialize_dsm_foreign_scan(ForeignScanState *node, ParallelContext *pcxt,
											 void *coordinate);
extern void ad_initialize_worker_foreign_scan(ForeignScanState *node, shm_toc *toc,
											  void *coordinate);
extern void ad_shutdown_foreign_scan(ForeignScanState *node);

extern bool ad_shared_scan_take(AdScanState *state);
extern TimestampTz ad_shared_scan_deadline(const AdScanState *state);
extern void ad_shared_scan_report(AdScanState *state);
extern void ad_explain_slices(const AdScanState *state, struct ExplainState *es);

#endif							/* AD_SHARED_SCAN_H */
