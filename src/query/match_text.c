/*
 * match_text.c
 *	  Comparisons of text as predicates of the match language.
 *
 * A text column also decodes ObjectIds, as 24 lower-case hexadecimal digits.
 * MongoDB compares strings by their bytes in UTF-8, as the collation "C"
 * does.  It compares ObjectIds by their bytes, which is the order of their
 * digits.  It never compares a string with an ObjectId, so a bound on a
 * string needs a second predicate with a bound on ObjectIds.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

#include "query/match_text.h"

#define OBJECTID_DIGITS		24

static Node *
text_const(text *value)
{
	return (Node *) makeConst(TEXTOID, -1, InvalidOid, -1, PointerGetDatum(value),
							  false, false);
}

static Node *
objectid_const(const char *hex)
{
	return ad_node(AD_OBJECTID, list_make1(ad_string(hex)));
}

/*
 * Returns the BSON values that decode to a given text: the string and, if the
 * text has the form of an ObjectId, the ObjectId.
 */
List *
ad_text_values(text *value)
{
	char	   *string = text_to_cstring(value);
	List	   *values = list_make1(text_const(value));

	if (strlen(string) == OBJECTID_DIGITS &&
		strspn(string, "0123456789abcdef") == OBJECTID_DIGITS)
		values = lappend(values, objectid_const(string));
	return values;
}

/*
 * Increments the number that the first `len` digits form, and sets the other
 * digits to zero.  Returns false if the number has no successor of that
 * length.
 */
static bool
next_digits(char *hex, int len)
{
	memset(hex + len, '0', OBJECTID_DIGITS - len);
	for (int i = len - 1; i >= 0; i--)
	{
		if (hex[i] != 'f')
		{
			hex[i] = hex[i] == '9' ? 'a' : hex[i] + 1;
			return true;
		}
		hex[i] = '0';
	}
	return false;
}

/*
 * Sets `hex` to the least ObjectId whose digits, as a text, are at or above
 * the string, or, if `above`, strictly above it.  Returns false if there is
 * none.
 */
static bool
least_objectid(const char *string, bool above, char *hex)
{
	int			same = Min(strspn(string, "0123456789abcdef"), OBJECTID_DIGITS);
	unsigned char next = string[same];

	memset(hex, '0', OBJECTID_DIGITS);
	hex[OBJECTID_DIGITS] = '\0';
	memcpy(hex, string, same);
	if (same == OBJECTID_DIGITS)
		return (next == '\0' && !above) || next_digits(hex, same);
	/* the next character is below or above all digits, or between 9 and a */
	if (next < '0')
		return true;
	if (next > 'f')
		return next_digits(hex, same);
	hex[same] = 'a';
	return true;
}

/*
 * Returns the predicate for `column op value`; the operator is <, <=, > or
 * >=.  It is exact only in conjunction with ad_match_guard().
 */
Node *
ad_text_compare(const char *path, AdOp op, text *value)
{
	char		hex[OBJECTID_DIGITS + 1];
	bool		below = op == AD_OP_LT || op == AD_OP_LE;
	Node	   *strings = ad_field(path, ad_op_name(op), text_const(value));
	Node	   *objectids;

	if (least_objectid(text_to_cstring(value), op == AD_OP_LE || op == AD_OP_GT, hex))
		objectids = ad_field(path, below ? "$lt" : "$gte", objectid_const(hex));
	else
		objectids = below ? ad_field(path, "$type", ad_string("objectId")) : ad_false();
	return ad_or(list_make2(strings, objectids));
}
