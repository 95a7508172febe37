/*
 * scan_error.h
 *	  Errors of a foreign scan about the values that it reads.
 */
#ifndef AD_SCAN_ERROR_H
#define AD_SCAN_ERROR_H

#include "base/compat.h"
#include "execute/scan_state.h"

extern void ad_enter_place(AdScanState *state, const uint8 *document, const AdScanColumn *column);
extern void ad_leave_place(AdScanState *state);
pg_noreturn extern void ad_report_column(AdScanState *state, const AdScanColumn *column);
pg_noreturn extern void ad_report_counted(AdScanState *state, const AdOutput *output);
pg_noreturn extern void ad_report_guard(AdScanState *state, const AdGuard *guard);
pg_noreturn extern void ad_report_result(AdScanState *state, const AdOutput *output, bson_type_t found);

#endif							/* AD_SCAN_ERROR_H */
