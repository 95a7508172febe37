/*
 * generate.c
 *	  Documents of all sorts: generated, and mutated.
 *
 * The same seed makes the same documents.
 */
#include "postgres.h"

#include <math.h>

#include <bson/bson.h>

#include "generate.h"

/* names of fields in documents; mostly what the paths want */
static const char *const names[] = {
	"a", "a", "b", "c", "d", "e", "0", "1", "x.y", "$z", "", "b.c", "$",
	"\xc3\xa9", "\xff\xfe", "\xed\xa0\x80", "a longer name than the others"
};

/* ----------
 * Random numbers: the same documents for the same seed
 * ----------
 */

static uint64
next_random(Generator *gen)
{
	uint64		z = (gen->random += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint32
below(Generator *gen, uint32 limit)
{
	return next_random(gen) % limit;
}

bool
one_in(Generator *gen, uint32 n)
{
	return below(gen, n) == 0;
}

/* ----------
 * Documents that are generated
 * ----------
 */

/* BSON is little-endian, whatever we are */
static void
put_int32(StringInfo out, uint32 number)
{
	number = BSON_UINT32_TO_LE(number);
	appendBinaryStringInfo(out, (void *) &number, sizeof(number));
}

static void
put_int64(StringInfo out, uint64 number)
{
	number = BSON_UINT64_TO_LE(number);
	appendBinaryStringInfo(out, (void *) &number, sizeof(number));
}

static void
put_double(StringInfo out, double number)
{
	uint64		bits;

	memcpy(&bits, &number, sizeof(bits));
	put_int64(out, bits);
}

/* the int32 at an offset that was written before */
static void
set_int32(StringInfo out, int offset, uint32 number)
{
	number = BSON_UINT32_TO_LE(number);
	memcpy(out->data + offset, &number, sizeof(number));
}

/* a length, seldom a wrong one */
static uint32
some_length(Generator *gen, uint32 length)
{
	static const uint32 wrong[] = {
		0, 1, 3, 4, 5, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffb, 0x10000
	};

	if (!one_in(gen, 128))
		return length;
	if (one_in(gen, 2))
		return wrong[below(gen, lengthof(wrong))];
	return length + below(gen, 17) - 8;
}

static int64
some_integer(Generator *gen)
{
	static const int64 numbers[] = {
		0, 1, -1, 7, 999, 1000, PG_INT16_MIN, PG_INT16_MAX, PG_INT16_MAX + 1,
		PG_INT32_MIN, PG_INT32_MAX, INT64CONST(2147483648), PG_INT64_MIN,
		PG_INT64_MAX, INT64CONST(9007199254740993), INT64CONST(99999999),
		/* dates: at midnight, the first and last timestamps and beyond */
		INT64CONST(86400000), INT64CONST(86399999), INT64CONST(-86400000),
		INT64CONST(1772323200000), INT64CONST(-210866803200000),
		INT64CONST(-210866803200001), INT64CONST(9224318015999999),
		INT64CONST(9224318016000000), INT64CONST(253402300800000),
		INT64CONST(-62135596800001)
	};

	return one_in(gen, 4) ? (int64) next_random(gen) : numbers[below(gen, lengthof(numbers))];
}

static void
put_some_double(Generator *gen, StringInfo out)
{
	static const double numbers[] = {
		0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 1e16, 1e308, 5e-324, 1.5e-45, 3.5e38,
		9223372036854775807.0, -9223372036854775808.0, 9223372036854774784.0,
		32767.0, 32768.0, 2147483648.0, 16777217.0, 99999999.99, 4503599627370497.5
	};

	switch (below(gen, 6))
	{
		case 0:
			put_int64(out, next_random(gen));
			break;
		case 1:
			put_double(out, one_in(gen, 2) ? NAN : -NAN);
			break;
		case 2:
			put_double(out, one_in(gen, 2) ? INFINITY : -INFINITY);
			break;
		default:
			put_double(out, numbers[below(gen, lengthof(numbers))]);
	}
}

static void
put_decimal(Generator *gen, StringInfo out)
{
	static const char *const numbers[] = {
		"0", "-0", "0E+6111", "0E-6176", "1", "-1.50", "NaN", "Infinity",
		"-Infinity", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808.0", "32767.000", "9.999999999999999999999999999999999E+6144",
		"1E-6176", "1E+34", "0.1", "0.1000000000000000055511151231257827",
		"12345678.995", "1.7976931348623157E+308", "1E+309", "4.9E-324"
	};
	bson_decimal128_t decimal;

	if (one_in(gen, 4))
	{
		decimal.low = next_random(gen);
		decimal.high = next_random(gen);
		/* among them infinities, NaN and the form for large digits */
		if (one_in(gen, 2))
			decimal.high |= UINT64CONST(0x6000000000000000);
	}
	else
		bson_decimal128_from_string(numbers[below(gen, lengthof(numbers))], &decimal);
	put_int64(out, decimal.low);
	put_int64(out, decimal.high);
}

/* the bytes of a string, some not UTF-8, and its null byte */
static void
put_bytes(Generator *gen, StringInfo out, bool nulls)
{
	static const char *const strings[] = {
		"", "red", "blue", "abc", "abc   ", "   ", "word", "longer than eight",
		"0123456789abcdef01234567", "caf\xc3\xa9", "\xf0\x9f\x98\x80", "\xe2\x82\xac uro",
		"\"quoted\\\"", "line\nline\t\x01\x1f\x7f", "NaN", "{\"a\": 1}",
		"sixty-three bytes are what a name of PostgreSQL can have at mos",
		"sixty-four bytes are more than a name of PostgreSQL can have it.",
		/* not UTF-8: alone, cut off, overlong, a surrogate, beyond U+10FFFF */
		"\x80", "\xff", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc0\x80", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"
	};

	appendStringInfoString(out, strings[below(gen, lengthof(strings))]);
	if (one_in(gen, 8))
		appendStringInfoString(out, strings[below(gen, lengthof(strings))]);
	if (nulls && one_in(gen, 16))
		appendStringInfoChar(out, '\0');
	if (nulls && one_in(gen, 16))
	{
		appendStringInfoChar(out, '\0');
		appendStringInfoString(out, "behind");
	}
	appendStringInfoChar(out, one_in(gen, 256) ? 'x' : '\0');
}

/* a string with its length */
static void
put_string(Generator *gen, StringInfo out)
{
	int			start = out->len;

	put_int32(out, 0);
	put_bytes(gen, out, true);
	set_int32(out, start, some_length(gen, out->len - start - 4));
}

static void
put_random(Generator *gen, StringInfo out, int len)
{
	for (int i = 0; i < len; i++)
		appendStringInfoChar(out, next_random(gen));
}

static void
put_binary(Generator *gen, StringInfo out)
{
	static const uint8 subtypes[] = {0, 1, 2, 2, 3, 4, 4, 5, 6, 8, 128, 255};
	static const int lengths[] = {0, 1, 2, 3, 4, 5, 15, 16, 16, 16, 17, 100};
	uint8		subtype = subtypes[below(gen, lengthof(subtypes))];
	int			length = lengths[below(gen, lengthof(lengths))];

	/* subtype 2 has its length twice */
	put_int32(out, some_length(gen, subtype == 2 ? length + 4 : length));
	appendStringInfoChar(out, subtype);
	if (subtype == 2)
		put_int32(out, some_length(gen, length));
	put_random(gen, out, length);
}

static void put_document(Generator *gen, StringInfo out, int depth, bool array);

static void
put_code_with_scope(Generator *gen, StringInfo out, int depth)
{
	int			start = out->len;

	put_int32(out, 0);
	put_string(gen, out);
	put_document(gen, out, depth + 1, false);
	set_int32(out, start, some_length(gen, out->len - start));
}

static void
put_value(Generator *gen, StringInfo out, uint8 type, int depth)
{
	switch (type)
	{
		case BSON_TYPE_DOUBLE:
			put_some_double(gen, out);
			break;
		case BSON_TYPE_UTF8:
		case BSON_TYPE_CODE:
		case BSON_TYPE_SYMBOL:
			put_string(gen, out);
			break;
		case BSON_TYPE_DOCUMENT:
		case BSON_TYPE_ARRAY:
			put_document(gen, out, depth + 1, type == BSON_TYPE_ARRAY);
			break;
		case BSON_TYPE_BINARY:
			put_binary(gen, out);
			break;
		case BSON_TYPE_OID:
			put_random(gen, out, 12);
			break;
		case BSON_TYPE_BOOL:
			appendStringInfoChar(out, one_in(gen, 32) ? 2 : below(gen, 2));
			break;
		case BSON_TYPE_DATE_TIME:
		case BSON_TYPE_INT64:
		case BSON_TYPE_TIMESTAMP:
			put_int64(out, some_integer(gen));
			break;
		case BSON_TYPE_REGEX:
			put_bytes(gen, out, false);
			put_bytes(gen, out, false);
			break;
		case BSON_TYPE_DBPOINTER:
			put_string(gen, out);
			put_random(gen, out, 12);
			break;
		case BSON_TYPE_CODEWSCOPE:
			put_code_with_scope(gen, out, depth);
			break;
		case BSON_TYPE_INT32:
			put_int32(out, some_integer(gen));
			break;
		case BSON_TYPE_DECIMAL128:
			put_decimal(gen, out);
			break;
		default:
			/* null and the like have no bytes; neither have those unknown */
			break;
	}
}

static uint8
some_type(Generator *gen, int depth)
{
	static const uint8 types[] = {
		BSON_TYPE_DOUBLE, BSON_TYPE_UTF8, BSON_TYPE_BINARY, BSON_TYPE_UNDEFINED,
		BSON_TYPE_OID, BSON_TYPE_BOOL, BSON_TYPE_DATE_TIME, BSON_TYPE_NULL,
		BSON_TYPE_REGEX, BSON_TYPE_DBPOINTER, BSON_TYPE_CODE, BSON_TYPE_SYMBOL,
		BSON_TYPE_INT32, BSON_TYPE_TIMESTAMP, BSON_TYPE_INT64,
		BSON_TYPE_DECIMAL128, BSON_TYPE_MAXKEY, BSON_TYPE_MINKEY,
		/* with more inside */
		BSON_TYPE_CODEWSCOPE, BSON_TYPE_DOCUMENT, BSON_TYPE_DOCUMENT,
		BSON_TYPE_ARRAY, BSON_TYPE_ARRAY, BSON_TYPE_ARRAY
	};

	if (one_in(gen, 256))
		return below(gen, 256);
	return types[below(gen, lengthof(types) - (depth > 6 ? 6 : 0))];
}

/* a document or an array, seldom with something wrong */
static void
put_document(Generator *gen, StringInfo out, int depth, bool array)
{
	int			start = out->len;
	int			count = below(gen, depth == 0 ? 8 : 5);

	/* most arrays are of one type, and perhaps nulls */
	uint8		same = array && !one_in(gen, 4) ? some_type(gen, depth) : 0;

	put_int32(out, 0);
	for (int i = 0; i < count; i++)
	{
		uint8		type = same != 0 && !one_in(gen, 10) ? same :
		same != 0 && one_in(gen, 2) ? BSON_TYPE_NULL : some_type(gen, depth);

		appendStringInfoChar(out, type);
		if (array && !one_in(gen, 64))
			appendStringInfo(out, "%d", i);
		else
			appendStringInfoString(out, names[below(gen, lengthof(names))]);
		appendStringInfoChar(out, '\0');
		put_value(gen, out, type, depth);
	}
	appendStringInfoChar(out, one_in(gen, 512) ? 1 : 0);
	set_int32(out, start, some_length(gen, out->len - start));
}

/* ----------
 * Documents that are mutated
 * ----------
 */

static void
make_room(StringInfo out, int at, int len)
{
	enlargeStringInfo(out, len);
	memmove(out->data + at + len, out->data + at, out->len - at);
	out->len += len;
}

static void
cut(StringInfo out, int at, int len)
{
	memmove(out->data + at, out->data + at + len, out->len - at - len);
	out->len -= len;
}

/* put part of a document into another, or over its bytes */
static void
splice_in(Generator *gen, StringInfo out, StringInfo from)
{
	int			start = below(gen, from->len);
	int			len = 1 + below(gen, from->len - start);
	int			at = below(gen, out->len);

	if (one_in(gen, 2))
		make_room(out, at, len);
	else
		len = Min(len, out->len - at);
	memmove(out->data + at, from->data + start, len);
}

/* the document in so many documents or arrays */
static void
nest(Generator *gen, StringInfo out, int levels)
{
	bool		array = one_in(gen, 2);
	int			len = out->len;
	char		head[7] = {0, 0, 0, 0, array ? BSON_TYPE_ARRAY : BSON_TYPE_DOCUMENT, array ? '0' : 'a', 0};

	make_room(out, 0, levels * (int) sizeof(head));
	for (int i = 0; i < levels; i++)
	{
		memcpy(out->data + i * sizeof(head), head, sizeof(head));
		set_int32(out, i * sizeof(head), len + (levels - i) * ((int) sizeof(head) + 1));
	}
	enlargeStringInfo(out, levels);
	memset(out->data + out->len, 0, levels);
	out->len += levels;
	/* what is read is below a name that is wanted */
	if (array)
		out->data[4] = BSON_TYPE_DOCUMENT;
}

/* its elements again and again */
static void
repeat_elements(Generator *gen, StringInfo out)
{
	int			limit = 1024 << below(gen, 8);

	while (out->len > 5 && out->len < limit)
	{
		int			len = out->len - 5;

		enlargeStringInfo(out, len + 1);
		memcpy(out->data + out->len - 1, out->data + 4, len);
		out->len += len;
		out->data[out->len - 1] = '\0';
	}
}

static void
mutate(Generator *gen, StringInfo out)
{
	static const uint32 lengths[] = {
		0, 1, 4, 5, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc
	};
	int			at = below(gen, out->len);

	switch (below(gen, 10))
	{
		case 0:
			out->data[at] ^= 1 << below(gen, 8);
			break;
		case 1:
			out->data[at] = next_random(gen);
			break;
		case 2:
			out->data[at] = '\0';
			break;
		case 3:
			if (at + 4 <= out->len)
				set_int32(out, at, one_in(gen, 2) ? below(gen, out->len + 8) :
						  lengths[below(gen, lengthof(lengths))]);
			break;
		case 4:
			/* a small change, of lengths as well */
			out->data[at] += below(gen, 9) - 4;
			break;
		case 5:
			cut(out, at, 1 + below(gen, Min(out->len - at, 16)));
			break;
		case 6:
			out->len = Max(at, 5);
			break;
		case 7:
			splice_in(gen, out, gen->seeds[below(gen, gen->nseeds)]);
			break;
		case 8:
			splice_in(gen, out, out);
			break;
		case 9:
			if (one_in(gen, 20))
				repeat_elements(gen, out);
			break;
	}
	while (out->len < 5)
		appendStringInfoChar(out, '\0');
}

/*
 * The next document.  Its own length is right: that much the driver has made
 * sure of.
 */
void
next_document(Generator *gen, StringInfo out)
{
	resetStringInfo(out);
	if (one_in(gen, 3))
	{
		StringInfo	seed = gen->seeds[below(gen, gen->nseeds)];

		appendBinaryStringInfo(out, seed->data, seed->len);
	}
	else
		put_document(gen, out, 0, false);
	if (one_in(gen, 3))
	{
		for (int i = below(gen, 6); i >= 0 && out->len < MAX_DOCUMENT / 4; i--)
			mutate(gen, out);
	}
	if (one_in(gen, 1000))
		nest(gen, out, one_in(gen, 10) ? 50000 : below(gen, 2000));
	if (out->len > MAX_DOCUMENT)
		out->len = MAX_DOCUMENT;
	set_int32(out, 0, out->len);
	if (!one_in(gen, 64))
		out->data[out->len - 1] = '\0';
}

/* ----------
 * Seeds: every BSON type, at the paths
 * ----------
 */

void
add_seed(Generator *gen, const void *data, int len)
{
	StringInfo	seed = makeStringInfo();

	if (len < 5)
		ereport(ERROR, (errmsg("a document has at least 5 bytes")));
	appendBinaryStringInfo(seed, data, len);
	gen->seeds = gen->seeds == NULL ? palloc(sizeof(StringInfo)) :
		repalloc(gen->seeds, (gen->nseeds + 1) * sizeof(StringInfo));
	gen->seeds[gen->nseeds++] = seed;
}

static void
append_types(bson_t *out, bool documents)
{
	bson_oid_t	oid;
	bson_decimal128_t decimal;
	bson_t		scope = BSON_INITIALIZER;

	bson_oid_init_from_string(&oid, "0123456789abcdef01234567");
	bson_decimal128_from_string("12.50", &decimal);
	BSON_APPEND_INT32(&scope, "a", 1);
	bson_append_double(out, "a", 1, 1.5);
	bson_append_utf8(out, "e", 1, "caf\xc3\xa9", -1);
	bson_append_binary(out, "b", 1, BSON_SUBTYPE_UUID, oid.bytes, 12);
	bson_append_binary(out, "c", 1, BSON_SUBTYPE_BINARY_DEPRECATED, oid.bytes, 12);
	bson_append_undefined(out, "d", 1);
	bson_append_oid(out, "e", 1, &oid);
	bson_append_bool(out, "x.y", 3, true);
	bson_append_date_time(out, "$z", 2, INT64CONST(1772323200000));
	bson_append_null(out, "", 0);
	bson_append_regex(out, "a", 1, "^a.*$", "im");
	bson_append_dbpointer(out, "b", 1, "calls", &oid);
	bson_append_code(out, "c", 1, "function () {}");
	bson_append_symbol(out, "d", 1, "red", 3);
	if (documents)
		bson_append_code_with_scope(out, "e", 1, "a + 1", &scope);
	bson_append_int32(out, "x.y", 3, 7);
	bson_append_timestamp(out, "$z", 2, 1772323200, 3);
	bson_append_int64(out, "", 0, INT64CONST(5000000000));
	bson_append_decimal128(out, "a", 1, &decimal);
	bson_append_maxkey(out, "b", 1);
	bson_append_minkey(out, "c", 1);
	bson_destroy(&scope);
}

static void
add_bson(Generator *gen, bson_t *document)
{
	add_seed(gen, bson_get_data(document), document->len);
	bson_destroy(document);
}

/* each element of the types alone, under one name of a path */
static void
add_single_seeds(Generator *gen, const bson_t *types)
{
	bson_iter_t iter;

	if (!bson_iter_init(&iter, types))
		return;
	while (bson_iter_next(&iter))
	{
		bson_t		alone = BSON_INITIALIZER;
		bson_t		in_array = BSON_INITIALIZER;
		bson_t		array;

		bson_append_iter(&alone, "a", 1, &iter);
		add_bson(gen, &alone);
		bson_append_array_begin(&in_array, "a", 1, &array);
		bson_append_iter(&array, "0", 1, &iter);
		bson_append_null(&array, "1", 1);
		bson_append_iter(&array, "2", 1, &iter);
		bson_append_array_end(&in_array, &array);
		add_bson(gen, &in_array);
	}
}

/* a document and an array of more elements than jsonb has lengths in a row */
static void
add_wide_seed(Generator *gen)
{
	bson_t		wide = BSON_INITIALIZER;
	bson_t		inner;

	for (int list = 0; list < 2; list++)
	{
		if (list == 0)
			bson_append_document_begin(&wide, "a", 1, &inner);
		else
			bson_append_array_begin(&wide, "e", 1, &inner);
		for (int i = 0; i < 70; i++)
		{
			char		name[16];

			/* the names are not sorted */
			snprintf(name, sizeof(name), "%d", list == 0 ? i * 37 % 70 : i);
			if (i % 3 == 0)
				bson_append_utf8(&inner, name, -1, "longer than eight", i % 10);
			else
				bson_append_double(&inner, name, -1, i / 4.0);
		}
		if (list == 0)
			bson_append_document_end(&wide, &inner);
		else
			bson_append_array_end(&wide, &inner);
	}
	add_bson(gen, &wide);
}

void
add_seeds(Generator *gen)
{
	bson_t		types = BSON_INITIALIZER;
	bson_t		nested = BSON_INITIALIZER;
	bson_t		empty = BSON_INITIALIZER;
	bson_t		array;
	bson_t		document;

	append_types(&types, true);
	add_single_seeds(gen, &types);
	bson_append_document_begin(&nested, "b", 1, &document);
	append_types(&document, false);
	bson_append_document_end(&nested, &document);
	bson_append_array_begin(&nested, "d", 1, &array);
	bson_append_document(&array, "0", 1, &types);
	bson_append_array(&array, "1", 1, &empty);
	bson_append_array_end(&nested, &array);
	bson_append_document(&nested, "c", 1, &types);
	add_bson(gen, &nested);
	add_bson(gen, &types);
	add_bson(gen, &empty);
	add_wide_seed(gen);
}
