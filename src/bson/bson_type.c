/*
 * bson_type.c
 *	  BSON types: their names, and sets of them.
 *
 * One table holds the aliases that MongoDB uses for BSON types (MongoDB
 * manual, "$type", "Available Types", and "$jsonSchema").
 */
#include "postgres.h"

#include "bson/bson_type.h"

#define BIT(type) AD_KIND_BIT(BSON_TYPE_##type)

/*
 * The aliases, each with the set of types that it stands for.  If several
 * aliases stand for the same type, the first one is its name.
 */
static const struct
{
	const char *alias;
	uint32		kinds;
}			aliases[] = {
	{"double", BIT(DOUBLE)},
	{"string", BIT(UTF8)},
	{"object", BIT(DOCUMENT)},
	{"array", BIT(ARRAY)},
	{"binData", BIT(BINARY)},
	{"undefined", BIT(UNDEFINED)},
	{"objectId", BIT(OID)},
	{"bool", BIT(BOOL)},
	{"date", BIT(DATE_TIME)},
	{"null", BIT(NULL)},
	{"regex", BIT(REGEX)},
	{"dbPointer", BIT(DBPOINTER)},
	{"javascript", BIT(CODE)},
	{"symbol", BIT(SYMBOL)},
	{"javascriptWithScope", BIT(CODEWSCOPE)},
	{"int", BIT(INT32)},
	{"timestamp", BIT(TIMESTAMP)},
	{"long", BIT(INT64)},
	{"decimal", BIT(DECIMAL128)},
	{"maxKey", BIT(MAXKEY)},
	{"minKey", BIT(MINKEY)},
	/* a JSON Schema has this name for bool */
	{"boolean", BIT(BOOL)},
	{"number", BIT(INT32) | BIT(INT64) | BIT(DOUBLE) | BIT(DECIMAL128)},
};

/*
 * Returns the name of a BSON type, which is the alias that MongoDB's $type
 * operator uses.  The type must be one that bsonspec.org defines; for
 * BSON_TYPE_EOD the result is "unknown".
 */
const char *
ad_bson_type_name(bson_type_t type)
{
	for (int i = 0; i < lengthof(aliases); i++)
	{
		if (aliases[i].kinds == AD_KIND_BIT(type))
			return aliases[i].alias;
	}
	return "unknown";
}

/*
 * Returns the set of BSON types that an alias stands for, or 0 if there is no
 * such alias.
 */
uint32
ad_bson_alias_kinds(const char *alias)
{
	for (int i = 0; i < lengthof(aliases); i++)
	{
		if (strcmp(aliases[i].alias, alias) == 0)
			return aliases[i].kinds;
	}
	return 0;
}
