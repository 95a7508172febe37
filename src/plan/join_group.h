/*
 * join_group.h
 *	  Groupings that MongoDB does below a join.
 */
#ifndef AD_JOIN_GROUP_H
#define AD_JOIN_GROUP_H

extern void ad_join_group_init(void);

#endif							/* AD_JOIN_GROUP_H */
