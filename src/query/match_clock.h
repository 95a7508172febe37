/*
 * match_clock.h
 *	  Comparisons of clock readings as predicates on ranges of instants.
 */
#ifndef AD_MATCH_CLOCK_H
#define AD_MATCH_CLOCK_H

#include "query/leaf.h"

extern Node *ad_match_clock(const AdLeaf *leaf, Datum value);
extern Node *ad_match_clock_member(const AdLeaf *leaf, Datum array);
extern Node *ad_match_clock_slot(const AdLeaf *leaf);

#endif							/* AD_MATCH_CLOCK_H */
