/*
 * encoding.c
 *	  Convert BSON strings to text in the server's encoding.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "bson/encoding.h"

/*
 * Is a string ASCII without U+0000?  Such a string is valid text in every
 * encoding.  Most strings are of that kind, so we test eight bytes at a time.
 */
static bool
is_plain(const char *string, uint32 len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		bytes;

	for (; len >= sizeof(bytes); len -= sizeof(bytes), string += sizeof(bytes))
	{
		memcpy(&bytes, string, sizeof(bytes));

		/*
		 * A byte above 127 has its high bit set, and a zero byte gets it from
		 * the subtraction's borrow.
		 */
		if ((bytes | (bytes - ones)) & (ones << 7))
			return false;
	}
	for (; len > 0; len--, string++)
	{
		if ((signed char) *string <= 0)
			return false;
	}
	return true;
}

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
 * Convert a BSON string, which must have a null byte after it, to text in the
 * server's encoding.  *len is its length in bytes, and becomes the length of
 * the result, which has a null byte after it too.  Returns the string itself
 * if no conversion is necessary.  Returns NULL if PostgreSQL cannot store the
 * string as text: if it is not valid UTF-8, contains U+0000, or has a
 * character that the server's encoding lacks.
 */
const char *
ad_text_to_server(const char *string, uint32 *len)
{
	if (is_plain(string, *len))
		return string;
	if (!pg_verify_mbstr(PG_UTF8, string, *len, true) ||
		memchr(string, '\0', *len) != NULL)
		return NULL;
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return string;
	return convert_text(string, len);
}
