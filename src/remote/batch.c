/*
 * batch.c
 *	  Takes the documents out of a reply before the driver reads it.
 *
 * The driver would copy a reply twice, and pass on its documents one by one.
 * That takes longer than to decode a small document.  So message_check.c
 * keeps the message with its documents, and gives the driver one in which an
 * empty document stands for all of them.  To the driver each batch then has
 * one document, so each mongoc_cursor_next() fetches a batch.  A batch without
 * documents remains empty, because the driver must see it.
 *
 * The driver calls message_check.c, so nothing here may throw.
 */
#include "postgres.h"

#include "remote/batch.h"

/* the size of a document; the server's own bound is BSONObjMaxInternalSize */
#define LARGEST_DOCUMENT	(16 * 1024 * 1024 + 16 * 1024)

/* an empty array, and one of an empty document whose key is empty, too */
static const uint8 no_document[] = {5, 0, 0, 0, 0};
static const uint8 one_document[] = {12, 0, 0, 0, BSON_TYPE_DOCUMENT, 0, 5, 0, 0, 0, 0, 0};

/* the size of the smallest document */
#define SMALLEST_DOCUMENT	5

/*
 * Finds the array of documents in a reply: the field firstBatch or nextBatch
 * of its field "cursor".  Returns false if there is none.
 */
static bool
find_array(const uint8 *document, uint32 size, AdElement *cursor, AdElement *array)
{
	AdReader	reader;

	ad_reader_init(&reader, document, size);
	if (!ad_reader_find(reader, "cursor", cursor) || cursor->type != BSON_TYPE_DOCUMENT)
		return false;
	ad_reader_enter(&reader, cursor);
	return (ad_reader_find(reader, "firstBatch", array) || ad_reader_find(reader, "nextBatch", array)) &&
		array->type == BSON_TYPE_ARRAY;
}

/*
 * Lets the batch begin with the first document of an array.  Returns false if
 * an element is no document, is too large, or does not have the size that it
 * states.
 */
static bool
begin_batch(AdBatch *batch, const AdElement *array)
{
	const uint8 *at = array->value + sizeof(int32);
	const uint8 *end = array->value + array->size - 1;

	batch->end = end;
	while (at < end)
	{
		uint32		size;

		if (*at++ != BSON_TYPE_DOCUMENT)
			return false;
		while (at < end && *at != 0)
			at++;
		at++;
		if (end - at < SMALLEST_DOCUMENT)
			return false;
		size = ad_read_int32(at);
		if (size < SMALLEST_DOCUMENT || size > end - at || size > LARGEST_DOCUMENT || at[size - 1] != 0)
			return false;
		if (batch->next == NULL)
			batch->next = at;
		at += size;
	}
	return true;
}

/* subtracts from the length that stands at some place in a message */
static void
shorten(uint8 *length, uint32 by)
{
	uint32		shorter = BSON_UINT32_TO_LE(ad_read_int32(length) - by);

	memcpy(length, &shorter, sizeof(shorter));
}

/*
 * Takes the documents out of a message.  The reply's document begins at the
 * offset "start" and ends with the message.  The batch takes over the message,
 * and *message and *size become those of the message for the driver.  Does
 * nothing if the reply has no array of documents.  Returns false if the array
 * is invalid, or if there is not enough memory.
 *
 * The structure of the reply must have been checked down to the array.
 */
bool
ad_batch_take(AdBatch *batch, uint8 **message, uint32 *size, uint32 start)
{
	uint8	   *whole = *message;
	uint8	   *shorter;
	const uint8 *after;
	const uint8 *kept;
	uint32		kept_size;
	uint32		removed;
	uint32		before;
	AdElement	cursor;
	AdElement	array;

	/* nobody has read a batch that is still there */
	ad_batch_free(batch);
	if (!find_array(whole + start, *size - start, &cursor, &array))
		return true;
	if (!begin_batch(batch, &array))
	{
		batch->next = NULL;
		return false;
	}
	kept = batch->next != NULL ? one_document : no_document;
	kept_size = ad_read_int32(kept);
	/* not negative, since no array with as many documents is smaller */
	removed = array.size - kept_size;
	shorter = malloc(*size - removed);
	if (shorter == NULL)
	{
		batch->next = NULL;
		return false;
	}
	before = array.value - whole;
	after = array.value + array.size;
	memcpy(shorter, whole, before);
	memcpy(shorter + before, kept, kept_size);
	memcpy(shorter + before + kept_size, after, whole + *size - after);
	shorten(shorter, removed);
	shorten(shorter + start, removed);
	shorten(shorter + (cursor.value - whole), removed);
	batch->message = whole;
	*message = shorter;
	*size -= removed;
	return true;
}

/*
 * Frees the documents, so that the batch is empty.
 */
void
ad_batch_free(AdBatch *batch)
{
	free(batch->message);
	batch->message = NULL;
	batch->next = NULL;
}
