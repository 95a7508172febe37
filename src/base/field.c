/*
 * field.c
 *	  The syntax of field paths, which are the values of the option "field".
 *
 * A path is either "$", which stands for the whole document, or a list of
 * names separated by dots, which leads from the document inwards.  A name may
 * be empty, because a field's name may be.  In a name, a dot or a backslash
 * is escaped by a backslash.  A dollar may be escaped too, and must be if it
 * is the whole name.
 *
 * Only this file knows the syntax.  The validator, the planner, the decoder
 * and the import all use it, so they all see the same names in a path.
 */
#include "postgres.h"

#include "base/field.h"

/*
 * The maximum number of names in a path: MongoDB allows 200 levels in a
 * document (BSONDepth in its sources), and 200 names in a path of a command.
 */
#define MOST_NAMES	200

/* one name in a path, with its escapes */
typedef struct AdWrittenName
{
	const char *text;			/* points into the path */
	size_t		len;			/* in bytes */
	bool		escaped;		/* does it have a backslash? */
	bool		flawed;			/* does it have a backslash that escapes
								 * nothing? */
} AdWrittenName;

/*
 * Read the first name of a path.  Returns the rest of the path, after the
 * name and its dot, or NULL if this was the last name.
 */
static const char *
read_name(const char *path, AdWrittenName *name)
{
	const char *c = path;

	name->text = path;
	name->escaped = name->flawed = false;
	for (; *c != '\0' && *c != '.'; c++)
	{
		if (*c != '\\')
			continue;
		name->escaped = true;
		if (c[1] == '.' || c[1] == '\\' || c[1] == '$')
			c++;
		else
			name->flawed = true;
	}
	name->len = c - path;
	return *c == '.' ? c + 1 : NULL;
}

static bool
is_dollar(const AdWrittenName *name)
{
	return name->len == 1 && name->text[0] == '$';
}

/*
 * Check the syntax of a path.  Returns NULL if it is valid, else a sentence
 * that says what is wrong.
 */
const char *
ad_field_flaw(const char *path)
{
	AdWrittenName name;
	int			count = 0;

	if (ad_field_is_document(path))
		return NULL;
	while (path != NULL)
	{
		path = read_name(path, &name);
		if (name.flawed)
			return "A backslash must be before a dot, a dollar or a backslash.";
		if (is_dollar(&name))
			return "A name in a path that is only a dollar is written \"\\$\".";
		if (++count > MOST_NAMES)
			return "A path can have at most 200 names, because documents are not deeper.";
	}
	return NULL;
}

/*
 * Does the path have an empty name?  MongoDB allows such fields, but more
 * often the path has one dot too many.
 */
bool
ad_field_has_empty_name(const char *path)
{
	AdWrittenName name;

	while (path != NULL)
	{
		path = read_name(path, &name);
		if (name.len == 0)
			return true;
	}
	return false;
}

/*
 * Does the path stand for the whole document?
 */
bool
ad_field_is_document(const char *path)
{
	return strcmp(path, "$") == 0;
}

/*
 * Can a name also be the position of an array element, that is, does it have
 * digits only?  "len" is in bytes.
 */
bool
ad_is_position(const char *name, size_t len)
{
	return len > 0 && strspn(name, "0123456789") >= len;
}

/*
 * Can MongoDB's query language express the name?  It cannot express a name
 * that is empty, begins with a dollar or contains a dot.  We also refuse
 * other names that the path escapes.
 */
static bool
is_nameable(const AdWrittenName *name)
{
	return name->len > 0 && name->text[0] != '$' && !name->escaped;
}

/*
 * Can MongoDB's query language express the path, and does it mean the same
 * everywhere?  Array positions do not: they mean one thing in predicates and
 * another in expressions.
 */
bool
ad_field_is_nameable(const char *path)
{
	AdWrittenName name;

	while (path != NULL)
	{
		path = read_name(path, &name);
		if (!is_nameable(&name) || ad_is_position(name.text, name.len))
			return false;
	}
	return true;
}

/*
 * Returns the path to put into a projection in order to get the field: the
 * longest beginning of "path" that a projection can express, or NULL if there
 * is none (MongoDB manual, "Project Fields to Return from Query").  A
 * projection cannot express array positions.  The first name may be a number,
 * because the document itself is not an array.  The result is "path" or
 * palloc'd.
 */
const char *
ad_field_projectable(const char *path)
{
	const char *next = path;
	AdWrittenName name;

	while (next != NULL)
	{
		next = read_name(next, &name);
		if (!is_nameable(&name) ||
			(name.text != path && ad_is_position(name.text, name.len)))
			return name.text == path ? NULL : pnstrdup(path, name.text - path - 1);
	}
	return path;
}

/*
 * Returns the first name of a path without its escapes, palloc'd.  *path then
 * points to the next name, or is NULL if this was the last one.
 */
char *
ad_field_next_name(const char **path)
{
	AdWrittenName name;
	char	   *result;
	char	   *end;

	*path = read_name(*path, &name);
	end = result = palloc(name.len + 1);
	for (size_t i = 0; i < name.len; i++)
	{
		/* skip to the escaped character; the name contains whole pairs only */
		if (name.text[i] == '\\' && i + 1 < name.len)
			i++;
		*end++ = name.text[i];
	}
	*end = '\0';
	return result;
}

/*
 * Append the name of a field to a path, with the escapes that it needs.  The
 * caller appends the dots between names.
 */
void
ad_field_append_name(StringInfo path, const char *name)
{
	if (strcmp(name, "$") == 0)
		appendStringInfoChar(path, '\\');
	for (; *name != '\0'; name++)
	{
		if (*name == '.' || *name == '\\')
			appendStringInfoChar(path, '\\');
		appendStringInfoChar(path, *name);
	}
}
