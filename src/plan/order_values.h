/*
 * order_values.h
 *	  The first rows in an order that only PostgreSQL knows.
 */
#ifndef AD_ORDER_VALUES_H
#define AD_ORDER_VALUES_H

#include "nodes/pathnodes.h"

extern void ad_first_values_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_ORDER_VALUES_H */
