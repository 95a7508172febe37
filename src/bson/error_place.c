/*
 * error_place.c
 *	  Where a value comes from, for the context line of an error about it.
 *
 * INTERFACE ROUTINES
 *		ad_document_id	a document's _id, in words
 *		ad_add_place	the context line
 *
 * Both are for callbacks of error_context_stack, too: they raise no error but for
 * memory, and then look nothing up in the catalogs.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "bson/bson_type.h"
#include "bson/constant.h"
#include "bson/error_place.h"

/* bytes of an _id that are shown */
#define AD_LONGEST_ID	200

/* whether an element can be shown without a conversion of the catalogs' */
static bool
is_convertible(const AdElement *element)
{
	const char *string;
	uint32		len;

	if (element->type != BSON_TYPE_UTF8 || GetDatabaseEncoding() == PG_UTF8)
		return true;
	string = ad_read_string(element->value, &len);
	for (uint32 i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(string[i]))
			return false;
	}
	return true;
}

/*
 * A document's _id in the notation of MongoDB's shell, cut if it is long; NULL
 * if it has none, or none can be found because the document is corrupt.
 */
const char *
ad_document_id(const uint8 *document, bool in_callback)
{
	uint32		size = ad_read_int32(document);
	StringInfoData words;
	AdReader	reader;
	AdElement	element;

	if (!ad_is_document(document, size, 1))
		return NULL;
	ad_reader_init(&reader, document, size);
	if (!ad_reader_find(reader, "_id", &element))
		return NULL;
	if (in_callback && !is_convertible(&element))
		return ad_bson_type_name(element.type);
	initStringInfo(&words);
	ad_print_element(&words, &element);
	if (words.len > AD_LONGEST_ID)
	{
		words.len = pg_mbcliplen(words.data, words.len, AD_LONGEST_ID);
		words.data[words.len] = '\0';
		appendStringInfoString(&words, "...");
	}
	return words.data;
}

/*
 * Add a context line to the error that is being raised.  Column and _id may be
 * NULL.  The result means nothing; ereport() wants one.
 */
int
ad_add_place(const char *table, const char *column, const char *id)
{
	if (column != NULL && id != NULL)
		errcontext("column \"%s\" of foreign table \"%s\", document with _id %s",
				   column, table, id);
	else if (column != NULL)
		errcontext("column \"%s\" of foreign table \"%s\"", column, table);
	else if (id != NULL)
		errcontext("foreign table \"%s\", document with _id %s", table, id);
	else
		errcontext("foreign table \"%s\"", table);
	return 0;
}
