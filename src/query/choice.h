/*
 * choice.h
 *	  Parts of a pipeline that have a quick form and an exact form.
 */
#ifndef AD_CHOICE_H
#define AD_CHOICE_H

#include "query/node.h"

extern Node *ad_choice(Node *quick, Node *exact);
extern Node *ad_choose(Node *value, bool exact);

#endif							/* AD_CHOICE_H */
