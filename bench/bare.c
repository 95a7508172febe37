/*
 * bare.c
 *	  The least that reading a collection takes: libmongoc's cursor and
 *	  libbson's iterator, which look at each field and keep nothing.
 *
 *	  bare URI DATABASE COLLECTION few|all
 *
 * few reads 3 fields of each document, all reads all of them, and every field
 * of the document among them.
 */
#include <stdio.h>
#include <string.h>

#include <mongoc/mongoc.h>

static uint64_t checksum;

static void
look(const bson_iter_t *iter)
{
	uint32_t	len;

	switch (bson_iter_type(iter))
	{
		case BSON_TYPE_UTF8:
			checksum += bson_iter_utf8(iter, &len)[0] + len;
			break;
		case BSON_TYPE_DATE_TIME:
			checksum += bson_iter_date_time(iter);
			break;
		default:
			checksum += (uint64_t) bson_iter_as_double(iter);
			break;
	}
}

static void
look_at_all(bson_iter_t *iter)
{
	bson_iter_t inner;

	while (bson_iter_next(iter))
	{
		if (!BSON_ITER_HOLDS_DOCUMENT(iter) && !BSON_ITER_HOLDS_ARRAY(iter))
			look(iter);
		else if (bson_iter_recurse(iter, &inner))
			look_at_all(&inner);
	}
}

static void
look_at_few(bson_iter_t *iter)
{
	int			missing = 3;

	while (missing > 0 && bson_iter_next(iter))
	{
		const char *key = bson_iter_key(iter);

		if (strcmp(key, "created_by_email") == 0 || strcmp(key, "created_at") == 0 ||
			strcmp(key, "duration_minutes") == 0)
		{
			look(iter);
			missing--;
		}
	}
}

int
main(int argc, char **argv)
{
	mongoc_client_t *client;
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	const bson_t *document;
	bson_t		filter = BSON_INITIALIZER;
	bson_t	   *opts;
	bson_iter_t iter;
	bson_error_t error;
	int			few;

	if (argc != 5)
		return 2;
	few = strcmp(argv[4], "few") == 0;
	mongoc_init();
	client = mongoc_client_new(argv[1]);
	collection = mongoc_client_get_collection(client, argv[2], argv[3]);
	opts = few ? BCON_NEW("batchSize", BCON_INT32(4000), "projection", "{",
						  "created_by_email", BCON_INT32(1), "created_at", BCON_INT32(1),
						  "duration_minutes", BCON_INT32(1), "_id", BCON_INT32(0), "}") :
		BCON_NEW("batchSize", BCON_INT32(4000));
	cursor = mongoc_collection_find_with_opts(collection, &filter, opts, NULL);
	while (mongoc_cursor_next(cursor, &document))
	{
		bson_iter_init(&iter, document);
		if (few)
			look_at_few(&iter);
		else
			look_at_all(&iter);
	}
	if (mongoc_cursor_error(cursor, &error))
	{
		fprintf(stderr, "%s\n", error.message);
		return 1;
	}
	printf("%llu\n", (unsigned long long) checksum);
	return 0;
}
