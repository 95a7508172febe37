/*
 * batch.h
 *	  Calls that are collected, and then stored together.
 */
#ifndef AD_BATCH_H
#define AD_BATCH_H

#include "kept/call.h"

/* when a batch has so many calls it should be stored */
#define AD_BATCH_CALLS	10000

typedef struct AdCallBatch AdCallBatch;

extern AdCallBatch *ad_batch_create(const AdKeptTable *table);
extern void ad_batch_add(AdCallBatch *batch, const AdCallKey *key, const uint8 *document);
extern int	ad_batch_count(const AdCallBatch *batch);
extern void ad_batch_store(AdCallBatch *batch, int32 source, const char *function);

#endif							/* AD_BATCH_H */
