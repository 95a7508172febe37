/*
 * group_array.h
 *	  Arrays of a group of which only the first element is read.
 */
#ifndef AD_GROUP_ARRAY_H
#define AD_GROUP_ARRAY_H

#include "plan/group.h"

extern List *ad_first_elements(Node *node);
extern bool ad_group_return_first_element(AdGroup *group, AdValueContext *values, int position,
										  const Aggref *aggref);

#endif							/* AD_GROUP_ARRAY_H */
