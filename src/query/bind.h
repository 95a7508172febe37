/*
 * bind.h
 *	  Values that PostgreSQL computed as constants of aggregation expressions.
 */
#ifndef AD_BIND_H
#define AD_BIND_H

#include "query/node.h"

extern Node *ad_bind_operand(Oid typid, Datum value, bool isnull,
							 AdRounding rounding, int factor);
extern Node *ad_numeric_const(const char *digits);
extern const char *ad_bind_zone(const char *name);

#endif							/* AD_BIND_H */
