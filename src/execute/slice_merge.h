/*
 * slice_merge.h
 *	  Merge the rows of distinct values into one row of aggregates.
 */
#ifndef AD_SLICE_MERGE_H
#define AD_SLICE_MERGE_H

extern void ad_slice_merge_init(void);

#endif							/* AD_SLICE_MERGE_H */
