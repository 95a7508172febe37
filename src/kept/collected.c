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
};

/* start with no calls */
static void
start(AdCallBatch *batch)
{
	HASHCTL		control = {0};

	MemoryContextReset(batch->context);
	control.keysize = sizeof(AdCallKey);
	control.entrysize = sizeof(AdKeptCall);
	control.hcxt = batch->context;
	batch->calls = hash_create("admin_dashboard kept calls", AD_COLLECTED_CALLS, &control,
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

/* the columns of the calls as arrays */
typedef struct AdCallArrays
{
	int			count;
	Datum	   *values[5];
	bool	   *nulls[5];
} AdCallArrays;

static const Oid array_types[] = {BYTEAOID, TEXTOID, TIMESTAMPTZOID, FLOAT8OID, BOOLOID};

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

	for (int i = 0; i < lengthof(array_types); i++)
	{
		arrays->values[i] = palloc(size * sizeof(Datum));
		arrays->nulls[i] = palloc(size * sizeof(bool));
	}
	hash_seq_init(&sequence, batch->calls);
	while ((call = hash_seq_search(&sequence)) != NULL)
	{
		bytea	   *id = palloc(VARHDRSZ + call->key.size);

		SET_VARSIZE(id, VARHDRSZ + call->key.size);
		memcpy(VARDATA(id), call->key.bytes, call->key.size);
		set_value(arrays, 0, false, PointerGetDatum(id));
		set_value(arrays, 1, call->email == NULL, PointerGetDatum(call->email));
		set_value(arrays, 2, !call->exists, TimestampTzGetDatum(call->created_at));
		set_value(arrays, 3, !call->has_minutes, Float8GetDatum(call->minutes));
		set_value(arrays, 4, false, BoolGetDatum(call->unusual));
		arrays->count++;
	}
}

/*
 * Store the calls of a source with one of the functions kept_load and
 * kept_apply, and start again with none.
 */
void
ad_collected_store(AdCallBatch *batch, int32 source, const char *function)
{
	static const Oid types[] = {INT4OID, BYTEAARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, FLOAT8ARRAYOID, BOOLARRAYOID};
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	AdCallArrays arrays = {0};
	Datum		values[lengthof(types)];
	AdKeptScope scope;

	CHECK_FOR_INTERRUPTS();
	fill_arrays(batch, &arrays);
	values[0] = Int32GetDatum(source);
	for (int i = 0; i < lengthof(array_types); i++)
	{
		int			dims[1] = {arrays.count};
		int			lower[1] = {1};
		int16		typlen;
		bool		typbyval;
		char		typalign;

		get_typlenbyvalalign(array_types[i], &typlen, &typbyval, &typalign);
		values[i + 1] = PointerGetDatum(construct_md_array(arrays.values[i], arrays.nulls[i], 1, dims, lower,
														   array_types[i], typlen, typbyval, typalign));
	}
	if (ad_kept_enter(&scope))
	{
		(void) ad_kept_run(psprintf("SELECT admin_dashboard.%s($1, $2, $3, $4, $5, $6)", function),
						   lengthof(types), types, values, NULL);
		ad_kept_leave(&scope);
	}
	MemoryContextSwitchTo(old);
	start(batch);
}
