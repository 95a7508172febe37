/*
 * encoding.h
 *	  Convert BSON strings to text in the server's encoding.
 */
#ifndef AD_ENCODING_H
#define AD_ENCODING_H

extern const char *ad_convert_text(const char *string, uint32 *len);

/*
 * Is a string ASCII without U+0000?  Such a string is valid text in every
 * encoding.  Most strings are of that kind, so we test 16 bytes at a time.
 */
static inline bool
ad_is_plain(const char *string, uint32 len)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	const char *end = string + len;
	uint64		low;
	uint64		high;
	uint64		found = 0;

	if (len < sizeof(uint64))
	{
		while (string < end && (signed char) *string > 0)
			string++;
		return string == end;
	}

	/*
	 * A byte above 127 has its high bit set, and a zero byte gets it from the
	 * subtraction's borrow.
	 */
	for (; end - string > 2 * sizeof(uint64); string += 2 * sizeof(uint64))
	{
		memcpy(&low, string, sizeof(low));
		memcpy(&high, string + sizeof(low), sizeof(high));
		found |= low | (low - ones) | high | (high - ones);
	}
	/* the last 1 to 16 bytes, of which some may have been tested already */
	memcpy(&high, end - sizeof(high), sizeof(high));
	memcpy(&low, end - string > sizeof(low) ? string : end - sizeof(low), sizeof(low));
	found |= low | (low - ones) | high | (high - ones);
	return (found & (ones << 7)) == 0;
}

/*
 * Convert a BSON string, which must have a null byte after it, to text in the
 * server's encoding.  *len is its length in bytes, and becomes the length of
 * the result, which has a null byte after it too.  Returns the string itself
 * if no conversion is necessary.  Returns NULL if PostgreSQL cannot store the
 * string as text: if it is not valid UTF-8, contains U+0000, or has a
 * character that the server's encoding lacks.
 */
static inline const char *
ad_text_to_server(const char *string, uint32 *len)
{
	return likely(ad_is_plain(string, *len)) ? string : ad_convert_text(string, len);
}

#endif							/* AD_ENCODING_H */
