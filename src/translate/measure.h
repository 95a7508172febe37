/*
 * measure.h
 *	  Increasing functions of a length of time.
 */
#ifndef AD_MEASURE_H
#define AD_MEASURE_H

#include "nodes/primnodes.h"

extern Node *ad_measured(Node *node);
extern bool ad_measure_bound(const OpExpr *expr, Node *measured, int64 longest,
							 int64 *bound, bool *above);

#endif							/* AD_MEASURE_H */
