/*
 * like.h
 *	  Patterns of LIKE and simple regular expressions as predicates of the
 *	  match language.
 */
#ifndef AD_LIKE_H
#define AD_LIKE_H

#include "convert.h"
#include "node.h"

typedef enum AdPatternKind
{
	AD_PATTERN_LIKE,
	AD_PATTERN_PREFIX,			/* of starts_with(): without wildcards */
	AD_PATTERN_REGEX			/* of ~ */
} AdPatternKind;

extern bool ad_like_accepts(AdPatternKind kind, text *pattern);
extern Node *ad_like_predicate(const char *path, const AdType *type,
							   AdPatternKind kind, bool wanted, text *pattern);
extern Node *ad_like_slot(const char *path, bool wanted, Node *slot);

#endif							/* AD_LIKE_H */
