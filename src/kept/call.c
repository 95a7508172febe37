/*
 * call.c
 *	  What a document of the collection counts as.
 *
 * The columns are decoded as a scan decodes them.  A call is "unusual" if the
 * sums cannot hold it: if a value is a mismatch that raises an error, if the
 * minutes are not finite or beyond what exact_sum.c can add, if the address
 * is too long for an index, or if the date is beyond years of four digits.
 * A range with such a call is left to the live query.
 *
 * A document whose created_at is null or a mismatch is in no range.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/field.h"
#include "base/utf8.h"
#include "bson/decoder.h"
#include "bson/types.h"
#include "kept/call.h"
#include "kept/exact.h"

/* longest address in bytes; an index entry has room for 2700 */
#define LONGEST_EMAIL	1000

/* added to the type in the key of a long _id; only minKey, which is short, has it anyway */
#define HASHED			0x80

struct AdCallReader
{
	const AdKeptTable *table;
	AdDecoder  *decoder;
};

/*
 * Returns a reader for documents of the table, in the current memory context.
 */
AdCallReader *
ad_call_reader(const AdKeptTable *table)
{
	AdCallReader *reader = palloc(sizeof(AdCallReader));

	reader->table = table;
	reader->decoder = ad_decoder_create();
	for (int i = 0; i < AD_N_KEPT_COLUMNS; i++)
		(void) ad_decoder_add(reader->decoder, ad_to_utf8(table->fields[i].options.field),
							  ad_target(table->fields[i].typid, table->fields[i].typmod));
	return reader;
}

/*
 * Returns the names of the fields that the reader needs, in UTF-8, each once.
 * A path is cut after its first name, since what it leads through decides
 * whether it is a mismatch.
 */
List *
ad_call_fields(const AdKeptTable *table)
{
	List	   *names = NIL;

	for (int i = 0; i < AD_N_KEPT_COLUMNS; i++)
	{
		const char *path = table->fields[i].options.field;
		const char *name = ad_to_utf8(ad_field_next_name(&path));
		ListCell   *lc;

		foreach(lc, names)
		{
			if (strcmp(lfirst(lc), name) == 0)
				break;
		}
		if (lc == NULL)
			names = lappend(names, unconstify(char *, name));
	}
	return names;
}

/* ------------------------------------------------------------------------
 * Keys
 * ------------------------------------------------------------------------ */

/*
 * Get the key of a document: the type and the bytes of its _id, or their hash
 * if there are many.  Returns false if it has none.
 *
 * MongoDB never changes an _id, so the events of a document have the bytes
 * that were read with it.  1 and 1.0, which MongoDB holds for the same _id,
 * have different keys.  They cannot be those of two documents at a time.
 */
bool
ad_call_key(AdReader document, AdCallKey *key)
{
	AdElement	id;
	pg_cryptohash_ctx *hash;

	memset(key, 0, sizeof(AdCallKey));
	if (!ad_reader_find(document, "_id", &id))
		return false;
	key->bytes[0] = (uint8) id.type;
	if (id.size < AD_KEY_SIZE)
	{
		key->size = 1 + id.size;
		memcpy(key->bytes + 1, id.value, id.size);
		return true;
	}
	key->bytes[0] |= HASHED;
	key->size = 1 + PG_SHA256_DIGEST_LENGTH;
	hash = pg_cryptohash_create(PG_SHA256);
	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, id.value, id.size) < 0 ||
		pg_cryptohash_final(hash, key->bytes + 1, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	return true;
}

/* ------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------ */

/*
 * Can kept_user hold the address?
 */
bool
ad_is_usual_email(const char *email, int len)
{
	return len <= LONGEST_EMAIL;
}

/*
 * Are all calls in the range kept under their own dates?
 */
bool
ad_is_usual_range(TimestampTz start, TimestampTz end)
{
	return start >= AD_FIRST_INSTANT && end < AD_LAST_INSTANT;
}

/* take over the date; one beyond the usual counts as the first or last one */
static void
set_created_at(AdKeptCall *call, TimestampTz created_at)
{
	call->created_at = Max(AD_FIRST_INSTANT, Min(created_at, AD_LAST_INSTANT));
	if (call->created_at != created_at)
		call->unusual = true;
}

/* take over the minutes */
static void
set_minutes(AdKeptCall *call, Oid typid, Datum value)
{
	int64		whole = 0;

	switch (typid)
	{
		case INT2OID:
			whole = DatumGetInt16(value);
			break;
		case INT4OID:
			whole = DatumGetInt32(value);
			break;
		case INT8OID:
			whole = DatumGetInt64(value);
			break;
	}
	call->minutes = typid == FLOAT8OID ? DatumGetFloat8(value) : (double) whole;
	call->has_minutes = ad_is_exact(call->minutes);
	if (!call->has_minutes)
		call->unusual = true;
}

/*
 * Read a document.  The key is left alone.  The address is palloc'd in the
 * current memory context.
 */
void
ad_call_read(AdCallReader *reader, const uint8 *document, AdKeptCall *call)
{
	const AdFieldValue *values = ad_decode(reader->decoder, document);
	const AdKeptField *fields = reader->table->fields;

	call->exists = values[AD_KEPT_CREATED_AT].state == AD_FIELD_VALUE;
	call->unusual = false;
	call->has_minutes = false;
	call->minutes = 0;
	call->email = NULL;
	if (!call->exists)
		return;
	set_created_at(call, DatumGetTimestampTz(values[AD_KEPT_CREATED_AT].value));
	if (values[AD_KEPT_EMAIL].state == AD_FIELD_VALUE)
	{
		call->email = DatumGetTextPP(values[AD_KEPT_EMAIL].value);
		if (!ad_is_usual_email(VARDATA_ANY(call->email), VARSIZE_ANY_EXHDR(call->email)))
		{
			pfree(call->email);
			call->email = NULL;
			call->unusual = true;
		}
	}
	if (values[AD_KEPT_MINUTES].state == AD_FIELD_VALUE)
		set_minutes(call, fields[AD_KEPT_MINUTES].typid, values[AD_KEPT_MINUTES].value);
	for (int i = 0; i < AD_N_KEPT_COLUMNS; i++)
	{
		if (values[i].state == AD_FIELD_MISMATCH && fields[i].options.on_mismatch == AD_MISMATCH_ERROR)
			call->unusual = true;
	}
}
