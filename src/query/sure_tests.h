/*
 * sure_tests.h
 *	  Aggregation expressions that are true only for values that decode, of
 *	  types for which MongoDB cannot tell all of these.
 */
#ifndef AD_SURE_TESTS_H
#define AD_SURE_TESTS_H

#include "query/node.h"

extern Node *ad_sure_expr(Oid typid, int32 typmod, Node *path);

#endif							/* AD_SURE_TESTS_H */
