/*
 * query.c
 *	  The query that MongoDB runs for one scan.
 *
 * The planner makes an AdQuery and stores it in the plan (query_list.c).  The
 * executor reads it back and binds the slots, which gives a command.  EXPLAIN
 * prints the query with its slots unbound.
 *
 * A query that only filters, sorts by fields and projects becomes a find.  A
 * query that groups, or sorts by expressions, becomes an aggregate.
 */
#include "postgres.h"

#include "base/field.h"
#include "bson/bsonread.h"
#include "bson/domain.h"
#include "query/budget.h"
#include "query/query.h"
#include "query/type_tests.h"

/* NULL: all queries read collections */
static const AdConstantSource *constant_source = NULL;

/*
 * Makes queries of a collection read constant documents instead, until the
 * function is called again; with NULL, they read the collection.  The caller
 * keeps `source` alive.
 */
void
ad_query_set_source(const AdConstantSource *source)
{
	constant_source = source;
}

/*
 * Whether queries of a collection read constant documents.  No other process
 * knows of them.
 */
bool
ad_query_has_source(void)
{
	return constant_source != NULL;
}

/* whether the query reads constant documents */
static bool
reads_constants(const AdQuery *query)
{
	return constant_source != NULL &&
		strcmp(query->collection, constant_source->collection) == 0 &&
		strcmp(query->database, constant_source->database) == 0;
}

/* the stages that begin the pipeline for constant documents */
static List *
constant_stages(void)
{
	Node	   *documents = constant_source->documents;

	if (constant_source->carrier == NULL)
		return list_make1(ad_doc("$documents", documents));
	return list_make4(ad_doc("$limit", ad_integer(1)),
					  ad_doc("$project", ad_doc2("_id", ad_integer(0), "d", ad_doc("$literal", documents))),
					  ad_doc("$unwind", ad_string("$d")),
					  ad_doc("$replaceRoot", ad_doc("newRoot", ad_string("$d"))));
}

/*
 * Returns a query for the documents of a table that match a filter, palloc'd.
 * It has no outputs yet.
 */
AdQuery *
ad_query_create(Oid serverid, const AdTableOptions *options, Node *filter)
{
	AdQuery    *query = palloc0(sizeof(AdQuery));

	query->serverid = serverid;
	query->database = options->database;
	query->collection = options->collection;
	query->fetch_size = options->fetch_size;
	query->allow_disk_use = options->allow_disk_use;
	query->simple_collation = options->simple_collation;
	query->filter = filter;
	return query;
}

/* Is the path equal to the other one, or a prefix of it? */
static bool
is_above(const char *path, const char *other)
{
	size_t		len = strlen(path);

	return strncmp(path, other, len) == 0 &&
		(other[len] == '\0' || other[len] == '.');
}

/*
 * Collects the paths to project.  MongoDB refuses a projection that names a
 * path and another one below it (manual, "Path Collision"), so of two such
 * outputs only the upper path is taken.  Returns false if an output has no
 * path that can be projected; the whole documents must then be fetched.
 */
static bool
projected_paths(const AdQuery *query, List **paths)
{
	ListCell   *lc;

	*paths = NIL;
	foreach(lc, query->outputs)
	{
		const char *path = ad_field_projectable(((AdOutput *) lfirst(lc))->path);
		ListCell   *other;

		if (path == NULL)
			return false;
		foreach(other, *paths)
		{
			if (is_above(lfirst(other), path))
				break;
			if (is_above(path, lfirst(other)))
				*paths = foreach_delete_current(*paths, other);
		}
		if (other == NULL)
			*paths = lappend(*paths, unconstify(char *, path));
	}
	return true;
}

/*
 * Sets the projection of a find, so that it fetches only the fields of its
 * outputs.  It also fetches _id if an output has a domain type, because an
 * error that the domain raises must name the document.
 */
void
ad_query_project(AdQuery *query)
{
	List	   *paths;
	ListCell   *lc;
	bool		with_id = false;

	query->projection = NULL;
	if (!projected_paths(query, &paths))
		return;
	foreach(lc, paths)
	{
		query->projection = ad_doc_add(query->projection, lfirst(lc), ad_integer(1));
		with_id |= is_above("_id", lfirst(lc));
	}
	foreach(lc, query->outputs)
		with_id |= ad_has_domain(((AdOutput *) lfirst(lc))->typid);

	/*
	 * A projection that only excludes _id would include everything else, so
	 * include a field that does not exist.
	 */
	if (paths == NIL)
		query->projection = ad_doc("no field", ad_integer(1));
	if (!with_id)
		query->projection = ad_doc_add(query->projection, "_id", ad_integer(0));
}

/*
 * Makes MongoDB count the rows of the query, which has no outputs, instead of
 * sending an empty document for each.
 */
void
ad_query_count(AdQuery *query)
{
	query->aggregate = true;
	query->counted = true;
	query->projection = NULL;
	query->last_stages = lappend(list_copy(query->last_stages),
								 ad_doc("$group", ad_doc2("_id", ad_null(), AD_COUNTED,
														  ad_doc("$sum", ad_integer(1)))));
}

/*
 * Adds the test of a field to the document of bounds, and its operators $not
 * to that of the guards.
 */
static void
split_field(const char *path, Node *test, Node **bounds, Node **guards)
{
	Node	   *operators = NULL;
	Node	   *negations = NULL;

	if (!IsA(test, List) || ad_tag(test) != AD_DOCUMENT)
	{
		*bounds = ad_doc_add(*bounds, path, test);
		return;
	}
	for (int i = 0; i < ad_doc_length(test); i++)
	{
		const char *op = ad_doc_key(test, i);
		Node	  **part = strcmp(op, "$not") == 0 ? &negations : &operators;

		*part = ad_doc_add(*part, op, ad_doc_value(test, i));
	}
	if (operators != NULL)
		*bounds = ad_doc_add(*bounds, path, ad_template_field_test(operators));
	if (negations != NULL)
		*guards = ad_doc_add(*guards, path, negations);
}

/*
 * Returns the $match stages for a folded filter: a first one with the bounds
 * of fields only, and a second one with all else.  MongoDB merges the two.
 * Simpler planners use an index only for a $match that has nothing but the
 * index bounds.
 */
static List *
match_stages(Node *filter)
{
	Node	   *document = ad_template_match(filter);
	Node	   *bounds = NULL;
	Node	   *guards = NULL;
	List	   *stages = NIL;

	for (int i = 0; i < ad_doc_length(document); i++)
	{
		const char *key = ad_doc_key(document, i);

		if (key[0] == '$')
			guards = ad_doc_add(guards, key, ad_doc_value(document, i));
		else
			split_field(key, ad_doc_value(document, i), &bounds, &guards);
	}
	if (bounds != NULL)
		stages = lappend(stages, ad_doc("$match", bounds));
	if (guards != NULL)
		stages = lappend(stages, ad_doc("$match", guards));
	return stages;
}

/*
 * Returns the stages of an aggregate, which a find of constant documents
 * becomes, too.  The filter is folded; skip and limit are values, or NULL for
 * none.  With slots NULL the slots remain, for EXPLAIN.
 */
static List *
pipeline(const AdQuery *query, Node *filter, Node *skip, Node *limit, const AdSlot *slots)
{
	List	   *stages = match_stages(filter);
	ListCell   *lc;

	foreach(lc, query->stages)
	{
		Node	   *stage = ad_template_bind(lfirst(lc), slots, query->exact);

		/* one form of a choice can be no stage */
		if (ad_tag(stage) != AD_TRUE)
			stages = lappend(stages, stage);
	}
	if (query->sort != NULL)
		stages = lappend(stages, ad_doc("$sort", query->sort));
	if (skip != NULL)
		stages = lappend(stages, ad_doc("$skip", skip));
	if (limit != NULL)
		stages = lappend(stages, ad_doc("$limit", limit));
	if (query->projection != NULL)
		stages = lappend(stages, ad_doc("$project", query->projection));
	return list_concat(stages, query->last_stages);
}

/*
 * Returns the value of LIMIT or OFFSET, or `none` if there is no such clause
 * or its value is null.  A negative value raises the same error as the
 * executor.
 */
static int64
limit_value(Node *operand, const AdSlot *slots, int64 none, int sqlstate, const char *clause)
{
	Datum		value;

	if (operand == NULL || !ad_template_operand(operand, slots, &value))
		return none;
	if (DatumGetInt64(value) < 0)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s must not be negative", clause)));
	return DatumGetInt64(value);
}

/*
 * Computes how many documents MongoDB skips and how many it then sends;
 * PG_INT64_MAX means all.
 */
static void
bind_limit(const AdQuery *query, const AdSlot *slots, int64 *skip, int64 *limit)
{
	*skip = limit_value(query->skip, slots, 0,
						ERRCODE_INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE, "OFFSET");
	*limit = limit_value(query->limit, slots, PG_INT64_MAX,
						 ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, "LIMIT");

	/*
	 * MongoDB refuses skip and limit if their sum is not an int64.  No
	 * collection is that large, so such a limit means all documents.
	 */
	if (*limit > PG_INT64_MAX - *skip)
		*limit = PG_INT64_MAX;
	else if (query->skips_later && *limit > 0)
		*limit += *skip;
	if (query->skips_later)
		*skip = 0;
}

/*
 * Returns the whole filter, folded: with the keys of a join unless they are
 * too many.  With slots NULL the slots remain, for EXPLAIN.
 */
static Node *
folded_filter(const AdQuery *query, const AdSlot *slots)
{
	bool		has_keys = query->keys != NULL && (slots == NULL || !slots[query->key_slot].isnull);

	return ad_template_fold(has_keys ? ad_and(list_make2(query->filter, query->keys)) : query->filter, slots);
}

/* sets the members of a command that find and aggregate have in common */
static void
fill_command(const AdQuery *query, AdCommand *command)
{
	command->serverid = query->serverid;
	command->database = query->database;
	command->collection = query->collection;
	command->fetch_size = query->fetch_size;
	command->allow_disk_use = query->allow_disk_use;
}

/*
 * Returns a filter or a pipeline as BSON, palloc'd.  Raises an error if it is
 * too large for a command.  The planner has checked the size of the constants
 * (budget.c), but it did not know the values of the parameters.
 */
static const uint8 *
body_bson(Node *document)
{
	const uint8 *body = ad_template_bson(document);
	int32		size = ad_read_int32(body);

	if (size > AD_MAX_COMMAND)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("query is too large for MongoDB"),
				 errdetail("It has %d bytes, but MongoDB accepts at most %d.", size, AD_MAX_COMMAND),
				 errhint("Compare with fewer or shorter values, or set the option enable_filter_pushdown of the foreign table to false.")));
	return body;
}

static const uint8 *
optional_bson(Node *document)
{
	return document == NULL ? NULL : ad_template_bson(document);
}

/* does MongoDB return groups? */
static bool
is_grouped(const AdQuery *query)
{
	ListCell   *lc;

	foreach(lc, query->stages)
	{
		if (ad_tag(lfirst(lc)) == AD_DOCUMENT && strcmp(ad_doc_key(lfirst(lc), 0), "$group") == 0)
			return true;
	}
	return false;
}

/*
 * Must the command name the simple collation?  Not if MongoDB compares no
 * strings of the documents, because it only sends them, counts them or chooses
 * them at random, which it can do for any view.  A slice compares none, see
 * slice.c.
 */
static bool
names_collation(const AdQuery *query, Node *filter)
{
	if (!query->simple_collation)
		return false;
	if (ad_tag(filter) != AD_TRUE || query->sort != NULL)
		return true;
	if (query->stages != NIL)
		return ad_tag(linitial(query->stages)) != AD_DOCUMENT ||
			strcmp(ad_doc_key(linitial(query->stages), 0), "$sample") != 0;
	return list_length(query->last_stages) > (query->counted ? 1 : 0);
}

/*
 * Makes the command for these values of the slots.  The caller passes a
 * zeroed command, and sets its userid and statement.  Returns false if no
 * document can match, in which case the command must not be sent.  The
 * members of the command are palloc'd or belong to the query.
 */
bool
ad_query_bind(const AdQuery *query, const AdSlot *slots, AdCommand *command)
{
	Node	   *filter;
	int64		skip;
	int64		limit;
	Datum		expected;

	bind_limit(query, slots, &skip, &limit);
	filter = folded_filter(query, slots);
	if (ad_tag(filter) == AD_FALSE || limit == 0)
		return false;
	command->simple_collation = names_collation(query, filter);
	if (query->slice != NULL)
		filter = ad_slice_filter(query->slices, query->slice, filter);
	fill_command(query, command);

	/*
	 * The incremental sort above reads one row more than the limit, to see
	 * that no other row has the same prefix keys as the last one.
	 */
	if (query->expected != NULL && ad_template_operand(query->expected, slots, &expected) &&
		DatumGetInt64(expected) >= 0 && DatumGetInt64(expected) < PG_INT64_MAX)
		command->expected = DatumGetInt64(expected) + 1;
	command->limit = limit == PG_INT64_MAX ? 0 : limit;
	if (query->aggregate || reads_constants(query))
	{
		List	   *stages = pipeline(query, filter,
									  skip == 0 ? NULL : ad_int64(skip),
									  limit == PG_INT64_MAX ? NULL : ad_int64(limit),
									  slots);

		if (reads_constants(query))
		{
			stages = list_concat(constant_stages(), stages);
			command->collection = constant_source->carrier;
		}
		command->kind = AD_COMMAND_AGGREGATE;
		command->grouped = is_grouped(query);
		command->body = body_bson(ad_doc("pipeline", ad_node(AD_ARRAY, stages)));
		return true;
	}
	command->kind = AD_COMMAND_FIND;
	command->body = body_bson(ad_template_match(filter));
	command->projection = optional_bson(query->projection);
	command->sort = optional_bson(query->sort);
	command->skip = skip;
	return true;
}

/*
 * Divides the documents of a query that has slices, for these values of the
 * slots; see ad_slices_divide().
 */
int
ad_query_divide(const AdQuery *query, const AdSlot *slots, uint16 *ends)
{
	return ad_slices_divide(query->slices, ad_template_fold(query->filter, slots), ends);
}

/*
 * Returns a query for `size` documents that MongoDB chooses at random
 * (manual, "$sample").
 */
AdQuery *
ad_query_sample(Oid serverid, const AdTableOptions *options, int size)
{
	AdQuery    *query = ad_query_create(serverid, options, ad_true());

	query->aggregate = true;
	query->stages = list_make1(ad_doc("$sample", ad_doc("size", ad_integer(size))));
	return query;
}

/*
 * Runs a query that has neither a filter nor slots, with the user mapping of
 * userid.  The cursor belongs to the current memory context.
 */
AdCursor *
ad_query_open(const AdQuery *query, Oid userid)
{
	AdCommand	command = {0};

	/* the result is true, because without a filter every document matches */
	(void) ad_query_bind(query, NULL, &command);
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	return ad_cursor_open(&command);
}

/*
 * Opens a cursor on the descriptions of a database's collections, or on that of
 * the collection "name" if it is not NULL.
 */
AdCursor *
ad_query_collections(Oid serverid, const char *database, const char *name, Oid userid)
{
	AdCommand	command = {0};

	command.kind = AD_COMMAND_LIST;
	command.serverid = serverid;
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	command.database = database;
	command.body = ad_template_bson(name == NULL ? ad_node(AD_DOCUMENT, NIL) : ad_doc("name", ad_string(name)));
	return ad_cursor_open(&command);
}

/*
 * Makes the command that looks for documents in which a field is a mismatch
 * for a type.  It searches the documents that match the query's filter or, if
 * `joined`, those of the joined collection that match its filter.  If typid
 * is InvalidOid, or MongoDB has no test for the type or the path, the command
 * finds all of these documents.  It fetches the field and _id.  The caller
 * passes a zeroed command, and sets its userid and statement.
 */
void
ad_query_find_mismatch(const AdQuery *query, const AdSlot *slots,
					   const char *field, Oid typid, bool joined,
					   AdCommand *command)
{
	Node	   *filter = joined ? ad_template_fold(query->joined_filter, slots) : folded_filter(query, slots);
	const AdType *type = ad_type(typid);
	const char *path = ad_field_projectable(field);

	if (type != NULL && type->class != AD_CLASS_NONE &&
		type->class != AD_CLASS_UUID && path != NULL && strcmp(path, field) == 0)
	{
		Node	   *fits = ad_fits_expr(type, ad_path_expr(field), true);

		filter = ad_and(list_make2(filter,
								   ad_node(AD_EXPR, list_make1(ad_doc("$not", ad_array1(fits))))));
	}
	fill_command(query, command);
	if (joined)
		command->collection = query->joined_collection;
	command->kind = AD_COMMAND_FIND;
	command->simple_collation = query->simple_collation && ad_tag(filter) != AD_TRUE;
	command->body = body_bson(ad_template_match(filter));
	command->projection = NULL;
	if (path != NULL)
		command->projection = ad_template_bson(ad_doc(path, ad_integer(1)));
}

/* appends the collection as MongoDB's shell names it */
static void
print_collection(StringInfo out, const char *collection)
{
	static const char letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	if (strspn(collection, letters) == strlen(collection) &&
		strspn(collection, "0123456789") == 0)
		appendStringInfo(out, "db.%s", collection);
	else
	{
		appendStringInfoString(out, "db.getCollection(");
		ad_template_print(out, ad_string(collection));
		appendStringInfoChar(out, ')');
	}
}

/* appends .name(value) unless value is NULL */
static void
print_option(StringInfo out, const char *name, Node *value)
{
	if (value == NULL)
		return;
	appendStringInfo(out, ".%s(", name);
	ad_template_print(out, value);
	appendStringInfoChar(out, ')');
}

/*
 * Appends the query in the notation of MongoDB's shell.  Slots are printed as
 * $1, $2 and so on.
 */
void
ad_query_print(StringInfo out, const AdQuery *query)
{
	Node	   *filter = folded_filter(query, NULL);
	Node	   *skip = query->skips_later ? NULL : query->skip;
	Node	   *limit = query->limit;
	Node	   *collation = NULL;

	if (ad_tag(filter) == AD_FALSE)
	{
		appendStringInfoString(out, "none, the condition is never true");
		return;
	}
	/* either may be a slot, so the sum may not be known yet */
	if (query->skips_later && query->skip != NULL)
		limit = ad_doc("$add", ad_array2(query->skip, query->limit));
	if (names_collation(query, filter))
		collation = ad_doc("locale", ad_string("simple"));
	print_collection(out, query->collection);
	if (query->aggregate)
	{
		appendStringInfoString(out, ".aggregate(");
		ad_template_print(out, ad_node(AD_ARRAY, pipeline(query, filter, skip, limit, NULL)));
		if (collation != NULL)
		{
			appendStringInfoString(out, ", ");
			ad_template_print(out, ad_doc("collation", collation));
		}
		appendStringInfoChar(out, ')');
		return;
	}
	appendStringInfoString(out, ".find(");
	ad_template_print(out, ad_template_match(filter));
	if (query->projection != NULL)
	{
		appendStringInfoString(out, ", ");
		ad_template_print(out, query->projection);
	}
	appendStringInfoChar(out, ')');
	print_option(out, "sort", query->sort);
	print_option(out, "skip", skip);
	print_option(out, "limit", limit);
	print_option(out, "collation", collation);
}
