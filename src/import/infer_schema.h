/*
 * infer_schema.h
 *	  Learn about a collection's fields from its validator.
 */
#ifndef AD_INFER_SCHEMA_H
#define AD_INFER_SCHEMA_H

#include "import/infer.h"

extern void ad_infer_schema(AdInference *inference, AdReader schema, bool strict);

#endif							/* AD_INFER_SCHEMA_H */
