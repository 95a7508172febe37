/*
 * refresh.h
 *	  Bring kept sums up to date with the changes in MongoDB.
 */
#ifndef AD_REFRESH_H
#define AD_REFRESH_H

#include "kept/collected.h"

typedef enum AdRefreshed
{
	AD_REFRESHED,				/* all changes are in the sums */
	AD_PENDING,					/* the caller has to add some changes */
	AD_NOT_REFRESHED,			/* not all, for now */
	AD_SOURCE_LOST				/* the sums can never be true again */
} AdRefreshed;

/* how far to go */
typedef struct AdRefreshLimits
{
	bool		may_write;
	bool		may_pend;		/* is AD_PENDING a result for the caller? */
	int			lock_ms;		/* how long to try to lock the source */
	int			work_ms;		/* how long to work; 0 for no limit */
} AdRefreshLimits;

/* what a refresh did; palloc'd */
typedef struct AdRefreshReport
{
	int64		changes;		/* documents that were stored */
	const char *why;			/* a sentence, unless AD_REFRESHED */
	/* if AD_PENDING: the changes since the source's token */
	Datum		pending[AD_N_CALL_ARRAYS];
} AdRefreshReport;

extern AdRefreshed ad_refresh(AdSource *source, const AdKeptTable *table, Oid userid,
							  const AdRefreshLimits *limits, AdRefreshReport *report);
extern AdRefreshed ad_refresh_first(AdSource *source, const AdKeptTable *table, Oid userid,
									AdRefreshReport *report);

#endif							/* AD_REFRESH_H */
