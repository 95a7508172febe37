/*
 * match_pattern.c
 *	  Patterns of LIKE and simple regular expressions as predicates of the
 *	  match language.
 *
 * A pattern becomes a regular expression of PCRE, which for MongoDB is of
 * Unicode's characters, as LIKE is in a database in UTF-8.  It is anchored by
 * \A and \z: ^ and $ may also match at line breaks.  What is before the first
 * wildcard stands behind \A as it is, which lets MongoDB use an index.
 *
 * LIKE finds the first place where what stands between two % matches, and
 * keeps to it: no other place would do better.  So does an atomic group, (?>),
 * without which PCRE would try all places, and need forever for some strings.
 *
 * $regex matches strings and symbols.  ObjectIds, which are text of 24
 * hexadecimal digits, are matched by their range if the pattern is a prefix,
 * else by an expression, if it can match such a text at all.
 *
 * Some predicates match more than their pattern, and PostgreSQL evaluates the
 * condition again: those of a text that a locale changed to lower or upper
 * case, by lower(), ILIKE, or ~*, and those of regular expressions of which
 * only parts can be said.  The first rely on the following (Unicode, "Case
 * Mappings" of the core specification, UnicodeData.txt, SpecialCasing.txt),
 * whichever the locale is:
 *
 *	- ASCII characters other than letters come from themselves only;
 *	- ASCII letters come from their two cases, and from characters other than
 *	  ASCII as is_uncertain() says; of these U+212A is one for one;
 *	- characters appear or vanish only beside such letters and beside
 *	  characters other than ASCII.
 *
 * So uncertain letters, characters other than ASCII, and _ too, which one of
 * several that came from one may match, are read as % is.  What remains is
 * matched one for one.  A pattern's own letters are changed by the same rules.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "query/match.h"
#include "query/match_pattern.h"
#include "query/match_type.h"
#include "query/type_tests.h"

/* MongoDB takes 32764 bytes, older servers fewer */
#define MAX_REGEX_LENGTH	16000

#define OBJECTID_DIGITS		24

/* one character, and any number of them */
#define ANY_ONE		"(?s:.)"
#define ANY_FIRST	"(?s:.*?)"
#define ANY_MANY	"(?s:.*)"

/* U+212A, whose lower case is k */
#define KELVIN_SIGN	"\xe2\x84\xaa"

typedef struct AdPattern
{
	AdFold		fold;
	StringInfoData literal;		/* its characters that are no wildcards */
	bool		any_one;		/* it has a _, or what is read as a wildcard */
	List	   *parts;			/* regular expressions of what % separates */
	int			length;			/* of the texts that match, without those of % */
	bool		hexadecimal;	/* literal has digits of ObjectIds only */
} AdPattern;

/* end a part; between two % there is no empty one */
static void
add_part(AdPattern *pattern, StringInfo part, bool last)
{
	if (part->len > 0 || last || pattern->parts == NIL)
		pattern->parts = lappend(pattern->parts, makeString(pstrdup(part->data)));
	resetStringInfo(part);
}

/*
 * Whether a lower-case letter may come from other characters than ASCII's, or
 * have characters appear or vanish beside it: i from U+0130 in all locales,
 * and from what has a dot in Turkish and Lithuanian; in upper case, letters
 * from ligatures and composed characters, as S from U+00DF and U+017F.  Their
 * complete list is Unicode's.
 */
static bool
is_uncertain(AdFold fold, char letter)
{
	if ((unsigned char) letter >= 0x80)
		return fold == AD_FOLD_LOWER || fold == AD_FOLD_UPPER;
	return (fold == AD_FOLD_LOWER && letter == 'i') ||
		(fold == AD_FOLD_UPPER && letter != '\0' && strchr("afhijlnstwy", letter) != NULL);
}

/* a character as a part of a regular expression */
static void
append_character(StringInfo part, AdFold fold, char c)
{
	if (fold != AD_FOLD_NONE && isascii(c) && isalpha((unsigned char) c))
		appendStringInfo(part, "[%c%c%s]", c, pg_ascii_toupper((unsigned char) c),
						 c == 'k' && fold != AD_FOLD_ASCII ? KELVIN_SIGN : "");
	else
	{
		/* letters and digits have another meaning behind a backslash */
		if (strchr("\\^$.|?*+()[]{}", c) != NULL)
			appendStringInfoChar(part, '\\');
		appendStringInfoChar(part, c);
	}
}

static void
add_character(AdPattern *pattern, StringInfo part, char c)
{
	if (pattern->fold != AD_FOLD_NONE)
		c = pg_ascii_tolower((unsigned char) c);
	if (is_uncertain(pattern->fold, c))
	{
		add_part(pattern, part, false);
		pattern->any_one = true;
	}
	else
		append_character(part, pattern->fold, c);
	appendStringInfoChar(&pattern->literal, c);
	if (strchr("0123456789abcdef", c) == NULL)
		pattern->hexadecimal = false;
	/* the first byte of a character in UTF-8 is no 10xxxxxx */
	if (((unsigned char) c & 0xc0) != 0x80)
		pattern->length++;
}

static void
add_any_one(AdPattern *pattern, StringInfo part)
{
	if (pattern->fold == AD_FOLD_LOWER || pattern->fold == AD_FOLD_UPPER)
		add_part(pattern, part, false);
	else
		appendStringInfoString(part, ANY_ONE);
	pattern->any_one = true;
	pattern->length++;
}

/* read a pattern of LIKE; false if it ends with the escape character */
static bool
read_like(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	for (; c < end; c++)
	{
		if (*c == '%')
			add_part(pattern, part, false);
		else if (*c == '_')
			add_any_one(pattern, part);
		else
		{
			if (*c == '\\' && ++c == end)
				return false;
			add_character(pattern, part, *c);
		}
	}
	return true;
}

/* read a text without wildcards */
static void
read_text(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	for (; c < end; c++)
		add_character(pattern, part, *c);
}

/*
 * Read a regular expression that a pattern of LIKE could say, too: of
 * characters, of . and .*, and of ^ and $ at its ends.  Returns false if it is
 * another one.
 */
static bool
read_regex(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	bool		anchored = c < end && *c == '^';

	if (anchored)
		c++;
	else
		add_part(pattern, part, false);
	for (; c < end; c++)
	{
		if (*c == '$' && c + 1 == end)
			return true;
		if (*c == '.' && c + 1 < end && c[1] == '*')
		{
			add_part(pattern, part, false);
			c++;
		}
		else if (*c == '.')
			add_any_one(pattern, part);
		else if (*c == '\\')
		{
			/* behind a backslash, punctuation stands for itself */
			if (++c == end || !ispunct((unsigned char) *c) || *c == '_')
				return false;
			add_character(pattern, part, *c);
		}
		else if (strchr("^$|?*+()[]{}", *c) != NULL)
			return false;
		else
			add_character(pattern, part, *c);
		/* no quantifiers: neither of characters nor of quantifiers */
		if (c + 1 < end && strchr("*+?{", c[1]) != NULL)
			return false;
	}
	add_part(pattern, part, false);
	return true;
}

/* a group or a bracket expression; returns what is behind it, or NULL */
static const char *
skip_enclosed(const char *c, const char *end)
{
	int			depth = 0;

	if (*c == '[')
	{
		const char *first = c + (c + 1 < end && c[1] == '^' ? 2 : 1);

		/* a first ] is a member */
		for (c = first; c < end && (*c != ']' || c == first); c++)
		{
			if (*c == '[' || *c == '\\')
				return NULL;
		}
		return c < end ? c + 1 : NULL;
	}
	/* what begins with (? may be an option, or a condition on what follows */
	for (; c < end; c++)
	{
		if (strchr("[]\\", *c) != NULL ||
			(*c == '(' && c + 1 < end && (c[1] == '?' || c[1] == '*')))
			return NULL;
		if (*c == '(')
			depth++;
		else if (*c == ')' && --depth == 0)
			return c + 1;
	}
	return NULL;
}

/* quantifiers, if there are any; returns what is behind them, or NULL */
static const char *
skip_quantifier(const char *c, const char *end)
{
	if (c == end || strchr("*+?{", *c) == NULL)
		return c;
	if (*c == '{')
	{
		if (c + 1 == end || !isdigit((unsigned char) c[1]))
			return NULL;
		c = memchr(c, '}', end - c);
		if (c == NULL)
			return NULL;
	}
	c++;
	if (c < end && *c == '?')
		c++;
	return c < end && strchr("*+?{", *c) != NULL ? NULL : c;
}

/*
 * Read of a regular expression what each text that matches has: its
 * characters that are not quantified, in their order.  All else is read as .*
 * is.  Returns false if it has alternatives, options, or what is not known
 * here.
 */
static bool
read_regex_parts(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	bool		anchored = c < end && *c == '^';

	if (anchored)
		c++;
	else
		add_part(pattern, part, false);
	/* *** begins a regular expression of another kind */
	if (c < end && strchr("*+?{", *c) != NULL)
		return false;
	pattern->any_one = true;
	while (c < end)
	{
		const char *atom = c;
		const char *behind;
		bool		literal = false;

		if (*c == '$' && c + 1 == end)
			return true;
		if (*c == '[' || *c == '(')
			c = skip_enclosed(c, end);
		else if (*c == '\\')
		{
			if (++c == end)
				return false;
			/* classes of characters and constraints */
			if (strchr("dswDSWmMyYAZ", *c) == NULL &&
				(!ispunct((unsigned char) *c) || *c == '_'))
				return false;
			literal = ispunct((unsigned char) *c);
			atom = c++;
		}
		else if (strchr("|*+?{})]", *c) != NULL)
			return false;
		else
		{
			literal = strchr("^$.", *c) == NULL;
			c += Min(pg_utf_mblen((const unsigned char *) c), end - c);
		}
		behind = c == NULL ? NULL : skip_quantifier(c, end);
		if (behind == NULL)
			return false;
		if (literal && behind == c)
		{
			for (; atom < c; atom++)
				add_character(pattern, part, *atom);
		}
		else
		{
			/* it may match any number of characters, also of an ObjectId */
			add_part(pattern, part, false);
			pattern->any_one = true;
		}
		c = behind;
	}
	add_part(pattern, part, false);
	return true;
}

/*
 * Take a pattern apart.  Returns false if that cannot be done.
 */
static bool
read_pattern(AdPatternKind kind, AdFold fold, text *string, AdPattern *pattern)
{
	const char *start = VARDATA_ANY(string);
	const char *end = start + VARSIZE_ANY_EXHDR(string);
	StringInfoData part;

	memset(pattern, 0, sizeof(AdPattern));
	pattern->fold = fold;
	pattern->hexadecimal = true;
	initStringInfo(&pattern->literal);
	initStringInfo(&part);
	switch (kind)
	{
		case AD_PATTERN_LIKE:
			if (!read_like(start, end, pattern, &part))
				return false;
			break;
		case AD_PATTERN_PREFIX:
			read_text(start, end, pattern, &part);
			add_part(pattern, &part, false);
			break;
		case AD_PATTERN_TEXT:
			read_text(start, end, pattern, &part);
			break;
		case AD_PATTERN_REGEX:
			if (!read_regex(start, end, pattern, &part))
				return false;
			break;
		case AD_PATTERN_REGEX_PARTS:
			if (!read_regex_parts(start, end, pattern, &part))
				return false;
			break;
	}
	add_part(pattern, &part, true);
	return true;
}

/* the regular expression; "" matches everything */
static const char *
pattern_regex(const AdPattern *pattern)
{
	StringInfoData regex;
	int			count = list_length(pattern->parts);
	const char *first = strVal(linitial(pattern->parts));
	const char *last = strVal(llast(pattern->parts));

	if (count == 1)
		return psprintf("\\A%s\\z", first);
	/* one part anywhere, or only at the end, needs no more */
	if (first[0] == '\0' && count == 2)
		return last[0] == '\0' ? "" : psprintf("%s\\z", last);
	if (first[0] == '\0' && count == 3 && last[0] == '\0')
		return strVal(lsecond(pattern->parts));

	initStringInfo(&regex);
	appendStringInfo(&regex, "\\A%s", first);
	for (int i = 1; i < count - 1; i++)
		appendStringInfo(&regex, "(?>" ANY_FIRST "%s)", strVal(list_nth(pattern->parts, i)));
	if (last[0] != '\0')
		appendStringInfo(&regex, ANY_MANY "%s\\z", last);
	return regex.data;
}

/*
 * Whether the predicate matches nothing else than the pattern.
 */
bool
ad_like_is_exact(AdPatternKind kind, AdFold fold)
{
	return kind != AD_PATTERN_REGEX_PARTS && kind != AD_PATTERN_TEXT &&
		(fold == AD_FOLD_NONE || fold == AD_FOLD_ASCII);
}

/*
 * Whether MongoDB can match the pattern.  PostgreSQL raises an error for one of
 * LIKE that ends with the escape character if it comes that far.
 */
bool
ad_like_accepts(AdPatternKind kind, AdFold fold, text *pattern)
{
	AdPattern	parts;
	const char *regex;

	if (!read_pattern(kind, fold, pattern, &parts))
		return false;
	regex = pattern_regex(&parts);
	/* one that may match everything is worth saying only if it does */
	return strlen(regex) <= MAX_REGEX_LENGTH &&
		(regex[0] != '\0' || ad_like_is_exact(kind, fold));
}

/* the predicate for strings; $regex also matches the same regular expression */
static Node *
match_strings(const char *path, const char *regex)
{
	return ad_and(list_make2(ad_field(path, "$regex", ad_string(regex)),
							 ad_field(path, "$type",
									  ad_array2(ad_string("string"), ad_string("symbol")))));
}

/* an ObjectId of the prefix's digits, filled up with one digit */
static Node *
objectid_end(const char *prefix, char digit)
{
	char		hex[OBJECTID_DIGITS + 1];

	memset(hex, digit, OBJECTID_DIGITS);
	hex[OBJECTID_DIGITS] = '\0';
	memcpy(hex, prefix, strlen(prefix));
	return ad_node(AD_OBJECTID, list_make1(ad_string(hex)));
}

/* the predicate for ObjectIds */
static Node *
match_objectids(const char *path, const AdPattern *pattern, const char *regex)
{
	Node	   *value = ad_string(psprintf("$%s", path));
	bool		many = list_length(pattern->parts) > 1;
	const char *last = strVal(llast(pattern->parts));

	if (!pattern->hexadecimal || pattern->length > OBJECTID_DIGITS ||
		(!many && pattern->length < OBJECTID_DIGITS))
		return ad_false();
	if (list_length(pattern->parts) == 2 && last[0] == '\0' && !pattern->any_one)
		return ad_and(list_make2(ad_field(path, "$gte", objectid_end(pattern->literal.data, '0')),
								 ad_field(path, "$lte", objectid_end(pattern->literal.data, 'f'))));
	/* what cannot be converted is no text, and null is no match */
	return ad_and(list_make2(ad_field(path, "$type", ad_string("objectId")),
							 ad_node(AD_EXPR,
									 list_make1(ad_doc("$regexMatch",
													   ad_doc2("input", ad_converted(value, "string"),
															   "regex", ad_string(regex)))))));
}

/* the predicate of texts that match, mismatches aside */
static Node *
match_pattern(const char *path, const AdType *type, const AdPattern *pattern, bool exact)
{
	const char *regex;

	if (list_length(pattern->parts) == 1 && !pattern->any_one && pattern->fold == AD_FOLD_NONE)
		return ad_match_compare(path, type, AD_OP_EQ, TEXTOID,
								PointerGetDatum(cstring_to_text_with_len(pattern->literal.data,
																		 pattern->literal.len)));
	regex = pattern_regex(pattern);
	if (regex[0] == '\0' || (strlen(regex) > MAX_REGEX_LENGTH && !exact))
		return ad_match_has_type(path, type);
	if (strlen(regex) > MAX_REGEX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("LIKE pattern is too long for MongoDB")));
	return ad_or(list_make2(match_strings(path, regex),
							match_objectids(path, pattern, regex)));
}

/*
 * The predicate of `column LIKE pattern`, or NOT LIKE.  It holds together with
 * ad_match_guard() and, for NOT LIKE, ad_match_has_value() only.
 */
Node *
ad_like_predicate(const char *path, const AdType *type, AdPatternKind kind,
				  AdFold fold, bool wanted, text *pattern)
{
	AdPattern	parts;
	Node	   *matched;

	/* of a regular expression it was tested before */
	if (!read_pattern(kind, fold, pattern, &parts))
	{
		if (!ad_like_is_exact(kind, fold))
			return ad_match_has_type(path, type);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("LIKE pattern must not end with escape character")));
	}
	matched = match_pattern(path, type, &parts, ad_like_is_exact(kind, fold));
	if (wanted)
		return matched;
	return ad_tag(matched) == AD_FALSE ? ad_true() :
		ad_node(AD_NOR, list_make1(matched));
}

/*
 * The same for a slot whose value is not known yet, to be printed only.
 */
Node *
ad_like_slot(const char *path, AdFold fold, bool wanted, Node *slot)
{
	Node	   *matched = ad_field(path, "$regex", slot);

	if (fold != AD_FOLD_NONE)
		matched = ad_and(list_make2(matched, ad_field(path, "$options", ad_string("i"))));
	return wanted ? matched : ad_node(AD_NOR, list_make1(matched));
}
