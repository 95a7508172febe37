/*
 * query_list.c
 *	  Storing an AdQuery in a plan, as a List, and reading it back.
 *
 * Each struct has a writer and a reader below it, which name the members in
 * the same order.  The order is known to these two functions only.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"

#include "query/query.h"

/* the position in a stored struct */
typedef struct AdMembers
{
	List	   *list;
	int			next;			/* index of the member that is read next */
} AdMembers;

static Node *
next_node(AdMembers *members)
{
	return list_nth(members->list, members->next++);
}

static int
next_int(AdMembers *members)
{
	return intVal(next_node(members));
}

static bool
next_bool(AdMembers *members)
{
	return boolVal(next_node(members));
}

static Oid
next_oid(AdMembers *members)
{
	return DatumGetObjectId(castNode(Const, next_node(members))->constvalue);
}

static float8
next_float8(AdMembers *members)
{
	return DatumGetFloat8(castNode(Const, next_node(members))->constvalue);
}

/* the string that string_or_null() stored */
static const char *
next_string(AdMembers *members)
{
	Node	   *node = next_node(members);

	return IsA(node, String) ? strVal(node) : NULL;
}

static Node *
string_or_null(const char *string)
{
	return string != NULL ? ad_string(string) : ad_null();
}

static List *
output_to_list(const AdOutput *output)
{
	List	   *list = NIL;

	list = lappend(list, ad_integer(output->position));
	list = lappend(list, string_or_null(output->path));
	list = lappend(list, ad_integer(output->kind));
	list = lappend(list, ad_oid_value(output->typid));
	list = lappend(list, ad_integer(output->typmod));
	list = lappend(list, string_or_null(output->indicator));
	list = lappend(list, makeBoolean(output->counted));
	list = lappend(list, string_or_null(output->divisor));
	list = lappend(list, string_or_null(output->second));
	list = lappend(list, ad_oid_value(output->final));
	for (int i = 0; i < AD_PAIR_SUMS; i++)
		list = lappend(list, string_or_null(output->of_pairs[i]));
	list = lappend(list, ad_integer(output->deviation));
	list = lappend(list, ad_float8(output->fraction));
	list = lappend(list, ad_oid_value(output->state_of));
	list = lappend(list, makeBoolean(output->of_double));
	list = lappend(list, ad_integer(output->of_nothing));
	list = lappend(list, output->then);
	list = lappend(list, string_or_null(output->field));
	list = lappend(list, ad_integer(output->on_mismatch));
	list = lappend(list, makeBoolean(output->joined));
	return list;
}

static AdOutput *
output_from_list(List *list)
{
	AdOutput   *output = palloc(sizeof(AdOutput));
	AdMembers	members = {list};

	output->position = next_int(&members);
	output->path = next_string(&members);
	output->kind = (AdResult) next_int(&members);
	output->typid = next_oid(&members);
	output->typmod = next_int(&members);
	output->indicator = next_string(&members);
	output->counted = next_bool(&members);
	output->divisor = next_string(&members);
	output->second = next_string(&members);
	output->final = next_oid(&members);
	for (int i = 0; i < AD_PAIR_SUMS; i++)
		output->of_pairs[i] = next_string(&members);
	output->deviation = (AdDeviation) next_int(&members);
	output->fraction = next_float8(&members);
	output->state_of = next_oid(&members);
	output->of_double = next_bool(&members);
	output->of_nothing = next_int(&members);
	output->then = next_node(&members);
	output->field = next_string(&members);
	output->on_mismatch = (AdMismatch) next_int(&members);
	output->joined = next_bool(&members);
	return output;
}

static List *
guard_to_list(const AdGuard *guard)
{
	List	   *list = NIL;

	list = lappend(list, string_or_null(guard->path));
	list = lappend(list, ad_integer(guard->kind));
	list = lappend(list, string_or_null(guard->field));
	list = lappend(list, ad_oid_value(guard->typid));
	list = lappend(list, ad_integer(guard->typmod));
	list = lappend(list, string_or_null(guard->sum));
	list = lappend(list, string_or_null(guard->count));
	list = lappend(list, makeBoolean(guard->doubtful));
	return list;
}

static AdGuard *
guard_from_list(List *list)
{
	AdGuard    *guard = palloc(sizeof(AdGuard));
	AdMembers	members = {list};

	guard->path = next_string(&members);
	guard->kind = (AdFailureKind) next_int(&members);
	guard->field = next_string(&members);
	guard->typid = next_oid(&members);
	guard->typmod = next_int(&members);
	guard->sum = next_string(&members);
	guard->count = next_string(&members);
	guard->doubtful = next_bool(&members);
	return guard;
}

static List *
outputs_to_list(List *outputs)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, outputs)
		result = lappend(result, output_to_list(lfirst(lc)));
	return result;
}

static List *
outputs_from_list(List *list)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
		result = lappend(result, output_from_list(lfirst(lc)));
	return result;
}

static List *
guards_to_list(List *guards)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, guards)
		result = lappend(result, guard_to_list(lfirst(lc)));
	return result;
}

static List *
guards_from_list(List *list)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
		result = lappend(result, guard_from_list(lfirst(lc)));
	return result;
}

/* NIL for NULL */
static List *
slices_to_list(const AdSlices *slices)
{
	if (slices == NULL)
		return NIL;
	return list_make4(ad_string(slices->path), slices->bounds, ad_integer(slices->count),
					  makeBoolean(slices->bounded));
}

static AdSlices *
slices_from_list(List *list)
{
	AdSlices   *slices = palloc(sizeof(AdSlices));
	AdMembers	members = {list};

	if (list == NIL)
		return NULL;
	slices->path = next_string(&members);
	slices->bounds = (List *) next_node(&members);
	slices->count = next_int(&members);
	slices->bounded = next_bool(&members);
	return slices;
}

/*
 * Returns the query as a List for fdw_private.  The list shares the query's
 * nodes.
 */
List *
ad_query_to_list(const AdQuery *query)
{
	List	   *list = NIL;

	list = lappend(list, ad_oid_value(query->serverid));
	list = lappend(list, string_or_null(query->database));
	list = lappend(list, string_or_null(query->collection));
	list = lappend(list, ad_integer(query->fetch_size));
	list = lappend(list, makeBoolean(query->allow_disk_use));
	list = lappend(list, makeBoolean(query->simple_collation));
	list = lappend(list, makeBoolean(query->aggregate));
	list = lappend(list, makeBoolean(query->single_row));
	list = lappend(list, query->filter);
	list = lappend(list, query->keys);
	list = lappend(list, ad_integer(query->key_slot));
	list = lappend(list, ad_integer(query->key_param));
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
	list = lappend(list, makeBoolean(query->counted));
	list = lappend(list, outputs_to_list(query->outputs));
	list = lappend(list, guards_to_list(query->guards));
	list = lappend(list, ad_oid_value(query->relid));
	list = lappend(list, ad_oid_value(query->userid));
	list = lappend(list, slices_to_list(query->slices));
	return list;
}

/*
 * Returns the query that ad_query_to_list() stored, palloc'd.  It shares the
 * list's nodes.
 */
AdQuery *
ad_query_from_list(List *list)
{
	AdQuery    *query = palloc0(sizeof(AdQuery));
	AdMembers	members = {list};

	query->serverid = next_oid(&members);
	query->database = next_string(&members);
	query->collection = next_string(&members);
	query->fetch_size = next_int(&members);
	query->allow_disk_use = next_bool(&members);
	query->simple_collation = next_bool(&members);
	query->aggregate = next_bool(&members);
	query->single_row = next_bool(&members);
	query->filter = next_node(&members);
	query->keys = next_node(&members);
	query->key_slot = next_int(&members);
	query->key_param = next_int(&members);
	query->projection = next_node(&members);
	query->stages = (List *) next_node(&members);
	query->joined_collection = next_string(&members);
	query->joined_filter = next_node(&members);
	query->sort = next_node(&members);
	query->skip = next_node(&members);
	query->limit = next_node(&members);
	query->expected = next_node(&members);
	query->skips_later = next_bool(&members);
	query->last_stages = (List *) next_node(&members);
	query->counted = next_bool(&members);
	query->outputs = outputs_from_list((List *) next_node(&members));
	query->guards = guards_from_list((List *) next_node(&members));
	query->relid = next_oid(&members);
	query->userid = next_oid(&members);
	query->slices = slices_from_list((List *) next_node(&members));
	query->slice = NULL;
	return query;
}
