/*
 * match_pattern.h
 *	  Patterns of LIKE and simple regular expressions as predicates of the
 *	  match language.
 */
#ifndef AD_MATCH_PATTERN_H
#define AD_MATCH_PATTERN_H

#include "bson/types.h"
#include "query/node.h"

typedef enum AdPatternKind
{
	AD_PATTERN_LIKE,
	AD_PATTERN_PREFIX,			/* of starts_with(): without wildcards */
	AD_PATTERN_REGEX,			/* of ~ */
	/* beyond these, the predicate may match other texts, too */
	AD_PATTERN_REGEX_PARTS,		/* of ~, any: what each match must have */
	AD_PATTERN_TEXT				/* of =: without wildcards */
} AdPatternKind;

/* how the text was changed before it is matched */
typedef enum AdFold
{
	AD_FOLD_NONE,
	AD_FOLD_ASCII,				/* ASCII letters of both cases are the same */
	/* as some locale does; the predicate may match other texts, too */
	AD_FOLD_LOWER,
	AD_FOLD_UPPER
} AdFold;

extern bool ad_like_accepts(AdPatternKind kind, AdFold fold, text *pattern);
extern bool ad_like_is_exact(AdPatternKind kind, AdFold fold);
extern Node *ad_like_predicate(const char *path, const AdType *type,
							   AdPatternKind kind, AdFold fold, bool wanted,
							   text *pattern);
extern Node *ad_like_slot(const char *path, AdFold fold, bool wanted, Node *slot);

#endif							/* AD_MATCH_PATTERN_H */
