/*
 * dashboard.h
 *	  The dashboard, for keep_check.c.
 */
#ifndef AD_DASHBOARD_H
#define AD_DASHBOARD_H

#include "utils/jsonb.h"

#include "calls_query.h"

/* where the figures come from */
typedef enum AdDashboardFrom
{
	AD_FROM_EITHER,				/* kept sums if they answer, else the table */
	AD_FROM_KEPT,
	AD_FROM_TABLE
} AdDashboardFrom;

extern Jsonb *ad_dashboard(AdRange range, text *user, AdDashboardFrom from, int64 *calls);

#endif							/* AD_DASHBOARD_H */
