/*
 * collection.c
 *	  Rules for the names of MongoDB databases and collections.
 *
 * An impossible name causes no error in MongoDB.  The server answers as if
 * the collection were empty, or the driver reads another collection: for the
 * database "a.b" and the collection "c" it reads "b.c" in the database "a".
 * We therefore refuse such names before we send anything.  But we accept
 * every name that some server can have: names that only Windows forbids, and
 * the collections that a server keeps for itself.  (MongoDB manual, "Naming
 * Restrictions"; NamespaceString in MongoDB's sources.)
 *
 * All names here are in UTF-8, the encoding in which MongoDB stores them and
 * counts their bytes.
 */
#include "postgres.h"

#include "base/collection.h"

/*
 * Limits in bytes.  The one for a collection assumes the shortest database
 * name, one byte, because the two names and a dot share a limit of 255.
 */
#define MOST_DATABASE_BYTES		63
#define MOST_COLLECTION_BYTES	253

/* only collections of the operation log may have a dollar in their names */
#define OPLOG_PREFIX	"oplog."

/*
 * Check the name of a database.  Returns NULL if a database can have it, else
 * a sentence that says what is wrong.
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
 * Check the name of an authentication database, like ad_database_flaw().
 * Here "$external" is valid too: it stands for credentials that are kept
 * outside MongoDB.
 */
const char *
ad_auth_source_flaw(const char *name)
{
	return pg_strcasecmp(name, "$external") == 0 ? NULL : ad_database_flaw(name);
}

/*
 * Check the name of a collection.  Returns NULL if a collection can have it,
 * else a sentence that says what is wrong.
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
