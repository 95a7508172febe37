/*
 * group_quick.h
 *	  The quick forms of groups.
 */
#ifndef AD_GROUP_QUICK_H
#define AD_GROUP_QUICK_H

#include "plan/group.h"

extern void ad_group_add_quick(AdGroup *group);
extern Node *ad_guard_is_certain(const AdGuard *guard);

#endif							/* AD_GROUP_QUICK_H */
