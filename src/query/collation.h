/*
 * collation.h
 *	  Collections and views that have a collation of their own.
 */
#ifndef AD_COLLATION_H
#define AD_COLLATION_H

#include "base/option.h"

typedef enum AdCollationKind
{
	AD_COLLATION_SIMPLE,		/* strings are compared as bytes */
	AD_COLLATION_OWN,			/* of a collection; a query can name another */
	AD_COLLATION_OF_VIEW		/* of a view, for which a query cannot */
} AdCollationKind;

extern AdCollationKind ad_described_collation(const uint8 *description);
extern void ad_warn_of_collation(const char *relname, Oid serverid, Oid userid,
								 const AdTableOptions *options);

#endif							/* AD_COLLATION_H */
