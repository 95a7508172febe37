/*
 * query.c
 *	  The query that MongoDB runs for one scan.
 *
 * The planner makes an AdQuery and stores it in the plan as a List, which
 * copyObject() knows.  The executor reads it back, binds the slots, and gets
 * a command; EXPLAIN prints it with its slots open.
 *
 * What only filters, sorts by fields and projects is a find; what groups or
 * sorts by expressions is an aggregate.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "base/field.h"
#include "bson/bsonread.h"
#include "bson/domain.h"
#include "query/budget.h"
#include "query/query.h"
#include "query/type_tests.h"

/* members of the list, in order */
enum QueryMember
{
	QUERY_SERVER,
	QUERY_DATABASE,
	QUERY_COLLECTION,
	QUERY_FETCH_SIZE,
	QUERY_ALLOW_DISK_USE,
	QUERY_AGGREGATE,
	QUERY_SINGLE_ROW,
	QUERY_FILTER,
	QUERY_PROJECTION,
	QUERY_STAGES,
	QUERY_JOINED_COLLECTION,
	QUERY_JOINED_FILTER,
	QUERY_SORT,
	QUERY_SKIP,
	QUERY_LIMIT,
	QUERY_EXPECTED,
	QUERY_SKIPS_LATER,
	QUERY_LAST_STAGES,
	QUERY_OUTPUTS,
	QUERY_GUARDS
};

/*
 * A query of a table's documents, palloc'd, that has no outputs yet.
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
	query->filter = filter;
	return query;
}

/* whether a path is the other one or leads to it */
static bool
is_above(const char *path, const char *other)
{
	size_t		len = strlen(path);

	return strncmp(path, other, len) == 0 &&
		(other[len] == '\0' || other[len] == '.');
}

/*
 * The projectable paths of all outputs without those below others, which
 * MongoDB refuses.  Returns false if some output has none.
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
 * Let a find fetch the fields of its outputs only; and _id, where an error of a
 * domain is to name it.
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
	/* to exclude alone would include all else: name a field that is not there */
	if (paths == NIL)
		query->projection = ad_doc("no field", ad_integer(1));
	if (!with_id)
		query->projection = ad_doc_add(query->projection, "_id", ad_integer(0));
}

/* a string that may be missing; none of ours is empty */
static Node *
string_or_null(const char *string)
{
	return string != NULL ? ad_string(string) : ad_null();
}

static const char *
get_string(Node *node)
{
	return IsA(node, String) ? strVal(node) : NULL;
}

static Oid
get_oid(Node *node)
{
	return DatumGetObjectId(castNode(Const, node)->constvalue);
}

static List *
outputs_to_list(List *outputs)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, outputs)
	{
		AdOutput   *output = lfirst(lc);
		List	   *members = list_make5(ad_integer(output->position),
										 ad_string(output->path),
										 ad_integer(output->kind),
										 ad_oid_value(output->typid),
										 ad_integer(output->typmod));

		members = lappend(members, string_or_null(output->indicator));
		members = lappend(members, string_or_null(output->divisor));
		members = lappend(members, string_or_null(output->field));
		members = lappend(members, ad_integer(output->on_mismatch));
		members = lappend(members, makeBoolean(output->joined));
		members = lappend(members, ad_integer(output->of_nothing));
		members = lappend(members, string_or_null(output->second));
		members = lappend(members, ad_integer(output->deviation));
		members = lappend(members, ad_float8(output->fraction));
		result = lappend(result, members);
	}
	return result;
}

static List *
outputs_from_list(List *list)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
	{
		List	   *members = lfirst(lc);
		AdOutput   *output = palloc(sizeof(AdOutput));

		output->position = intVal(list_nth(members, 0));
		output->path = strVal(list_nth(members, 1));
		output->kind = (AdResult) intVal(list_nth(members, 2));
		output->typid = get_oid(list_nth(members, 3));
		output->typmod = intVal(list_nth(members, 4));
		output->indicator = get_string(list_nth(members, 5));
		output->divisor = get_string(list_nth(members, 6));
		output->field = get_string(list_nth(members, 7));
		output->on_mismatch = (AdMismatch) intVal(list_nth(members, 8));
		output->joined = boolVal(list_nth(members, 9));
		output->of_nothing = intVal(list_nth(members, 10));
		output->second = get_string(list_nth(members, 11));
		output->deviation = (AdDeviation) intVal(list_nth(members, 12));
		output->fraction = DatumGetFloat8(castNode(Const, list_nth(members, 13))->constvalue);
		result = lappend(result, output);
	}
	return result;
}

static List *
guards_to_list(List *guards)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, guards)
	{
		AdGuard    *guard = lfirst(lc);

		result = lappend(result, list_make5(ad_string(guard->path),
											ad_integer(guard->kind),
											string_or_null(guard->field),
											ad_oid_value(guard->typid),
											ad_integer(guard->typmod)));
	}
	return result;
}

static List *
guards_from_list(List *list)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
	{
		List	   *members = lfirst(lc);
		AdGuard    *guard = palloc(sizeof(AdGuard));

		guard->path = strVal(list_nth(members, 0));
		guard->kind = (AdFailureKind) intVal(list_nth(members, 1));
		guard->field = get_string(list_nth(members, 2));
		guard->typid = get_oid(list_nth(members, 3));
		guard->typmod = intVal(list_nth(members, 4));
		result = lappend(result, guard);
	}
	return result;
}

/*
 * The query as fdw_private, in the order of QueryMember.
 */
List *
ad_query_to_list(const AdQuery *query)
{
	List	   *list = list_make5(ad_oid_value(query->serverid),
								  ad_string(query->database),
								  ad_string(query->collection),
								  ad_integer(query->fetch_size),
								  makeBoolean(query->allow_disk_use));

	list = lappend(list, makeBoolean(query->aggregate));
	list = lappend(list, makeBoolean(query->single_row));
	list = lappend(list, query->filter);
	list = lappend(list, query->projection);
	list = lappend(list, query->stages);
	list = lappend(list, string_or_null(query->joined_collection));
	list = lappend(list, query->joined_filter);
	list = lappend(list, query->sort);
	list = lappend(list, query->skip);
	list = lappend(list, query->limit);
	list = lappend(list, query->expected);
	list = lappend(list, makeBoolean(query->skips_later));
	list = lappend(list, query->last_stages);
	list = lappend(list, outputs_to_list(query->outputs));
	list = lappend(list, guards_to_list(query->guards));
	return list;
}

/*
 * The query that ad_query_to_list() stored; it shares the list's nodes.
 */
AdQuery *
ad_query_from_list(List *list)
{
	AdQuery    *query = palloc(sizeof(AdQuery));

	query->serverid = get_oid(list_nth(list, QUERY_SERVER));
	query->database = strVal(list_nth(list, QUERY_DATABASE));
	query->collection = strVal(list_nth(list, QUERY_COLLECTION));
	query->fetch_size = intVal(list_nth(list, QUERY_FETCH_SIZE));
	query->allow_disk_use = boolVal(list_nth(list, QUERY_ALLOW_DISK_USE));
	query->aggregate = boolVal(list_nth(list, QUERY_AGGREGATE));
	query->single_row = boolVal(list_nth(list, QUERY_SINGLE_ROW));
	query->filter = list_nth(list, QUERY_FILTER);
	query->projection = list_nth(list, QUERY_PROJECTION);
	query->stages = list_nth(list, QUERY_STAGES);
	query->joined_collection = get_string(list_nth(list, QUERY_JOINED_COLLECTION));
	query->joined_filter = list_nth(list, QUERY_JOINED_FILTER);
	query->sort = list_nth(list, QUERY_SORT);
	query->skip = list_nth(list, QUERY_SKIP);
	query->limit = list_nth(list, QUERY_LIMIT);
	query->expected = list_nth(list, QUERY_EXPECTED);
	query->skips_later = boolVal(list_nth(list, QUERY_SKIPS_LATER));
	query->last_stages = list_nth(list, QUERY_LAST_STAGES);
	query->outputs = outputs_from_list(list_nth(list, QUERY_OUTPUTS));
	query->guards = guards_from_list(list_nth(list, QUERY_GUARDS));
	return query;
}

/*
 * The stages that a filter makes.  What says that a value is not an array, and
 * the like, is a stage of its own: MongoDB takes the two as one, while the test
 * server uses an index only where nothing stands beside the bounds.
 */
static List *
match_stages(Node *filter)
{
	List	   *bounds = NIL;
	List	   *guards = NIL;
	List	   *stages = NIL;
	ListCell   *lc;

	if (ad_tag(filter) == AD_TRUE)
		return NIL;
	if (ad_tag(filter) != AD_AND)
		return list_make1(ad_doc("$match", ad_template_match(filter)));
	for_each_from(lc, (List *) filter, 1)
	{
		Node	   *predicate = lfirst(lc);

		if (ad_tag(predicate) == AD_FIELD && strcmp(ad_member_str(ad_member(predicate, 1), 0), "$not") == 0)
			guards = lappend(guards, predicate);
		else
			bounds = lappend(bounds, predicate);
	}
	if (bounds != NIL)
		stages = lappend(stages, ad_doc("$match", ad_template_match(ad_and(bounds))));
	if (guards != NIL)
		stages = lappend(stages, ad_doc("$match", ad_template_match(ad_and(guards))));
	return stages;
}

/* the stages of an aggregate, whose filter is folded, with these limits */
static Node *
pipeline(const AdQuery *query, Node *filter, Node *skip, Node *limit, const AdSlot *slots)
{
	List	   *stages = match_stages(filter);
	ListCell   *lc;

	foreach(lc, query->stages)
		stages = lappend(stages, ad_template_bind(lfirst(lc), slots));
	if (query->sort != NULL)
		stages = lappend(stages, ad_doc("$sort", query->sort));
	if (skip != NULL)
		stages = lappend(stages, ad_doc("$skip", skip));
	if (limit != NULL)
		stages = lappend(stages, ad_doc("$limit", limit));
	return ad_node(AD_ARRAY, list_concat(stages, query->last_stages));
}

/*
 * The value of a limit's operand, or `none` if it has none.  A negative one
 * raises the executor's error.
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
 * How many documents MongoDB is to skip, and then to send.
 */
static void
bind_limit(const AdQuery *query, const AdSlot *slots, int64 *skip, int64 *limit)
{
	*skip = limit_value(query->skip, slots, 0,
						ERRCODE_INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE, "OFFSET");
	*limit = limit_value(query->limit, slots, PG_INT64_MAX,
						 ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, "LIMIT");
	/* MongoDB refuses a sum that is no int64; no collection is that large */
	if (*limit > PG_INT64_MAX - *skip)
		*limit = PG_INT64_MAX;
	else if (query->skips_later && *limit > 0)
		*limit += *skip;
	if (query->skips_later)
		*skip = 0;
}

/* what find and aggregate have in common */
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
 * The part of a command that grows with the operands' values.  Those of
 * constants were within the planner's budget; those of parameters were not
 * known to it.
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
				 errdetail("It has %d bytes, and MongoDB takes %d.", size, AD_MAX_COMMAND),
				 errhint("Compare with fewer or shorter values, or set the option enable_filter_pushdown of the foreign table to false.")));
	return body;
}

static const uint8 *
optional_bson(Node *document)
{
	return document == NULL ? NULL : ad_template_bson(document);
}

/*
 * The command for these values of the slots; its userid is left to the
 * caller.  Returns false if no document can match, so that there is nothing
 * to ask.  What the command points to is palloc'd.
 */
bool
ad_query_bind(const AdQuery *query, const AdSlot *slots, AdCommand *command)
{
	Node	   *filter;
	int64		skip;
	int64		limit;
	Datum		expected;

	bind_limit(query, slots, &skip, &limit);
	filter = ad_template_fold(query->filter, slots);
	if (ad_tag(filter) == AD_FALSE || limit == 0)
		return false;
	fill_command(query, command);
	/* one more shows that no equal rows follow */
	if (query->expected != NULL && ad_template_operand(query->expected, slots, &expected) &&
		DatumGetInt64(expected) >= 0 && DatumGetInt64(expected) < PG_INT64_MAX)
		command->expected = DatumGetInt64(expected) + 1;
	command->kind = query->aggregate ? AD_COMMAND_AGGREGATE : AD_COMMAND_FIND;
	command->limit = limit == PG_INT64_MAX ? 0 : limit;
	if (query->aggregate)
	{
		command->body =
			body_bson(ad_doc("pipeline",
							 pipeline(query, filter,
									  skip == 0 ? NULL : ad_int64(skip),
									  limit == PG_INT64_MAX ? NULL : ad_int64(limit),
									  slots)));
		return true;
	}
	command->body = body_bson(ad_template_match(filter));
	command->projection = optional_bson(query->projection);
	command->sort = optional_bson(query->sort);
	command->skip = skip;
	return true;
}

/*
 * The query for so many documents that MongoDB chooses at random.
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
 * Ask for the documents of a query that has neither a filter nor slots, with
 * the rights of that user, in the current memory context.
 */
AdCursor *
ad_query_open(const AdQuery *query, Oid userid)
{
	AdCommand	command = {0};

	/* there is no filter, so it is certain that documents can match */
	(void) ad_query_bind(query, NULL, &command);
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	return ad_cursor_open(&command);
}

/*
 * The command that finds the documents, among those of the query or of the
 * collection that is joined, whose field is a mismatch; or, if MongoDB cannot
 * tell or typid is InvalidOid, all of them.  It fetches the field and _id.
 */
void
ad_query_find_mismatch(const AdQuery *query, const AdSlot *slots,
					   const char *field, Oid typid, bool joined,
					   AdCommand *command)
{
	Node	   *filter = ad_template_fold(joined ? query->joined_filter : query->filter, slots);
	const AdType *type = ad_type(typid);
	const char *path = ad_field_projectable(field);

	if (type != NULL && type->class != AD_CLASS_NONE &&
		type->class != AD_CLASS_UUID && path != NULL && strcmp(path, field) == 0)
	{
		Node	   *fits = ad_fits_expr(type, ad_string(psprintf("$%s", field)), true);

		filter = ad_and(list_make2(filter,
								   ad_node(AD_EXPR, list_make1(ad_doc("$not", ad_array1(fits))))));
	}
	fill_command(query, command);
	if (joined)
		command->collection = query->joined_collection;
	command->kind = AD_COMMAND_FIND;
	command->body = body_bson(ad_template_match(filter));
	command->projection = NULL;
	if (path != NULL)
		command->projection = ad_template_bson(ad_doc(path, ad_integer(1)));
}

/* a shell's name for the collection */
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

/* append .name(value), if there is a value */
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
 * Append the query in the notation of MongoDB's shell, with slots as $1, $2,
 * ...
 */
void
ad_query_print(StringInfo out, const AdQuery *query)
{
	Node	   *filter = ad_template_fold(query->filter, NULL);
	Node	   *skip = query->skips_later ? NULL : query->skip;
	Node	   *limit = query->limit;

	if (ad_tag(filter) == AD_FALSE)
	{
		appendStringInfoString(out, "none, the condition is never true");
		return;
	}
	/* of two constants or slots: their sum is known when they are */
	if (query->skips_later && query->skip != NULL)
		limit = ad_doc("$add", ad_array2(query->skip, query->limit));
	print_collection(out, query->collection);
	if (query->aggregate)
	{
		print_option(out, "aggregate", pipeline(query, filter, skip, limit, NULL));
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
}
