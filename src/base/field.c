/*
 * field.c
 *	  Paths of fields, as the option "field" has them.
 *
 * A path is "$", the whole document; or names with dots between them, that lead
 * from the document inwards.  A name may be empty, as fields' names may.  Within
 * a name a dot and a backslash have a backslash before them, and so may a dollar:
 * it must where it is all of the name.
 *
 * Owns this syntax.  The validator, the planner, the decoder and the import see
 * the same names in a path, as all of them are told here.
 */
#include "postgres.h"

#include "base/field.h"

/*
 * A document has at most 200 levels (MongoDB's BSONDepth), and a path in a
 * command of MongoDB's as many names.
 */
#define MOST_NAMES	200

/* one name, as it is written in the path */
typedef struct AdWrittenName
{
	const char *text;
	size_t		len;
	bool		escaped;		/* is there a backslash? */
	bool		flawed;			/* one that takes no meaning from anything? */
} AdWrittenName;

/*
 * Read the first name of a path.  Returns the rest of the path, behind the name
 * and its dot, or NULL if there is none.
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
 * What is wrong with a path, as a sentence; or NULL.
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
			return "A path has at most 200 names, as documents are no deeper.";
	}
	return NULL;
}

/*
 * Whether a name in the path is empty.  MongoDB has such fields, but more often
 * there is a dot too many.
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
 * Whether the path is that of the whole document.
 */
bool
ad_field_is_document(const char *path)
{
	return strcmp(path, "$") == 0;
}

/*
 * Whether a name is that of an element of an array, too.
 */
bool
ad_is_position(const char *name, size_t len)
{
	return len > 0 && strspn(name, "0123456789") >= len;
}

/*
 * Whether a part of MongoDB's language can say the name: it can be told neither
 * one that is empty, nor one that begins with a dollar or holds a dot.
 */
static bool
is_nameable(const AdWrittenName *name)
{
	return name->len > 0 && name->text[0] != '$' && !name->escaped;
}

/*
 * Whether MongoDB's language can say the path, with one meaning: positions in
 * arrays mean another thing in expressions than in predicates.
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
 * The path that a projection can name to get the field, or NULL if there is
 * none: as much of it as can be said (MongoDB manual, "Project Fields to Return
 * from Query").  Positions in arrays cannot; a document is none, so the first
 * name may be a number.
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
 * The first name of a path, palloc'd, without what is only written; *path moves
 * behind it and its dot, or becomes NULL.
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
		/* the other one of a pair, which read_name() has seen to be there */
		if (name.text[i] == '\\' && i + 1 < name.len)
			i++;
		*end++ = name.text[i];
	}
	*end = '\0';
	return result;
}

/*
 * Append a name as it is written in a path.
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
