/*
 * encoding.c
 *	  Strings of BSON as text of the server.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "bson/encoding.h"

/*
 * Whether a string is ASCII without U+0000, which is text in any encoding.
 * Eight bytes at a time: most strings are.
 */
static bool
is_plain(const char *string, uint32 len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		bytes;

	for (; len >= sizeof(bytes); len -= sizeof(bytes), string += sizeof(bytes))
	{
		memcpy(&bytes, string, sizeof(bytes));
		/* a byte above 127 has its high bit, a zero gets it from the borrow */
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

/* from UTF-8 to the server's encoding; NULL if it has not all characters */
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
 * A string of BSON as text in the server's encoding, which ends with a null
 * byte beyond *len; NULL if PostgreSQL has no such text: if it is not UTF-8,
 * has U+0000, or a character that the encoding has not.
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
