/*
 * merge_scan.h
 *	  The node that names the columns of merged aggregates.
 */
#ifndef AD_MERGE_SCAN_H
#define AD_MERGE_SCAN_H

extern void ad_merge_scan_init(void);

#endif							/* AD_MERGE_SCAN_H */
