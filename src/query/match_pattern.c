/*
 * match_pattern.c
 *	  LIKE patterns and simple regular expressions as predicates of the match
 *	  language.
 *
 * A pattern becomes a PCRE regular expression.  MongoDB matches it by Unicode
 * characters, as LIKE does in a UTF-8 database.  The expression is anchored
 * by \A and \z, because ^ and $ may also match at line breaks.  The
 * characters before the first wildcard follow \A literally, so that MongoDB
 * can use an index.
 *
 * LIKE searches for the first place that matches the text between two %, and
 * never tries a later one, because that could not help.  An atomic group,
 * (?>), does the same.  Without it PCRE would try all places, and some
 * strings would take practically forever.
 *
 * $regex matches strings and symbols.  An ObjectId is a text of 24
 * hexadecimal digits.  If the pattern is a prefix, a range matches ObjectIds;
 * otherwise an expression does.  If no such text can match, there is no
 * predicate for them.
 *
 * Some predicates are broader than the condition, and PostgreSQL rechecks
 * each row.  One group are conditions on a text that a locale converts to
 * lower or upper case: lower(), upper(), ILIKE and ~*.  The other group are
 * regular expressions of which only parts can be translated.  Whatever the
 * locale, the first group relies on these rules (Unicode core specification,
 * "Case Mappings"; UnicodeData.txt; SpecialCasing.txt):
 *
 *	- An ASCII character other than a letter results from itself only.
 *	- An ASCII letter results from its two cases, and, as is_uncertain() says,
 *	  from some characters outside ASCII.  U+212A always becomes the one
 *	  letter k, so an expression can name it.
 *	- Conversion adds or removes characters only beside such letters and
 *	  beside characters outside ASCII.
 *
 * So the predicate treats uncertain letters and characters outside ASCII like
 * %.  It also treats _ like %, because one character may become several, and
 * _ matches only one of these.  All other characters match one for one.  The
 * same rules apply to the letters of the pattern.
 *
 * Lower case has an exact predicate if the pattern has neither _ nor characters
 * outside ASCII, and the locale is neither Turkish nor Lithuanian nor the like: then
 * only i and k result from a character outside ASCII, i from U+0130.  Where that
 * becomes i and U+0307, it matches an i before % only, as nothing else in the pattern
 * matches U+0307.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "query/match.h"
#include "query/match_pattern.h"
#include "query/match_type.h"
#include "query/type_tests.h"

/* MongoDB accepts 32764 bytes, and older servers accept fewer */
#define MAX_REGEX_LENGTH	16000

/*
 * PCRE compiles an expression to at most 64 kB, and a set with a character outside
 * ASCII to about 40 bytes.
 */
#define MAX_SETS	1000

#define OBJECTID_DIGITS		24

/*
 * Regular expressions for one character, and for any number of characters, as
 * few or as many as possible.
 */
#define ANY_ONE		"(?s:.)"
#define ANY_FIRST	"(?s:.*?)"
#define ANY_MANY	"(?s:.*)"

/* U+212A, whose lower case is k */
#define KELVIN_SIGN	"\xe2\x84\xaa"

/* U+0130, whose lower case begins with i */
#define DOTTED_I	"\xc4\xb0"

typedef struct AdPattern
{
	AdFold		fold;
	StringInfoData literal;		/* its characters, without the wildcards */
	bool		any_one;		/* it has a _, or something treated like one */
	bool		before_any;		/* does % follow the character? */
	List	   *parts;			/* regular expressions of the parts between
								 * two %, as Strings */
	int			length;			/* characters of a text that matches, without
								 * those that % matches */
	bool		hexadecimal;	/* literal has only digits of ObjectIds */
} AdPattern;

/* ends a part; an empty part between two % is dropped */
static void
add_part(AdPattern *pattern, StringInfo part, bool last)
{
	if (part->len > 0 || last || pattern->parts == NIL)
		pattern->parts = lappend(pattern->parts, makeString(pstrdup(part->data)));
	resetStringInfo(part);
}

/*
 * May case conversion produce this lower-case letter from a character outside
 * ASCII, or add or remove characters beside it?  Lower case produces i from
 * U+0130 in all locales, and from dotted letters in Turkish and Lithuanian.
 * Upper case produces letters from ligatures and composed characters, such as
 * S from U+00DF and U+017F.  The list of letters is complete for Unicode's
 * data.  With these two folds every character outside ASCII is uncertain,
 * too.
 */
static bool
is_uncertain(AdFold fold, char letter)
{
	if ((unsigned char) letter >= 0x80)
		return fold == AD_FOLD_LOWER || fold == AD_FOLD_UPPER;
	return (fold == AD_FOLD_LOWER && letter == 'i') ||
		(fold == AD_FOLD_UPPER && letter != '\0' && strchr("afhijlnstwy", letter) != NULL);
}

/* the character outside ASCII that the fold makes this letter, if there is one */
static const char *
other_form(const AdPattern *pattern, char letter)
{
	if (letter == 'k' && pattern->fold != AD_FOLD_ASCII)
		return KELVIN_SIGN;
	if (letter == 'i' && (pattern->fold == AD_FOLD_PLAIN_I ||
						  (pattern->fold == AD_FOLD_DOTTED_I && pattern->before_any)))
		return DOTTED_I;
	return "";
}

/* appends a character, in all cases that the fold allows, to a part */
static void
append_character(const AdPattern *pattern, StringInfo part, char c)
{
	if (pattern->fold != AD_FOLD_NONE && isascii(c) && isalpha((unsigned char) c))
		appendStringInfo(part, "[%c%c%s]", c, pg_ascii_toupper((unsigned char) c), other_form(pattern, c));
	else
	{
		/* only these: a backslash before a letter or digit has a meaning */
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
		append_character(pattern, part, c);
	appendStringInfoChar(&pattern->literal, c);
	if (strchr("0123456789abcdef", c) == NULL)
		pattern->hexadecimal = false;
	/* in UTF-8 every byte of a character but the first is 10xxxxxx */
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

/* reads a LIKE pattern; returns false if it ends with the escape character */
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
			pattern->before_any = c + 1 < end && c[1] == '%';
			add_character(pattern, part, *c);
		}
	}
	return true;
}

/* reads a text without wildcards, which is a prefix or the whole */
static void
read_text(const char *c, const char *end, bool is_prefix, AdPattern *pattern, StringInfo part)
{
	for (; c < end; c++)
	{
		pattern->before_any = is_prefix && c + 1 == end;
		add_character(pattern, part, *c);
	}
}

/*
 * Appends a set of characters to a part.  members has one entry for each
 * ASCII character, and is true for letters, digits and _ only.
 */
static void
add_set(AdPattern *pattern, StringInfo part, const bool *members, bool negated)
{
	if (pattern->fold == AD_FOLD_LOWER || pattern->fold == AD_FOLD_UPPER)
	{
		add_any_one(pattern, part);
		return;
	}
	appendStringInfoString(part, negated ? "[^" : "[");
	for (int c = 0; c < 128; c++)
	{
		int			last = c;

		if (!members[c])
			continue;
		while (last < 127 && members[last + 1])
			last++;
		appendStringInfoChar(part, c);
		/* two neighbours need no - */
		if (last > c + 1)
			appendStringInfoChar(part, '-');
		if (last > c)
			appendStringInfoChar(part, last);
		c = last;
	}
	appendStringInfoChar(part, ']');
	pattern->any_one = true;
	pattern->length++;
}

/*
 * Reads a bracket expression of ASCII letters, digits, _ and ranges of
 * letters or digits.  Returns the place of its ], or NULL if it has anything
 * else.
 *
 * Both PostgreSQL and PCRE take a range as one of code points, whatever the
 * locale.  In PostgreSQL ~* adds the other case of each letter before ^
 * negates the set.
 */
static const char *
read_set(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	bool		members[128] = {false};
	bool		negated = ++c < end && *c == '^';
	const char *first = negated ? ++c : c;

	for (; c < end && *c != ']'; c++)
	{
		char		low = *c;

		if (!isascii(low) || (!isalnum((unsigned char) low) && low != '_'))
			return NULL;
		if (c + 2 < end && c[1] == '-')
		{
			c += 2;
			/* all between two digits, or letters of one case, is the same */
			if (!isascii(*c) || *c < low ||
				!((isdigit((unsigned char) low) && isdigit((unsigned char) *c)) ||
				  (islower((unsigned char) low) && islower((unsigned char) *c)) ||
				  (isupper((unsigned char) low) && isupper((unsigned char) *c))))
				return NULL;
		}
		for (int member = low; member <= *c; member++)
		{
			members[member] = true;
			if (pattern->fold != AD_FOLD_NONE)
			{
				members[pg_ascii_tolower((unsigned char) member)] = true;
				members[pg_ascii_toupper((unsigned char) member)] = true;
			}
		}
	}
	if (c >= end || c == first)
		return NULL;
	add_set(pattern, part, members, negated);
	return c;
}

/*
 * Reads a regular expression that consists of characters, sets of characters,
 * . and .*, with ^ and $ at its ends only.  Returns false for any other
 * regular expression.
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
		else if (*c == '[')
		{
			c = read_set(c, end, pattern, part);
			if (c == NULL)
				return false;
		}
		else if (*c == '\\')
		{
			/* after a backslash, punctuation is literal */
			if (++c == end || !ispunct((unsigned char) *c) || *c == '_')
				return false;
			add_character(pattern, part, *c);
		}
		else if (strchr("^$|?*+()[]{}", *c) != NULL)
			return false;
		else
			add_character(pattern, part, *c);
		/* neither characters nor .* may have a quantifier */
		if (c + 1 < end && strchr("*+?{", c[1]) != NULL)
			return false;
	}
	add_part(pattern, part, false);
	return true;
}

/*
 * Skips a group or a bracket expression.  Returns the place after it, or NULL
 * if it has contents that this file does not know.
 */
static const char *
skip_enclosed(const char *c, const char *end)
{
	int			depth = 0;

	if (*c == '[')
	{
		const char *first = c + (c + 1 < end && c[1] == '^' ? 2 : 1);

		/* a ] that comes first is a member of the set */
		for (c = first; c < end && (*c != ']' || c == first); c++)
		{
			if (*c == '[' || *c == '\\')
				return NULL;
		}
		return c < end ? c + 1 : NULL;
	}
	/* a group that starts with (? may be an option or a lookahead */
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

/* skips a quantifier, if there is one; returns the place after it, or NULL */
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
 * Reads those parts of a regular expression that every matching text
 * contains: the characters that have no quantifier, in their order.
 * Everything else is treated like .*.  Returns false if the expression has
 * alternatives at the top level, options, or a syntax that this file does not
 * know.
 */
static bool
read_regex_parts(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	bool		anchored = c < end && *c == '^';

	if (anchored)
		c++;
	else
		add_part(pattern, part, false);
	/* *** at the start selects another kind of regular expression */
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
			/* accept escapes for character classes and for constraints */
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
			/* this may match any number of characters, and digits too */
			add_part(pattern, part, false);
			pattern->any_one = true;
		}
		c = behind;
	}
	add_part(pattern, part, false);
	return true;
}

/*
 * Parses a pattern.  Returns false if it has no translation, or if it is a
 * LIKE pattern that ends with the escape character.
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
			read_text(start, end, true, pattern, &part);
			add_part(pattern, &part, false);
			break;
		case AD_PATTERN_TEXT:
			read_text(start, end, false, pattern, &part);
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

/* returns the PCRE regular expression; "" if it would match every text */
static const char *
pattern_regex(const AdPattern *pattern)
{
	StringInfoData regex;
	int			count = list_length(pattern->parts);
	const char *first = strVal(linitial(pattern->parts));
	const char *last = strVal(llast(pattern->parts));

	if (count == 1)
		return psprintf("\\A%s\\z", first);
	/* a single part needs no group: %part and %part% */
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

/* does MongoDB accept a regular expression of this size? */
static bool
is_accepted(const char *regex)
{
	int			sets = 0;

	for (const char *c = regex; *c != '\0'; c++)
		sets += *c == '[';
	return strlen(regex) <= MAX_REGEX_LENGTH && sets <= MAX_SETS;
}

/*
 * Does the predicate match only texts that match the pattern?  If not,
 * PostgreSQL must recheck each row.
 */
bool
ad_like_is_exact(AdPatternKind kind, AdFold fold)
{
	switch (fold)
	{
		case AD_FOLD_NONE:
			return kind != AD_PATTERN_REGEX_PARTS && kind != AD_PATTERN_TEXT;
		case AD_FOLD_ASCII:
			return kind != AD_PATTERN_REGEX_PARTS;
		case AD_FOLD_PLAIN_I:
		case AD_FOLD_DOTTED_I:
			return kind != AD_PATTERN_REGEX_PARTS && kind != AD_PATTERN_REGEX;
		default:
			return false;
	}
}

/*
 * Has the pattern, which is no regular expression, only ASCII characters and no _, so
 * that texts in lower case can be matched exactly?  Without `any_case` an upper-case
 * letter matches none of them.
 */
bool
ad_like_is_plain(AdPatternKind kind, text *pattern, bool any_case)
{
	const char *c = VARDATA_ANY(pattern);
	const char *end = c + VARSIZE_ANY_EXHDR(pattern);

	for (; c < end; c++)
	{
		if (kind == AD_PATTERN_LIKE && *c == '_')
			return false;
		if (kind == AD_PATTERN_LIKE && *c == '\\' && ++c == end)
			return false;
		if (!isascii((unsigned char) *c) || (!any_case && *c >= 'A' && *c <= 'Z'))
			return false;
	}
	return true;
}

/*
 * Returns the regular expression for a pattern, which matches exactly its texts if
 * ad_like_is_exact() says so, else more.  NULL if the pattern has none, or if that is
 * too long.
 */
const char *
ad_like_regex(AdPatternKind kind, AdFold fold, text *pattern)
{
	AdPattern	parts;
	const char *regex;

	if (!read_pattern(kind, fold, pattern, &parts))
		return NULL;
	regex = pattern_regex(&parts);
	return is_accepted(regex) ? regex : NULL;
}

/*
 * Can MongoDB match the pattern?  A LIKE pattern that ends with the escape
 * character is evaluated locally, because PostgreSQL raises an error if it
 * reaches that character.
 */
bool
ad_like_accepts(AdPatternKind kind, AdFold fold, text *pattern)
{
	const char *regex = ad_like_regex(kind, fold, pattern);

	/* a broader predicate that matches every text would be useless */
	return regex != NULL && (regex[0] != '\0' || ad_like_is_exact(kind, fold));
}

/*
 * Returns the predicate for strings and symbols.  It has a $type, because
 * $regex also matches a stored regular expression that is the same.
 */
static Node *
match_strings(const char *path, const char *regex)
{
	return ad_and(list_make2(ad_field(path, "$regex", ad_string(regex)),
							 ad_field(path, "$type",
									  ad_array2(ad_string("string"), ad_string("symbol")))));
}

/* returns the ObjectId whose digits are the prefix, padded with one digit */
static Node *
objectid_end(const char *prefix, char digit)
{
	char		hex[OBJECTID_DIGITS + 1];

	memset(hex, digit, OBJECTID_DIGITS);
	hex[OBJECTID_DIGITS] = '\0';
	memcpy(hex, prefix, strlen(prefix));
	return ad_node(AD_OBJECTID, list_make1(ad_string(hex)));
}

/* returns the predicate for ObjectIds; FALSE if none can match */
static Node *
match_objectids(const char *path, const AdPattern *pattern, const char *regex)
{
	Node	   *value = ad_path_expr(path);
	bool		many = list_length(pattern->parts) > 1;
	const char *last = strVal(llast(pattern->parts));

	if (!pattern->hexadecimal || pattern->length > OBJECTID_DIGITS ||
		(!many && pattern->length < OBJECTID_DIGITS))
		return ad_false();
	if (list_length(pattern->parts) == 2 && last[0] == '\0' && !pattern->any_one)
		return ad_and(list_make2(ad_field(path, "$gte", objectid_end(pattern->literal.data, '0')),
								 ad_field(path, "$lte", objectid_end(pattern->literal.data, 'f'))));
	/* a value that cannot be converted becomes null, which does not match */
	return ad_and(list_make2(ad_field(path, "$type", ad_string("objectId")),
							 ad_node(AD_EXPR,
									 list_make1(ad_doc("$regexMatch",
													   ad_doc2("input", ad_converted(value, "string"),
															   "regex", ad_string(regex)))))));
}

/* returns the predicate for values that match; it ignores mismatches */
static Node *
match_pattern(const char *path, const AdType *type, const AdPattern *pattern, bool exact)
{
	const char *regex;

	if (list_length(pattern->parts) == 1 && !pattern->any_one && pattern->fold == AD_FOLD_NONE)
		return ad_match_compare(path, type, AD_OP_EQ, TEXTOID,
								PointerGetDatum(cstring_to_text_with_len(pattern->literal.data,
																		 pattern->literal.len)));
	regex = pattern_regex(pattern);
	if (regex[0] == '\0' || (!is_accepted(regex) && !exact))
		return ad_match_has_type(path, type);
	if (!is_accepted(regex))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("LIKE pattern is too long for MongoDB")));
	return ad_or(list_make2(match_strings(path, regex),
							match_objectids(path, pattern, regex)));
}

/*
 * Returns the predicate for `column LIKE pattern` or, if not `wanted`, NOT
 * LIKE; and likewise for the other kinds of patterns.  It is exact only in
 * conjunction with ad_match_guard(), and for NOT LIKE with
 * ad_match_has_value().  Raises an error if the pattern is invalid or too
 * long.
 */
Node *
ad_like_predicate(const char *path, const AdType *type, AdPatternKind kind,
				  AdFold fold, bool wanted, text *pattern)
{
	AdPattern	parts;
	Node	   *matched;

	/* regular expressions are constants, which ad_like_accepts() has tested */
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
 * Returns a predicate for `column LIKE slot`, while the slot has no value.
 * EXPLAIN prints it; MongoDB never gets it.
 */
Node *
ad_like_slot(const char *path, AdFold fold, bool wanted, Node *slot)
{
	Node	   *matched = ad_field(path, "$regex", slot);

	if (fold != AD_FOLD_NONE)
		matched = ad_and(list_make2(matched, ad_field(path, "$options", ad_string("i"))));
	return wanted ? matched : ad_node(AD_NOR, list_make1(matched));
}
