/*
 * value_time.h
 *	  Translation of functions on instants and on the local time of a zone.
 */
#ifndef AD_VALUE_TIME_H
#define AD_VALUE_TIME_H

#include "translate/value.h"

extern bool ad_instant_function(AdValueContext *context, Oid function, List *args,
								AdValue *value);
extern const char *ad_lower_constant(Node *node);
extern void ad_instant_add_days(AdValue *value);
extern bool ad_instant_is_near(Node *filter, const char *field);
extern bool ad_instant_of_days(const char *unit);
extern double ad_instant_unit_seconds(const char *unit);
extern Node *ad_instant_key(AdExprContext *context, const AdValue *value);

#endif							/* AD_VALUE_TIME_H */
