/*
 * join_nodes.h
 *	  What planner and executor know of the custom scans.
 */
#ifndef AD_JOIN_NODES_H
#define AD_JOIN_NODES_H

/* the node that collects the keys of one side, and the most that are sent */
#define AD_KEY_SCAN			"JoinKeys"
#define AD_MAX_JOIN_KEYS	10000

/*
 * The node that finds the first values of an order.  Its expressions are the
 * column, the number of rows with this value, and the key of the order; its
 * data the parameter, how many rows are wanted, and whether the scan reads
 * rows of null anyway.
 */
#define AD_FIRST_VALUES		"FirstValues"

/* the node that names the columns of merged aggregates */
#define AD_MERGE_SCAN		"MergeGroups"

/* the same node, where it names the states of groups that were joined */
#define AD_JOINED_GROUPS	"JoinedGroups"

#endif							/* AD_JOIN_NODES_H */
