/*
 * collected.c
 *	  Calls that are collected, and then stored together.
 *
 * Of a document that changes several times only the last state is stored.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "kept/collected.h"

struct AdCallBatch
{
	AdCallReader *reader;
	MemoryContext context;		/* of what belongs to the collected calls */
	HTAB	   *calls;			/* AdKeptCall by AdCallKey */
	int			states;			/* how many were added, also of the same
								 * document */
};

/* start with no calls */
static void
start(AdCallBatch *batch)
{
	HASHCTL		control = {0};

	MemoryContextReset(batch->context);
	batch->states = 0;
	control.keysize = sizeof(AdCallKey);
	control.entrysize = sizeof(AdKeptCall);
	control.hcxt = batch->context;
	batch->calls = hash_create("admin_dashboard kept calls", AD_COLLECTED_STATES, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Returns an empty batch for calls of the table, in the current memory
 * context.
 */
AdCallBatch *
ad_collected_create(const AdKeptTable *table)
{
	AdCallBatch *batch = palloc0(sizeof(AdCallBatch));

	batch->reader = ad_call_reader(table);
	batch->context = AllocSetContextCreate(CurrentMemoryContext, "admin_dashboard kept batch",
										   ALLOCSET_DEFAULT_SIZES);
	start(batch);
	return batch;
}

/*
 * Add the state of a document; NULL if it is gone.
 */
void
ad_collected_add(AdCallBatch *batch, const AdCallKey *key, const uint8 *document)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	AdKeptCall *call = hash_search(batch->calls, key, HASH_ENTER, NULL);

	batch->states++;
	if (document == NULL)
	{
		call->exists = call->has_minutes = call->unusual = false;
		call->email = NULL;
	}
	else
		ad_call_read(batch->reader, document, call);
	MemoryContextSwitchTo(old);
}

/*
 * Returns the number of documents.
 */
int
ad_collected_count(const AdCallBatch *batch)
{
	return hash_get_num_entries(batch->calls);
}

/*
 * Is it time to store the batch?  The states of a document that changes all
 * the time count, too, since each takes memory.
 */
bool
ad_collected_enough(const AdCallBatch *batch)
{
	return batch->states >= AD_COLLECTED_STATES;
}

/* the columns of the calls as arrays */
typedef struct AdCallArrays
{
	int			count;
	Datum	   *values[AD_N_CALL_ARRAYS];
	bool	   *nulls[AD_N_CALL_ARRAYS];
} AdCallArrays;

static const Oid member_types[] = {BYTEAOID, TEXTOID, TIMESTAMPTZOID, FLOAT8OID, BOOLOID};
const Oid	ad_call_array_types[] = {BYTEAARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, FLOAT8ARRAYOID, BOOLARRAYOID};

static void
set_value(AdCallArrays *arrays, int column, bool isnull, Datum value)
{
	arrays->values[column][arrays->count] = value;
	arrays->nulls[column][arrays->count] = isnull;
}

/* fill the arrays with all calls */
static void
fill_arrays(const AdCallBatch *batch, AdCallArrays *arrays)
{
	int			size = ad_collected_count(batch);
	HASH_SEQ_STATUS sequence;
	AdKeptCall *call;

	for (int i = 0; i < AD_N_CALL_ARRAYS; i++)
	{
		arrays->values[i] = palloc(size * sizeof(Datum));
		arrays->nulls[i] = palloc(size * sizeof(bool));
	}
	hash_seq_init(&sequence, batch->calls);
	while ((call = hash_seq_search(&sequence)) != NULL)
	{
		set_value(arrays, 0, false, PointerGetDatum(ad_kept_bytea(call->key.bytes, call->key.size)));
		set_value(arrays, 1, call->email == NULL, PointerGetDatum(call->email));
		set_value(arrays, 2, !call->exists, TimestampTzGetDatum(call->created_at));
		set_value(arrays, 3, !call->has_minutes, Float8GetDatum(call->minutes));
		set_value(arrays, 4, false, BoolGetDatum(call->unusual));
		arrays->count++;
	}
}

/*
 * Returns the calls as arrays, one for each of their columns, palloc'd.
 */
void
ad_collected_arrays(const AdCallBatch *batch, Datum *arrays)
{
	AdCallArrays columns = {0};

	fill_arrays(batch, &columns);
	for (int i = 0; i < AD_N_CALL_ARRAYS; i++)
	{
		int			dims[1] = {columns.count};
		int			lower[1] = {1};
		int16		typlen;
		bool		typbyval;
		char		typalign;

		get_typlenbyvalalign(member_types[i], &typlen, &typbyval, &typalign);
		arrays[i] = PointerGetDatum(construct_md_array(columns.values[i], columns.nulls[i], 1, dims, lower,
													   member_types[i], typlen, typbyval, typalign));
	}
}

/*
 * Store the calls of a source with one of the functions kept_load and
 * kept_apply, and start again with none.
 */
void
ad_collected_store(AdCallBatch *batch, int32 source, const char *function)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	Oid			types[1 + AD_N_CALL_ARRAYS] = {INT4OID};
	Datum		values[1 + AD_N_CALL_ARRAYS] = {Int32GetDatum(source)};
	AdKeptScope scope;

	CHECK_FOR_INTERRUPTS();
	memcpy(types + 1, ad_call_array_types, sizeof(ad_call_array_types));
	ad_collected_arrays(batch, values + 1);
	if (ad_kept_enter(&scope))
	{
		(void) ad_kept_run(psprintf("SELECT admin_dashboard.%s($1, $2, $3, $4, $5, $6)", function),
						   lengthof(types), types, values, NULL);
		ad_kept_leave(&scope);
	}
	MemoryContextSwitchTo(old);
	start(batch);
}
