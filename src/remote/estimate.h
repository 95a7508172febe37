/*
 * estimate.h
 *	  The number of documents in a collection, by its metadata.
 */
#ifndef AD_ESTIMATE_H
#define AD_ESTIMATE_H

#include "base/option.h"

extern double ad_count_documents(Oid userid, Oid serverid, const AdTableOptions *options);
extern double ad_estimate_documents(Oid userid, Oid relid, Oid serverid,
									const AdTableOptions *options);

#endif							/* AD_ESTIMATE_H */
