/*
 * encoding.c
 *	  Convert BSON strings to text in the server's encoding.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "bson/encoding.h"

/*
 * Convert a string from UTF-8 to the server's encoding.  Returns NULL if the
 * encoding lacks one of its characters.  *len becomes the new length.
 */
static const char *
convert_text(const char *string, uint32 *len)
{
	int			encoding = GetDatabaseEncoding();
	Oid			conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	int			size = *len * MAX_CONVERSION_GROWTH + 1;
	char	   *result;

	if (!OidIsValid(conversion))
		return NULL;
	result = palloc(size);
	if (pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding,
									  (unsigned char *) unconstify(char *, string), *len,
									  (unsigned char *) result, size, true) != *len)
		return NULL;
	*len = strlen(result);
	return result;
}

/*
 * Like ad_text_to_server(), for a string that is not ASCII.
 */
const char *
ad_convert_text(const char *string, uint32 *len)
{
	if (!pg_verify_mbstr(PG_UTF8, string, *len, true) ||
		memchr(string, '\0', *len) != NULL)
		return NULL;
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return string;
	return convert_text(string, len);
}
