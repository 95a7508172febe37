/*
 * collected.h
 *	  Calls that are collected, and then stored together.
 */
#ifndef AD_COLLECTED_H
#define AD_COLLECTED_H

#include "kept/call.h"

/* the number of states of documents from which on a batch should be stored */
#define AD_COLLECTED_STATES	10000

/* the columns of the calls: _id, address, date, minutes, unusual */
#define AD_N_CALL_ARRAYS	5

typedef struct AdCallBatch AdCallBatch;

extern const Oid ad_call_array_types[AD_N_CALL_ARRAYS];

extern AdCallBatch *ad_collected_create(const AdKeptTable *table);
extern void ad_collected_add(AdCallBatch *batch, const AdCallKey *key, const uint8 *document);
extern int	ad_collected_count(const AdCallBatch *batch);
extern bool ad_collected_enough(const AdCallBatch *batch);
extern void ad_collected_arrays(const AdCallBatch *batch, Datum *arrays);
extern void ad_collected_store(AdCallBatch *batch, int32 source, const char *function);

#endif							/* AD_COLLECTED_H */
