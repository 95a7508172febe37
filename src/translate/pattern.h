/*
 * pattern.h
 *	  Conditions that match text with patterns.
 */
#ifndef AD_PATTERN_H
#define AD_PATTERN_H

#include "fmgr.h"
#include "nodes/primnodes.h"

#include "query/match_pattern.h"
#include "translate/context.h"

/* a text, with lower() or upper() stripped, and its pattern */
typedef struct AdMatch
{
	Node	   *text;
	Node	   *pattern;		/* SQL expression */
	Oid			collation;
	AdPatternKind kind;
	AdFold		fold;
	bool		negated;
} AdMatch;

extern bool ad_case_becomes(PGFunction convert, const char *string, const char *converted, Oid collation);
extern bool ad_match_read(Node *node, AdMatch *match);
extern bool ad_match_read_member(const ScalarArrayOpExpr *expr, AdMatch *match, List **elements);
extern bool ad_match_is_plain(const AdMatch *match, bool any_case);
extern bool ad_match_fold(AdMatch *match);
extern bool ad_match_exactly(AdMatch *match);

#endif							/* AD_PATTERN_H */
