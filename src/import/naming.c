/*
 * naming.c
 *	  Make names of tables and columns from names of collections and fields.
 *
 * All names are in the server's encoding.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/hsearch.h"

#include "import/naming.h"

/* a set of unique names */
struct AdNames
{
	HTAB	   *taken;
};

/*
 * Returns an empty set of names, in the current memory context.
 */
AdNames *
ad_names_create(void)
{
	AdNames    *names = palloc(sizeof(AdNames));
	HASHCTL		control = {.keysize = NAMEDATALEN, .entrysize = NAMEDATALEN, .hcxt = CurrentMemoryContext};

	names->taken = hash_create("admin_dashboard names", 64, &control,
							   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	return names;
}

/*
 * Add a name to the set.  The name is cut to the length of PostgreSQL's
 * identifiers, and gets a number at the end if it is in the set already.
 * Returns the resulting name, palloc'd.
 */
const char *
ad_names_add(AdNames *names, const char *name)
{
	char		key[NAMEDATALEN];
	bool		found = true;

	for (int n = 1; found; n++)
	{
		char		suffix[16] = "";
		int			len;

		if (n > 1)
			snprintf(suffix, sizeof(suffix), "_%d", n);
		len = pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1 - strlen(suffix));
		snprintf(key, sizeof(key), "%.*s%s", len, name, suffix);
		(void) hash_search(names->taken, key, HASH_ENTER, &found);
	}
	return pstrdup(key);
}

/*
 * Is this name in the set?
 */
bool
ad_names_has(const AdNames *names, const char *name)
{
	return hash_search(names->taken, name, HASH_FIND, NULL) != NULL;
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Does a word begin at this capital letter?  Yes at the B in createdBy, the I
 * in userID and the S in HTTPServer.
 */
static bool
begins_word(const char *name, const char *at)
{
	if (at == name || !is_upper(*at))
		return false;
	return is_lower(at[-1]) || is_digit(at[-1]) || (is_upper(at[-1]) && is_lower(at[1]));
}

/*
 * Returns the name in lower case, with underscores between words, palloc'd.
 * Such a name needs no quotes, unless it is a key word.  Letters outside
 * ASCII are not changed: PostgreSQL does not fold them either in a name
 * without quotes, if they have several bytes, and folding by locale would
 * give the same field different names.
 */
const char *
ad_clean_name(const char *name)
{
	StringInfoData clean;
	const char *at = name;

	initStringInfo(&clean);
	if (is_digit(name[0]) || name[0] == '\0')
		appendStringInfoChar(&clean, '_');
	while (*at != '\0')
	{
		int			len = pg_mblen(at);

		if (begins_word(name, at))
			appendStringInfoChar(&clean, '_');
		/* the second test is for letters of single-byte encodings */
		if (len > 1 || IS_HIGHBIT_SET(*at))
			appendBinaryStringInfo(&clean, at, len);
		else if (is_upper(*at))
			appendStringInfoChar(&clean, pg_ascii_tolower(*at));
		else if (is_lower(*at) || is_digit(*at) || *at == '_')
			appendStringInfoChar(&clean, *at);
		else if (clean.len == 0 || clean.data[clean.len - 1] != '_')
			appendStringInfoChar(&clean, '_');
		at += len;
	}
	return clean.data;
}
