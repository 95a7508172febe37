/*
 * remote_plan.c
 *	  Show MongoDB's plan of a query in EXPLAIN.
 *
 * The reply of MongoDB's explain is long, and its form depends on the version,
 * on the kind of query and on whether the collection is sharded (MongoDB
 * manual, "Explain Results").  Of it all, an administrator wants to see which
 * index was used, and how many keys and documents were examined.  What is not
 * found is left out.
 *
 * The plan is shown as its nodes, each with those that it reads in
 * parentheses: "FETCH(IXSCAN created_at_1)".  The values of bounds are not
 * shown, since the output may go to a log.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "base/compat.h"
#include "bson/bsonread.h"
#include "bson/encoding.h"
#include "execute/remote_plan.h"

/* the longest plan that is shown, in bytes */
#define LONGEST_PLAN	4000

typedef struct AdRemotePlan
{
	List	   *nodes;			/* AdReader: the topmost ones, of each shard */
	int64		keys;
	int64		documents;
	bool		has_work;		/* were the two found? */
} AdRemotePlan;

/* keys that hold a node's name and index: MongoDB's, and those of DocumentDB */
static const char *const names[] = {"stage", "Node Type", NULL};
static const char *const indexes[] = {"indexName", "Index Name", NULL};

/* keys that hold the nodes that a node reads: a document, or an array of them */
static const char *const inputs[] = {
	"winningPlan", "queryPlan", "inputStage", "inputStages", "outerStage", "innerStage",
	"thenStage", "elseStage", "shards", "Plan", "Plans", NULL
};

/*
 * Returns the string that one of the keys has, in the server's encoding, or
 * NULL.
 */
static const char *
find_name(AdReader node, const char *const *keys)
{
	AdElement	element;

	for (; *keys != NULL; keys++)
	{
		if (ad_reader_find(node, *keys, &element) && element.type == BSON_TYPE_UTF8)
		{
			uint32		len;
			const char *name = ad_read_string(element.value, &len);

			return ad_text_to_server(name, &len);
		}
	}
	return NULL;
}

static void collect(const AdElement *input, List **nodes);

/* adds to the list the nodes that a node reads */
static void
collect_inputs(AdReader node, List **nodes)
{
	AdElement	input;

	for (const char *const *key = inputs; *key != NULL; key++)
	{
		if (ad_reader_find(node, *key, &input))
			collect(&input, nodes);
	}
}

/*
 * Adds to the list the node that is the value of an element, or those of an
 * array.  A document that names no node, such as that of a shard, only holds
 * nodes.
 */
static void
collect(const AdElement *input, List **nodes)
{
	AdReader	reader;
	AdElement	element;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (input->type != BSON_TYPE_DOCUMENT && input->type != BSON_TYPE_ARRAY)
		return;
	ad_reader_enter(&reader, input);
	if (input->type == BSON_TYPE_ARRAY)
	{
		while (ad_reader_next(&reader, &element))
			collect(&element, nodes);
	}
	else if (find_name(reader, names) != NULL)
	{
		AdReader   *node = palloc(sizeof(AdReader));

		*node = reader;
		*nodes = lappend(*nodes, node);
	}
	else
		collect_inputs(reader, nodes);
}

/* appends a name of the server's, which can hold anything */
static void
print_name(StringInfo out, const char *name)
{
	static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$ ";

	if (strspn(name, plain) == strlen(name))
		appendStringInfoString(out, name);
	else
		escape_json(out, name);
}

/* appends the nodes, separated by commas */
static void
print_nodes(StringInfo out, const List *nodes)
{
	ListCell   *lc;

	foreach(lc, nodes)
	{
		AdReader	node = *(AdReader *) lfirst(lc);
		const char *index = find_name(node, indexes);
		List	   *read = NIL;

		if (out->len > LONGEST_PLAN)
		{
			appendStringInfoString(out, "...");
			return;
		}
		appendStringInfoString(out, lc == list_head(nodes) ? "" : ", ");
		print_name(out, find_name(node, names));
		if (index != NULL)
		{
			appendStringInfoChar(out, ' ');
			print_name(out, index);
		}
		collect_inputs(node, &read);
		if (read == NIL)
			continue;
		appendStringInfoChar(out, '(');
		print_nodes(out, read);
		appendStringInfoChar(out, ')');
	}
}

/* adds a number of a document to *sum; returns false if there is none */
static bool
add_number(AdReader reader, const char *name, int64 *sum)
{
	AdElement	element;

	if (!ad_reader_find(reader, name, &element))
		return false;
	if (element.type == BSON_TYPE_INT32)
		*sum += ad_read_int32(element.value);
	else if (element.type == BSON_TYPE_INT64)
		*sum += ad_read_int64(element.value);
	else
		return false;
	return true;
}

/* adds the keys and documents that were examined, if the document tells */
static void
read_work(AdReader reader, AdRemotePlan *plan)
{
	if (add_number(reader, "totalKeysExamined", &plan->keys) &&
		add_number(reader, "totalDocsExamined", &plan->documents))
		plan->has_work = true;
}

/*
 * Reads the reply of explain, or the part of it that is about one shard or
 * about the query at the beginning of a pipeline.
 */
static void
read_explanation(AdReader reader, AdRemotePlan *plan)
{
	AdReader	inner;
	AdElement	element;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (ad_reader_find_inner(reader, "executionStats", BSON_TYPE_DOCUMENT, &inner))
		read_work(inner, plan);
	if (ad_reader_find_inner(reader, "queryPlanner", BSON_TYPE_DOCUMENT, &inner))
	{
		collect_inputs(inner, &plan->nodes);
		return;
	}
	if (ad_reader_find_inner(reader, "shards", BSON_TYPE_DOCUMENT, &inner))
	{
		while (ad_reader_next(&inner, &element))
		{
			if (element.type == BSON_TYPE_DOCUMENT)
			{
				AdReader	shard;

				ad_reader_enter(&shard, &element);
				read_explanation(shard, plan);
			}
		}
	}
	if (ad_reader_find_inner(reader, "stages", BSON_TYPE_ARRAY, &inner))
	{
		while (ad_reader_next(&inner, &element))
		{
			AdReader	stage;

			if (element.type != BSON_TYPE_DOCUMENT)
				continue;
			ad_reader_enter(&stage, &element);
			/* $lookup has work of its own */
			read_work(stage, plan);
			if (ad_reader_find_inner(stage, "$cursor", BSON_TYPE_DOCUMENT, &stage))
				read_explanation(stage, plan);
		}
	}
}

/*
 * Shows MongoDB's plan for these values of the slots, and how many keys and
 * documents it examines.  MongoDB runs the query once more for that.
 */
void
ad_explain_remote_plan(const AdQuery *query, const AdSlot *slots, Oid userid, ExplainState *es)
{
	AdCommand	command = {0};
	AdRemotePlan plan = {0};
	StringInfoData text;
	AdCursor   *cursor;
	AdReader	reader;
	const uint8 *reply;

	/* MongoDB cannot explain a query that reads no collection */
	if (!ad_query_bind(query, slots, &command) || command.collection == NULL)
		return;
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	command.explain = true;
	cursor = ad_cursor_open(&command);
	reply = ad_cursor_next(cursor);
	ad_reader_init(&reader, reply, ad_read_int32(reply));
	read_explanation(reader, &plan);
	initStringInfo(&text);
	print_nodes(&text, plan.nodes);
	ad_cursor_close(cursor);

	if (text.len > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyText("MongoDB Plan", text.data, es);
	if (plan.has_work)
	{
		ExplainPropertyInteger("MongoDB Keys Examined", NULL, plan.keys, es);
		ExplainPropertyInteger("MongoDB Documents Examined", NULL, plan.documents, es);
	}
}
