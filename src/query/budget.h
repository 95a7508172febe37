/*
 * budget.h
 *	  How deep and how large a template may be.
 */
#ifndef AD_BUDGET_H
#define AD_BUDGET_H

#include "query/node.h"

/*
 * MongoDB refuses documents of more than 100 levels (manual, "MongoDB Limits
 * and Thresholds"), and commands of more than 16 MB.  A filter is at most this
 * deep in a command: pipeline, stage, a stage's pipeline, its stage.
 */
#define AD_MAX_DEPTH	90
#define AD_FILTER_DEPTH 8
#define AD_STAGES_DEPTH 2
#define AD_MAX_SIZE		(1024 * 1024)

/* bytes that a command may have, as the driver's own fields are to be added */
#define AD_MAX_COMMAND	(16 * 1024 * 1024 - 64 * 1024)

extern bool ad_budget_allows(Node *node, int depth, Size *size);

#endif							/* AD_BUDGET_H */
