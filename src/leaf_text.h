/*
 * leaf_text.h
 *	  Comparisons of text as predicates of the match language.
 */
#ifndef AD_LEAF_TEXT_H
#define AD_LEAF_TEXT_H

#include "node.h"

extern List *ad_text_values(text *value);
extern Node *ad_text_compare(const char *path, AdOp op, text *value);

#endif							/* AD_LEAF_TEXT_H */
