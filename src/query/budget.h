/*
 * budget.h
 *	  The limits for the depth and the size of a template.
 */
#ifndef AD_BUDGET_H
#define AD_BUDGET_H

#include "query/node.h"

/*
 * MongoDB refuses documents of more than 100 levels (manual, "MongoDB Limits
 * and Thresholds").  The extension uses AD_MAX_DEPTH of them.  The other two
 * are the greatest depth at which a filter stands in a command (pipeline,
 * stage, the inner pipeline of that stage, its stage), and the depth of
 * stages.
 */
#define AD_MAX_DEPTH	90
#define AD_FILTER_DEPTH 8
#define AD_STAGES_DEPTH 2

/* the greatest size of a template in bytes */
#define AD_MAX_SIZE		(1024 * 1024)

/*
 * What a pattern counts as, in bytes: a document that none matches is compared
 * with all, so that hundreds would be slower than PostgreSQL is.
 */
#define AD_PATTERN_SIZE	(AD_MAX_SIZE / 16)

/*
 * The greatest size in bytes of a command's filter or pipeline.  MongoDB
 * accepts commands of 16 MB; the rest is for the fields that the driver adds.
 */
#define AD_MAX_COMMAND	(16 * 1024 * 1024 - 64 * 1024)

extern bool ad_budget_allows(Node *node, int depth, Size *size);

#endif							/* AD_BUDGET_H */
