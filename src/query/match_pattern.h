/*
 * match_pattern.h
 *	  LIKE patterns and simple regular expressions as predicates of the match
 *	  language.
 */
#ifndef AD_MATCH_PATTERN_H
#define AD_MATCH_PATTERN_H

#include "bson/types.h"
#include "query/node.h"

typedef enum AdPatternKind
{
	AD_PATTERN_LIKE,
	AD_PATTERN_PREFIX,			/* for starts_with(): it has no wildcards */
	AD_PATTERN_REGEX,			/* for ~: characters, sets, . and .* */
	/* with the next two, the predicate may be broader than the condition */
	AD_PATTERN_REGEX_PARTS,		/* for ~: only the parts that every matching
								 * text contains */
	AD_PATTERN_TEXT				/* for =: it has no wildcards */
} AdPatternKind;

/* the conversion of the text before it is matched */
typedef enum AdFold
{
	AD_FOLD_NONE,
	AD_FOLD_ASCII,				/* both cases of an ASCII letter are equal */

	/*
	 * lower case of most locales, in which U+0130 becomes i, or i and U+0307;
	 * of patterns that ad_like_is_plain()
	 */
	AD_FOLD_PLAIN_I,
	AD_FOLD_DOTTED_I,
	/* case conversion of any locale; the predicate may be broader */
	AD_FOLD_LOWER,
	AD_FOLD_UPPER
} AdFold;

extern bool ad_like_is_plain(AdPatternKind kind, text *pattern, bool any_case);
extern bool ad_like_accepts(AdPatternKind kind, AdFold fold, text *pattern);
extern bool ad_like_is_exact(AdPatternKind kind, AdFold fold);
extern const char *ad_like_regex(AdPatternKind kind, AdFold fold, text *pattern);
extern Node *ad_like_predicate(const char *path, const AdType *type,
							   AdPatternKind kind, AdFold fold, bool wanted,
							   text *pattern);
extern Node *ad_like_slot(const char *path, AdFold fold, bool wanted, Node *slot);

#endif							/* AD_MATCH_PATTERN_H */
