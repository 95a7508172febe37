/*
 * oids.h
 *	  Arrays of OIDs.
 */
#ifndef AD_OIDS_H
#define AD_OIDS_H

#include "postgres_ext.h"

/* Returns whether the OID is one of the `count` in the array. */
static inline bool
ad_is_one_of(Oid oid, const Oid *oids, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (oids[i] == oid)
			return true;
	}
	return false;
}

#endif							/* AD_OIDS_H */
