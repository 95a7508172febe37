/*
 * join_keys_limit.h
 *	  What planner and executor know of a node that collects keys of a join.
 */
#ifndef AD_JOIN_KEYS_LIMIT_H
#define AD_JOIN_KEYS_LIMIT_H

/* the name of the node */
#define AD_KEY_SCAN			"JoinKeys"

/* the most keys that are sent */
#define AD_MAX_JOIN_KEYS	10000

#endif							/* AD_JOIN_KEYS_LIMIT_H */
