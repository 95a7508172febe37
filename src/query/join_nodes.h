/*
 * join_nodes.h
 *	  What planner and executor know of the custom scans of joins.
 */
#ifndef AD_JOIN_NODES_H
#define AD_JOIN_NODES_H

/* the node that collects the keys of one side, and the most that are sent */
#define AD_KEY_SCAN			"JoinKeys"
#define AD_MAX_JOIN_KEYS	10000

/* the node that names the columns of merged aggregates */
#define AD_MERGE_SCAN		"MergeGroups"

#endif							/* AD_JOIN_NODES_H */
