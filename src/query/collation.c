/*
 * collation.c
 *	  Collections and views that have a collation of their own.
 *
 * MongoDB compares the strings of a collection by the collation it was created
 * with, unless a command names another one (MongoDB manual, "Collation").  By
 * most, 'a' is less than 'B', and by many they can be equal to 'A' and 'b'.
 * PostgreSQL, and so this extension, takes strings as bytes.  With the option
 * simple_collation commands name the simple collation, which does the same.  A
 * command may not name another collation than a view's (manual, "Views",
 * "Collation"), so that nothing can be pushed down to such a view.
 *
 * Commands do not name the simple collation by default, since some servers know
 * no collations, and SecantusDB 0.7 takes it for that of a language.
 */
#include "postgres.h"

#include "bson/bsonread.h"
#include "query/collation.h"
#include "query/query.h"

/*
 * Returns the kind of collation that a description from listCollections tells
 * of.  It has none if strings are compared as bytes.
 */
AdCollationKind
ad_described_collation(const uint8 *description)
{
	AdReader	reader;
	AdReader	options;
	AdElement	element;

	ad_reader_init(&reader, description, ad_read_int32(description));
	if (!ad_reader_find_inner(reader, "options", BSON_TYPE_DOCUMENT, &options) ||
		!ad_reader_find(options, "collation", &element) || element.type != BSON_TYPE_DOCUMENT)
		return AD_COLLATION_SIMPLE;
	return ad_reader_find(options, "viewOn", &element) ? AD_COLLATION_OF_VIEW : AD_COLLATION_OWN;
}

/*
 * Raises a warning if the options of a foreign table do not fit the collation
 * of its collection.  Asks MongoDB with the user mapping of userid; it tells a
 * user nothing who may not list collections.
 */
void
ad_warn_of_collation(const char *relname, Oid serverid, Oid userid, const AdTableOptions *options)
{
	AdCollationKind kind = AD_COLLATION_SIMPLE;
	AdCursor   *cursor;
	const uint8 *description;

	if (!options->enable_filter_pushdown && !options->enable_aggregate_pushdown &&
		!options->enable_sort_pushdown && !options->enable_join_pushdown)
		return;
	cursor = ad_query_collections(serverid, options->database, options->collection, userid);
	if ((description = ad_cursor_next(cursor)) != NULL)
		kind = ad_described_collation(description);
	ad_cursor_close(cursor);
	if (kind == AD_COLLATION_SIMPLE || (kind == AD_COLLATION_OWN && options->simple_collation))
		return;
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("collection \"%s.%s\" of foreign table \"%s\" has a collation of its own",
					options->database, options->collection, relname),
			 errdetail("MongoDB compares its strings in another way than PostgreSQL, so queries can have wrong results."),
			 kind == AD_COLLATION_OWN ?
			 errhint("Set the option simple_collation of the foreign table to true.") :
			 errhint("It is a view, for which that cannot be changed. Set the options enable_filter_pushdown, enable_aggregate_pushdown, enable_sort_pushdown and enable_join_pushdown of the foreign table to false.")));
}
