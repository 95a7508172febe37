/*
 * collected.h
 *	  Calls that are collected, and then stored together.
 */
#ifndef AD_COLLECTED_H
#define AD_COLLECTED_H

#include "kept/call.h"

/* when a batch has so many calls it should be stored */
#define AD_COLLECTED_CALLS	10000

typedef struct AdCallBatch AdCallBatch;

extern AdCallBatch *ad_collected_create(const AdKeptTable *table);
extern void ad_collected_add(AdCallBatch *batch, const AdCallKey *key, const uint8 *document);
extern int	ad_collected_count(const AdCallBatch *batch);
extern void ad_collected_store(AdCallBatch *batch, int32 source, const char *function);

#endif							/* AD_COLLECTED_H */
