/*
 * domain.h
 *	  Check the constraints of domains.
 */
#ifndef AD_DOMAIN_H
#define AD_DOMAIN_H

#include "bson/sql_type.h"

extern bool ad_has_domain(Oid typid);
extern void ad_check_domain(AdTarget *target, Datum value, bool isnull);

#endif							/* AD_DOMAIN_H */
