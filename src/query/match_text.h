/*
 * match_text.h
 *	  Comparisons of text as predicates of the match language.
 */
#ifndef AD_MATCH_TEXT_H
#define AD_MATCH_TEXT_H

#include "query/node.h"

extern List *ad_text_values(text *value);
extern Node *ad_text_compare(const char *path, AdOp op, text *value);

#endif							/* AD_MATCH_TEXT_H */
