/*
 * collection.c
 *	  Names of MongoDB's databases and collections.
 *
 * MongoDB takes a name that no collection can have for that of an empty one, or
 * the driver reads another collection, "a" being the database of "a.b.c".  So
 * such names are refused before anything is asked; but none that some server
 * has: what only Windows forbids is allowed, and so are the collections that a
 * server keeps for itself (MongoDB manual, "Naming Restrictions";
 * NamespaceString in MongoDB's sources).
 *
 * Names are in UTF-8, as MongoDB has them and counts their bytes.
 */
#include "postgres.h"

#include "base/collection.h"

/* bytes of a database's name, and of a collection's behind one of one letter */
#define MOST_DATABASE_BYTES		63
#define MOST_COLLECTION_BYTES	253

/* of the log of operations, whose names may have dollars */
#define OPLOG_PREFIX	"oplog."

/*
 * Why there can be no database of that name to read, as a sentence; or NULL.
 */
const char *
ad_database_flaw(const char *name)
{
	if (name[0] == '\0')
		return "The name of a database cannot be empty.";
	if (strpbrk(name, "/\\. \"$") != NULL)
		return "The name of a database cannot have any of the characters / \\ . \" $ and space.";
	if (strlen(name) > MOST_DATABASE_BYTES)
		return "The name of a database has at most 63 bytes.";
	return NULL;
}

/*
 * The same of one that users log in to: that may also be the one that stands for
 * what is outside of MongoDB.
 */
const char *
ad_auth_source_flaw(const char *name)
{
	return pg_strcasecmp(name, "$external") == 0 ? NULL : ad_database_flaw(name);
}

/*
 * Why there can be no collection of that name, as a sentence; or NULL.
 */
const char *
ad_collection_flaw(const char *name)
{
	if (name[0] == '\0')
		return "The name of a collection cannot be empty.";
	if (name[0] == '.')
		return "The name of a collection cannot begin with a dot.";
	if (strchr(name, '$') != NULL && strncmp(name, OPLOG_PREFIX, strlen(OPLOG_PREFIX)) != 0)
		return "The name of a collection cannot have a dollar.";
	if (strlen(name) > MOST_COLLECTION_BYTES)
		return "The names of a database and a collection have at most 255 bytes together, with the dot between them.";
	return NULL;
}
