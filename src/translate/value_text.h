/*
 * value_text.h
 *	  Translation of functions on text.
 */
#ifndef AD_VALUE_TEXT_H
#define AD_VALUE_TEXT_H

#include "translate/value.h"

extern bool ad_text_function(AdValueContext *context, Oid function, const char *kind, List *args,
							 AdValue *value);

#endif							/* AD_VALUE_TEXT_H */
