/*
 * error_place.c
 *	  The context line of an error about a value: table, column and document.
 *
 * INTERFACE ROUTINES
 *		ad_document_id	text for the _id of a document
 *		ad_add_place	add the context line
 *
 * Callbacks of error_context_stack can use both functions.  They raise no
 * error except for lack of memory, and with "in_callback" they read no
 * catalogs.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "bson/bson_type.h"
#include "bson/constant.h"
#include "bson/error_place.h"

/* the most bytes of an _id that an error shows */
#define AD_LONGEST_ID	200

/*
 * Can we print an element without a character set conversion, which would
 * have to read the catalogs?
 */
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
 * Returns the _id of a document in the notation of MongoDB's shell, palloc'd,
 * and cut if it is long.  Returns NULL if the document has no _id or is
 * corrupt.  "in_callback" tells that the caller is an error context callback:
 * an _id that would need a conversion is then shown by its BSON type only.
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
 * Add a context line to the error that is being raised.  "column" and "id"
 * may be NULL.  The result has no meaning, but an argument of ereport() needs
 * one.
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
