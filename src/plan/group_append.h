/*
 * group_append.h
 *	  Groupings of the rows of several tables: partitions, heirs, UNION ALL.
 */
#ifndef AD_GROUP_APPEND_H
#define AD_GROUP_APPEND_H

extern void ad_group_append_init(void);

#endif							/* AD_GROUP_APPEND_H */
