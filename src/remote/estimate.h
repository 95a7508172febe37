/*
 * estimate.h
 *	  How many documents a collection has, as its metadata say.
 */
#ifndef AD_ESTIMATE_H
#define AD_ESTIMATE_H

#include "base/option.h"

extern double ad_count_documents(Oid userid, Oid serverid, const AdTableOptions *options);
extern double ad_estimate_documents(Oid userid, Oid relid, Oid serverid,
									const AdTableOptions *options);

#endif							/* AD_ESTIMATE_H */
