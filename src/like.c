/*
 * like.c
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
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "leaf.h"
#include "like.h"

/* MongoDB takes 32764 bytes, older servers fewer */
#define MAX_REGEX_LENGTH	16000

#define OBJECTID_DIGITS		24

/* one character, and any number of them */
#define ANY_ONE		"(?s:.)"
#define ANY_FIRST	"(?s:.*?)"
#define ANY_MANY	"(?s:.*)"

typedef struct AdPattern
{
	StringInfoData literal;		/* its characters that are no wildcards */
	bool		any_one;		/* it has a _ */
	List	   *parts;			/* regular expressions of what % separates */
	int			length;			/* of the texts that match, without those of % */
	bool		hexadecimal;	/* literal has digits of ObjectIds only */
} AdPattern;

static void
add_character(AdPattern *pattern, StringInfo part, char c)
{
	/* letters and digits have another meaning behind a backslash */
	if (strchr("\\^$.|?*+()[]{}", c) != NULL)
		appendStringInfoChar(part, '\\');
	appendStringInfoChar(part, c);
	appendStringInfoChar(&pattern->literal, c);
	if (strchr("0123456789abcdef", c) == NULL)
		pattern->hexadecimal = false;
	/* the first byte of a character in UTF-8 is no 10xxxxxx */
	if (((unsigned char) c & 0xc0) != 0x80)
		pattern->length++;
}

/* end a part; between two % there is no empty one */
static void
add_part(AdPattern *pattern, StringInfo part, bool last)
{
	if (part->len > 0 || last || pattern->parts == NIL)
		pattern->parts = lappend(pattern->parts, makeString(pstrdup(part->data)));
	resetStringInfo(part);
}

static void
add_any_one(AdPattern *pattern, StringInfo part)
{
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
read_prefix(const char *c, const char *end, AdPattern *pattern, StringInfo part)
{
	for (; c < end; c++)
		add_character(pattern, part, *c);
	add_part(pattern, part, false);
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

/*
 * Take a pattern apart.  Returns false if that cannot be done.
 */
static bool
read_pattern(AdPatternKind kind, text *string, AdPattern *pattern)
{
	const char *start = VARDATA_ANY(string);
	const char *end = start + VARSIZE_ANY_EXHDR(string);
	StringInfoData part;

	memset(pattern, 0, sizeof(AdPattern));
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
			read_prefix(start, end, pattern, &part);
			break;
		case AD_PATTERN_REGEX:
			if (!read_regex(start, end, pattern, &part))
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
 * Whether MongoDB can match the pattern.  PostgreSQL raises an error for one of
 * LIKE that ends with the escape character if it comes that far.
 */
bool
ad_like_accepts(AdPatternKind kind, text *pattern)
{
	AdPattern	parts;

	return read_pattern(kind, pattern, &parts) &&
		strlen(pattern_regex(&parts)) <= MAX_REGEX_LENGTH;
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
	return ad_node(AD_EXPR,
				   list_make1(ad_doc("$and",
									 ad_array2(ad_doc("$eq", ad_array2(ad_doc("$type", value),
																	   ad_string("objectId"))),
											   ad_doc("$regexMatch",
													  ad_doc2("input", ad_doc("$toString", value),
															  "regex", ad_string(regex)))))));
}

/* the predicate of texts that match, mismatches aside */
static Node *
match_pattern(const char *path, const AdType *type, const AdPattern *pattern)
{
	const char *regex;

	if (list_length(pattern->parts) == 1 && !pattern->any_one)
		return ad_leaf_compare(path, type, AD_OP_EQ, TEXTOID,
							   PointerGetDatum(cstring_to_text_with_len(pattern->literal.data,
																		pattern->literal.len)));
	regex = pattern_regex(pattern);
	if (regex[0] == '\0')
		return ad_leaf_has_type(path, type);
	if (strlen(regex) > MAX_REGEX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("LIKE pattern is too long for MongoDB")));
	return ad_or(list_make2(match_strings(path, regex),
							match_objectids(path, pattern, regex)));
}

/*
 * The predicate of `column LIKE pattern`, or NOT LIKE.  It holds together with
 * ad_leaf_guard() and, for NOT LIKE, ad_leaf_has_value() only.
 */
Node *
ad_like_predicate(const char *path, const AdType *type, AdPatternKind kind,
				  bool wanted, text *pattern)
{
	AdPattern	parts;
	Node	   *matched;

	/* of a regular expression it was tested before */
	if (!read_pattern(kind, pattern, &parts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("LIKE pattern must not end with escape character")));
	matched = match_pattern(path, type, &parts);
	if (wanted)
		return matched;
	return ad_tag(matched) == AD_FALSE ? ad_true() :
		ad_node(AD_NOR, list_make1(matched));
}

/*
 * The same for a slot whose value is not known yet, to be printed only.
 */
Node *
ad_like_slot(const char *path, bool wanted, Node *slot)
{
	if (wanted)
		return ad_field(path, "$regex", slot);
	return ad_field(path, "$not", ad_doc("$regex", slot));
}
