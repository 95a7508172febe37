/*
 * ad_fuzz.c
 *	  Documents of all sorts for the decoder, under AddressSanitizer.
 *
 * The decoder's sources are linked into this library, instrumented.  libbson
 * and PostgreSQL are not, so that reads beyond a document by these are found
 * by an inaccessible page behind it, and what the decoder itself palloc's is
 * fenced and filled by ad_fuzz_palloc().
 *
 * Besides memory errors, these are failures:
 *	- an error that no document may cause;
 *	- a value that, printed, is not read again as the same one;
 *	- json and jsonb that differ.
 *
 * They are raised with the document in the error's context.  If the server
 * dies, the document is written to its log.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sanitizer/asan_interface.h>

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "decode.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ad_fuzz_decode);
PG_FUNCTION_INFO_V1(ad_fuzz_document);
PG_FUNCTION_INFO_V1(ad_fuzz_seeds);

/* the longest document, in bytes */
#define MAX_DOCUMENT	(1024 * 1024)

/* documents that a hang is looked for in at once, and their time in ms */
#define HANG_DOCUMENTS	256
#define HANG_TIME		60000

/* the paths that every type is read at, and $ for json and jsonb */
static const char *const paths[] = {
	"a", "b.c", "a.0", "b.1.c", "c.d.e", "d.0.1", "x\\.y", "\\$z", "", "e"
};

#define N_PATHS			lengthof(paths)

/* names of fields in documents; mostly what the paths want */
static const char *const names[] = {
	"a", "a", "b", "c", "d", "e", "0", "1", "x.y", "$z", "", "b.c", "$",
	"\xc3\xa9", "\xff\xfe", "\xed\xa0\x80", "a longer name than the others"
};

/* one column at one path */
typedef struct Field
{
	int			path;			/* of paths; -1 for the document */
	Oid			typid;
	int32		typmod;
	Oid			ioparam;
	FmgrInfo	in;
	FmgrInfo	out;
} Field;

typedef struct Fuzz
{
	uint64		random;
	AdDecoder  *decoder;
	Field	   *fields;			/* by their indexes in the decoder */
	int			nfields;
	MemoryContext context;		/* of one document */
	uint8	   *page;			/* inaccessible, and so is all behind */
	StringInfo *seeds;
	int			nseeds;
	int64		documents;
	int64		accepted;
	int64		mismatches;
	int64		errors;
} Fuzz;

/* for the handler: what is decoded now */
static const uint8 *volatile current;
static volatile int current_len;

/* ----------
 * Memory of the decoder
 * ----------
 */

#define FENCE			32
#define MAX_FENCED		65536

extern void *ad_fuzz_palloc(Size size);
extern void *ad_fuzz_repalloc(void *pointer, Size size);

static struct
{
	char	   *start;
	Size		size;
}			fenced[MAX_FENCED];
static int	nfenced;

static void
unfence(int from)
{
	while (nfenced > from)
	{
		nfenced--;
		ASAN_UNPOISON_MEMORY_REGION(fenced[nfenced].start + fenced[nfenced].size, FENCE);
	}
}

/*
 * palloc() of the decoder's sources: what is behind the chunk is poisoned until
 * the document is done, and what was not written is no pointer.
 */
void *
ad_fuzz_palloc(Size size)
{
	char	   *start = palloc(size + FENCE);

	memset(start, 0x7d, size);
	if (nfenced < MAX_FENCED)
	{
		fenced[nfenced].start = start;
		fenced[nfenced++].size = size;
		ASAN_POISON_MEMORY_REGION(start + size, FENCE);
	}
	return start;
}

void *
ad_fuzz_repalloc(void *pointer, Size size)
{
	void	   *result;

	for (int i = nfenced - 1; i >= 0; i--)
	{
		if (fenced[i].start != pointer)
			continue;
		/* the old chunk is not freed: whatever still points there reads 0x7d */
		result = ad_fuzz_palloc(size);
		memcpy(result, pointer, Min(size, fenced[i].size));
		memset(pointer, 0x7d, fenced[i].size);
		return result;
	}
	/* no room was left in the list */
	return repalloc(pointer, size + FENCE);
}

/* ----------
 * Random numbers: the same documents for the same seed
 * ----------
 */

static uint64
next_random(Fuzz *fuzz)
{
	uint64		z = (fuzz->random += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint32
below(Fuzz *fuzz, uint32 limit)
{
	return next_random(fuzz) % limit;
}

static bool
one_in(Fuzz *fuzz, uint32 n)
{
	return below(fuzz, n) == 0;
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
some_length(Fuzz *fuzz, uint32 length)
{
	static const uint32 wrong[] = {
		0, 1, 3, 4, 5, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffb, 0x10000
	};

	if (!one_in(fuzz, 128))
		return length;
	if (one_in(fuzz, 2))
		return wrong[below(fuzz, lengthof(wrong))];
	return length + below(fuzz, 17) - 8;
}

static int64
some_integer(Fuzz *fuzz)
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

	return one_in(fuzz, 4) ? (int64) next_random(fuzz) : numbers[below(fuzz, lengthof(numbers))];
}

static void
put_some_double(Fuzz *fuzz, StringInfo out)
{
	static const double numbers[] = {
		0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 1e16, 1e308, 5e-324, 1.5e-45, 3.5e38,
		9223372036854775807.0, -9223372036854775808.0, 9223372036854774784.0,
		32767.0, 32768.0, 2147483648.0, 16777217.0, 99999999.99, 4503599627370497.5
	};

	switch (below(fuzz, 6))
	{
		case 0:
			put_int64(out, next_random(fuzz));
			break;
		case 1:
			put_double(out, one_in(fuzz, 2) ? NAN : -NAN);
			break;
		case 2:
			put_double(out, one_in(fuzz, 2) ? INFINITY : -INFINITY);
			break;
		default:
			put_double(out, numbers[below(fuzz, lengthof(numbers))]);
	}
}

static void
put_decimal(Fuzz *fuzz, StringInfo out)
{
	static const char *const numbers[] = {
		"0", "-0", "0E+6111", "0E-6176", "1", "-1.50", "NaN", "Infinity",
		"-Infinity", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808.0", "32767.000", "9.999999999999999999999999999999999E+6144",
		"1E-6176", "1E+34", "0.1", "0.1000000000000000055511151231257827",
		"12345678.995", "1.7976931348623157E+308", "1E+309", "4.9E-324"
	};
	bson_decimal128_t decimal;

	if (one_in(fuzz, 4))
	{
		decimal.low = next_random(fuzz);
		decimal.high = next_random(fuzz);
		/* among them infinities, NaN and the form for large digits */
		if (one_in(fuzz, 2))
			decimal.high |= UINT64CONST(0x6000000000000000);
	}
	else
		bson_decimal128_from_string(numbers[below(fuzz, lengthof(numbers))], &decimal);
	put_int64(out, decimal.low);
	put_int64(out, decimal.high);
}

/* the bytes of a string, some not UTF-8, and its null byte */
static void
put_bytes(Fuzz *fuzz, StringInfo out, bool nulls)
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

	appendStringInfoString(out, strings[below(fuzz, lengthof(strings))]);
	if (one_in(fuzz, 8))
		appendStringInfoString(out, strings[below(fuzz, lengthof(strings))]);
	if (nulls && one_in(fuzz, 16))
		appendStringInfoChar(out, '\0');
	if (nulls && one_in(fuzz, 16))
	{
		appendStringInfoChar(out, '\0');
		appendStringInfoString(out, "behind");
	}
	appendStringInfoChar(out, one_in(fuzz, 256) ? 'x' : '\0');
}

/* a string with its length */
static void
put_string(Fuzz *fuzz, StringInfo out)
{
	int			start = out->len;

	put_int32(out, 0);
	put_bytes(fuzz, out, true);
	set_int32(out, start, some_length(fuzz, out->len - start - 4));
}

static void
put_random(Fuzz *fuzz, StringInfo out, int len)
{
	for (int i = 0; i < len; i++)
		appendStringInfoChar(out, next_random(fuzz));
}

static void
put_binary(Fuzz *fuzz, StringInfo out)
{
	static const uint8 subtypes[] = {0, 1, 2, 2, 3, 4, 4, 5, 6, 8, 128, 255};
	static const int lengths[] = {0, 1, 2, 3, 4, 5, 15, 16, 16, 16, 17, 100};
	uint8		subtype = subtypes[below(fuzz, lengthof(subtypes))];
	int			length = lengths[below(fuzz, lengthof(lengths))];

	/* subtype 2 has its length twice */
	put_int32(out, some_length(fuzz, subtype == 2 ? length + 4 : length));
	appendStringInfoChar(out, subtype);
	if (subtype == 2)
		put_int32(out, some_length(fuzz, length));
	put_random(fuzz, out, length);
}

static void put_document(Fuzz *fuzz, StringInfo out, int depth, bool array);

static void
put_code_with_scope(Fuzz *fuzz, StringInfo out, int depth)
{
	int			start = out->len;

	put_int32(out, 0);
	put_string(fuzz, out);
	put_document(fuzz, out, depth + 1, false);
	set_int32(out, start, some_length(fuzz, out->len - start));
}

static void
put_value(Fuzz *fuzz, StringInfo out, uint8 type, int depth)
{
	switch (type)
	{
		case BSON_TYPE_DOUBLE:
			put_some_double(fuzz, out);
			break;
		case BSON_TYPE_UTF8:
		case BSON_TYPE_CODE:
		case BSON_TYPE_SYMBOL:
			put_string(fuzz, out);
			break;
		case BSON_TYPE_DOCUMENT:
		case BSON_TYPE_ARRAY:
			put_document(fuzz, out, depth + 1, type == BSON_TYPE_ARRAY);
			break;
		case BSON_TYPE_BINARY:
			put_binary(fuzz, out);
			break;
		case BSON_TYPE_OID:
			put_random(fuzz, out, 12);
			break;
		case BSON_TYPE_BOOL:
			appendStringInfoChar(out, one_in(fuzz, 32) ? 2 : below(fuzz, 2));
			break;
		case BSON_TYPE_DATE_TIME:
		case BSON_TYPE_INT64:
		case BSON_TYPE_TIMESTAMP:
			put_int64(out, some_integer(fuzz));
			break;
		case BSON_TYPE_REGEX:
			put_bytes(fuzz, out, false);
			put_bytes(fuzz, out, false);
			break;
		case BSON_TYPE_DBPOINTER:
			put_string(fuzz, out);
			put_random(fuzz, out, 12);
			break;
		case BSON_TYPE_CODEWSCOPE:
			put_code_with_scope(fuzz, out, depth);
			break;
		case BSON_TYPE_INT32:
			put_int32(out, some_integer(fuzz));
			break;
		case BSON_TYPE_DECIMAL128:
			put_decimal(fuzz, out);
			break;
		default:
			/* null and the like have no bytes; neither have those unknown */
			break;
	}
}

static uint8
some_type(Fuzz *fuzz, int depth)
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

	if (one_in(fuzz, 256))
		return below(fuzz, 256);
	return types[below(fuzz, lengthof(types) - (depth > 6 ? 6 : 0))];
}

/* a document or an array, seldom with something wrong */
static void
put_document(Fuzz *fuzz, StringInfo out, int depth, bool array)
{
	int			start = out->len;
	int			count = below(fuzz, depth == 0 ? 8 : 5);
	/* most arrays are of one type, and perhaps nulls */
	uint8		same = array && !one_in(fuzz, 4) ? some_type(fuzz, depth) : 0;

	put_int32(out, 0);
	for (int i = 0; i < count; i++)
	{
		uint8		type = same != 0 && !one_in(fuzz, 10) ? same :
			same != 0 && one_in(fuzz, 2) ? BSON_TYPE_NULL : some_type(fuzz, depth);

		appendStringInfoChar(out, type);
		if (array && !one_in(fuzz, 64))
			appendStringInfo(out, "%d", i);
		else
			appendStringInfoString(out, names[below(fuzz, lengthof(names))]);
		appendStringInfoChar(out, '\0');
		put_value(fuzz, out, type, depth);
	}
	appendStringInfoChar(out, one_in(fuzz, 512) ? 1 : 0);
	set_int32(out, start, some_length(fuzz, out->len - start));
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
splice_in(Fuzz *fuzz, StringInfo out, StringInfo from)
{
	int			start = below(fuzz, from->len);
	int			len = 1 + below(fuzz, from->len - start);
	int			at = below(fuzz, out->len);

	if (one_in(fuzz, 2))
		make_room(out, at, len);
	else
		len = Min(len, out->len - at);
	memmove(out->data + at, from->data + start, len);
}

/* the document in so many documents or arrays */
static void
nest(Fuzz *fuzz, StringInfo out, int levels)
{
	bool		array = one_in(fuzz, 2);
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
repeat_elements(Fuzz *fuzz, StringInfo out)
{
	int			limit = 1024 << below(fuzz, 8);

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
mutate(Fuzz *fuzz, StringInfo out)
{
	static const uint32 lengths[] = {
		0, 1, 4, 5, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc
	};
	int			at = below(fuzz, out->len);

	switch (below(fuzz, 10))
	{
		case 0:
			out->data[at] ^= 1 << below(fuzz, 8);
			break;
		case 1:
			out->data[at] = next_random(fuzz);
			break;
		case 2:
			out->data[at] = '\0';
			break;
		case 3:
			if (at + 4 <= out->len)
				set_int32(out, at, one_in(fuzz, 2) ? below(fuzz, out->len + 8) :
						  lengths[below(fuzz, lengthof(lengths))]);
			break;
		case 4:
			/* a small change, of lengths as well */
			out->data[at] += below(fuzz, 9) - 4;
			break;
		case 5:
			cut(out, at, 1 + below(fuzz, Min(out->len - at, 16)));
			break;
		case 6:
			out->len = Max(at, 5);
			break;
		case 7:
			splice_in(fuzz, out, fuzz->seeds[below(fuzz, fuzz->nseeds)]);
			break;
		case 8:
			splice_in(fuzz, out, out);
			break;
		case 9:
			if (one_in(fuzz, 20))
				repeat_elements(fuzz, out);
			break;
	}
	while (out->len < 5)
		appendStringInfoChar(out, '\0');
}

/*
 * The next document.  Its own length is right: that much the driver has made
 * sure of.
 */
static void
next_document(Fuzz *fuzz, StringInfo out)
{
	resetStringInfo(out);
	if (one_in(fuzz, 3))
	{
		StringInfo	seed = fuzz->seeds[below(fuzz, fuzz->nseeds)];

		appendBinaryStringInfo(out, seed->data, seed->len);
	}
	else
		put_document(fuzz, out, 0, false);
	if (one_in(fuzz, 3))
	{
		for (int i = below(fuzz, 6); i >= 0 && out->len < MAX_DOCUMENT / 4; i--)
			mutate(fuzz, out);
	}
	if (one_in(fuzz, 1000))
		nest(fuzz, out, one_in(fuzz, 10) ? 50000 : below(fuzz, 2000));
	if (out->len > MAX_DOCUMENT)
		out->len = MAX_DOCUMENT;
	set_int32(out, 0, out->len);
	if (!one_in(fuzz, 64))
		out->data[out->len - 1] = '\0';
}

/* ----------
 * Seeds: every BSON type, at the paths
 * ----------
 */

static void
add_seed(Fuzz *fuzz, const void *data, int len)
{
	StringInfo	seed = makeStringInfo();

	if (len < 5)
		ereport(ERROR, (errmsg("a document has at least 5 bytes")));
	appendBinaryStringInfo(seed, data, len);
	fuzz->seeds = fuzz->seeds == NULL ? palloc(sizeof(StringInfo)) :
		repalloc(fuzz->seeds, (fuzz->nseeds + 1) * sizeof(StringInfo));
	fuzz->seeds[fuzz->nseeds++] = seed;
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
add_bson(Fuzz *fuzz, bson_t *document)
{
	add_seed(fuzz, bson_get_data(document), document->len);
	bson_destroy(document);
}

/* each element of the types alone, under one name of a path */
static void
add_single_seeds(Fuzz *fuzz, const bson_t *types)
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
		add_bson(fuzz, &alone);
		bson_append_array_begin(&in_array, "a", 1, &array);
		bson_append_iter(&array, "0", 1, &iter);
		bson_append_null(&array, "1", 1);
		bson_append_iter(&array, "2", 1, &iter);
		bson_append_array_end(&in_array, &array);
		add_bson(fuzz, &in_array);
	}
}

static void
add_seeds(Fuzz *fuzz)
{
	bson_t		types = BSON_INITIALIZER;
	bson_t		nested = BSON_INITIALIZER;
	bson_t		empty = BSON_INITIALIZER;
	bson_t		array;
	bson_t		document;

	append_types(&types, true);
	add_single_seeds(fuzz, &types);
	bson_append_document_begin(&nested, "b", 1, &document);
	append_types(&document, false);
	bson_append_document_end(&nested, &document);
	bson_append_array_begin(&nested, "d", 1, &array);
	bson_append_document(&array, "0", 1, &types);
	bson_append_array(&array, "1", 1, &empty);
	bson_append_array_end(&nested, &array);
	bson_append_document(&nested, "c", 1, &types);
	add_bson(fuzz, &nested);
	add_bson(fuzz, &types);
	add_bson(fuzz, &empty);
}

/* ----------
 * Decoding
 * ----------
 */

static void
add_field(Fuzz *fuzz, Form_pg_attribute column, int path)
{
	Field	   *field = &fuzz->fields[fuzz->nfields++];
	AdTarget   *target = ad_target(column->atttypid, column->atttypmod);
	Oid			function;
	bool		varlena;

	if (target == NULL)
		ereport(ERROR, (errmsg("columns cannot be of type %s", format_type_be(column->atttypid))));
	field->path = path;
	field->typid = column->atttypid;
	field->typmod = column->atttypmod;
	getTypeInputInfo(column->atttypid, &function, &field->ioparam);
	fmgr_info(function, &field->in);
	getTypeOutputInfo(column->atttypid, &function, &varlena);
	fmgr_info(function, &field->out);
	if (ad_decoder_add(fuzz->decoder, path < 0 ? "$" : paths[path], target) != fuzz->nfields - 1)
		elog(ERROR, "fields have other indexes than expected");
}

/* a decoder of all columns at all paths, and of paths that are looked at */
static void
init_fields(Fuzz *fuzz)
{
	Oid			relid = RangeVarGetRelid(makeRangeVar(NULL, "ad_fuzz_columns", -1), AccessShareLock, false);
	Relation	relation = relation_open(relid, NoLock);
	TupleDesc	columns = CreateTupleDescCopy(RelationGetDescr(relation));

	relation_close(relation, NoLock);
	fuzz->decoder = ad_decoder_create();
	fuzz->fields = palloc0((columns->natts * N_PATHS + 2) * sizeof(Field));
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		for (int path = 0; path < N_PATHS; path++)
			add_field(fuzz, column, path);
		if (column->atttypid == JSONOID || column->atttypid == JSONBOID)
			add_field(fuzz, column, -1);
	}
	for (int path = 0; path < N_PATHS; path++)
		(void) ad_decoder_add(fuzz->decoder, paths[path], NULL);
}

/* the value printed, after it is sure that it is read as the same */
static char *
print_value(Field *field, Datum value)
{
	char	   *printed = OutputFunctionCall(&field->out, value);
	char	   *again;

	(void) pg_verify_mbstr(GetDatabaseEncoding(), printed, strlen(printed), false);
	again = OutputFunctionCall(&field->out,
							   InputFunctionCall(&field->in, printed, field->ioparam, field->typmod));
	if (strcmp(printed, again) != 0)
		elog(ERROR, "%s that is printed as \"%s\" is read as \"%s\"",
			 format_type_be(field->typid), printed, again);
	return printed;
}

/* json at a path is the same as jsonb, as far as jsonb can tell */
static void
compare_json(Fuzz *fuzz, Field *jsonb, const char *json_value, const char *jsonb_value)
{
	char	   *converted;

	if (json_value == NULL && jsonb_value == NULL)
		return;
	if (json_value == NULL || jsonb_value == NULL)
		elog(ERROR, "json and jsonb differ: %s, %s", json_value ? json_value : "(none)",
			 jsonb_value ? jsonb_value : "(none)");
	converted = OutputFunctionCall(&jsonb->out,
								   InputFunctionCall(&jsonb->in, unconstify(char *, json_value),
													 jsonb->ioparam, jsonb->typmod));
	if (strcmp(converted, jsonb_value) != 0)
		elog(ERROR, "json and jsonb differ: %s, %s", json_value, jsonb_value);
}

/* what is wrong with the values, whatever the bytes are */
static void
check_values(Fuzz *fuzz, const AdFieldValue *values)
{
	const char *json[N_PATHS + 1] = {0};
	const char *jsonb[N_PATHS + 1] = {0};
	Field	   *jsonb_field = NULL;

	for (int i = 0; i < fuzz->nfields; i++)
	{
		Field	   *field = &fuzz->fields[i];
		const char *printed;

		if (field->typid == JSONBOID)
			jsonb_field = field;
		if (values[i].state != AD_FIELD_VALUE)
			continue;
		if (ad_is_null(values[i].found))
			elog(ERROR, "there is a value for null");
		printed = print_value(field, values[i].value);
		if (field->typid == JSONOID)
			json[field->path + 1] = printed;
		if (field->typid == JSONBOID)
			jsonb[field->path + 1] = printed;
	}
	for (int i = 0; i <= N_PATHS && jsonb_field != NULL; i++)
		compare_json(fuzz, jsonb_field, json[i], jsonb[i]);
}

static void
count_values(Fuzz *fuzz, const AdFieldValue *values)
{
	for (int i = 0; i < fuzz->nfields; i++)
	{
		if (values[i].state == AD_FIELD_VALUE)
			fuzz->accepted++;
		else if (values[i].state == AD_FIELD_MISMATCH)
			fuzz->mismatches++;
	}
}

/* errors that are an answer to a document */
static bool
is_expected(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_FDW_ERROR: /* it is corrupt */
		case ERRCODE_STATEMENT_TOO_COMPLEX: /* it is nested too deep */
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:	/* it is too large */
		case ERRCODE_CHECK_VIOLATION:	/* of a domain */
		case ERRCODE_NOT_NULL_VIOLATION:
			return true;
		default:
			return false;
	}
}

static char *
document_hex(const uint8 *document, int len)
{
	StringInfoData hex;

	initStringInfo(&hex);
	for (int i = 0; i < len; i++)
		appendStringInfo(&hex, "%02x", document[i]);
	return hex.data;
}

/*
 * Decode the document, and check the values if `check`.  Returns the field
 * `shown` printed, if there is one, or NULL.
 */
static char *
decode_document(Fuzz *fuzz, const uint8 *document, int len, bool check, int shown)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *volatile result = NULL;

	current = document;
	current_len = len;
	MemoryContextSwitchTo(fuzz->context);
	PG_TRY();
	{
		const AdFieldValue *values = ad_decode(fuzz->decoder, document);

		count_values(fuzz, values);
		if (check)
			check_values(fuzz, values);
		if (shown >= 0)
			result = MemoryContextStrdup(caller, values[shown].state != AD_FIELD_VALUE ? "mismatch" :
										 print_value(&fuzz->fields[shown], values[shown].value));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (!is_expected(error->sqlerrcode))
		{
			error->context = psprintf("document %s", document_hex(document, len));
			FlushErrorState();
			ReThrowError(error);
		}
		FlushErrorState();
		if (shown >= 0)
			result = psprintf("error %s", unpack_sql_state(error->sqlerrcode));
		FreeErrorData(error);
		fuzz->errors++;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	current = NULL;
	fuzz->documents++;
	return result;
}

/*
 * Decode a copy of the document, before an inaccessible page, or in a block of
 * its own size, whose beginning is watched as well.
 */
static char *
decode_copy(Fuzz *fuzz, const void *document, int len, bool page, bool check, int shown)
{
	uint8	   *copy = page ? fuzz->page - len : malloc(len);
	int			fences = nfenced;
	char	   *volatile result = NULL;

	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	memcpy(copy, document, len);
	PG_TRY();
	{
		result = decode_document(fuzz, copy, len, check, shown);
	}
	PG_FINALLY();
	{
		unfence(fences);
		if (!page)
			free(copy);
	}
	PG_END_TRY();
	MemoryContextReset(fuzz->context);
	return result;
}

/* ----------
 * The functions
 * ----------
 */

/* the document that the server dies of, in hexadecimal; on SIGABRT */
static void
write_current(int signal_number)
{
	static const char digits[] = "0123456789abcdef";
	static const char head[] = "\nad_fuzz: document ";
	char		text[2];

	(void) !write(STDERR_FILENO, head, sizeof(head) - 1);
	for (int i = 0; current != NULL && i < current_len; i++)
	{
		text[0] = digits[current[i] >> 4];
		text[1] = digits[current[i] & 15];
		(void) !write(STDERR_FILENO, text, 2);
	}
	(void) !write(STDERR_FILENO, "\n", 1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void
on_hang(void)
{
	static const char text[] = "\nad_fuzz: a hang\n";

	(void) !write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

static void
init_fuzz(Fuzz *fuzz, uint64 seed)
{
	long		page = sysconf(_SC_PAGESIZE);
	static uint8 *block = NULL;

	if (block == NULL)
	{
		uint8	   *mapped = mmap(NULL, MAX_DOCUMENT + page, PROT_READ | PROT_WRITE,
								  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (mapped == MAP_FAILED || mprotect(mapped + MAX_DOCUMENT, page, PROT_NONE) != 0)
			ereport(ERROR, (errmsg("no memory for documents: %m")));
		block = mapped;
	}
	signal(SIGABRT, write_current);
	memset(fuzz, 0, sizeof(Fuzz));
	fuzz->random = seed;
	fuzz->page = block + MAX_DOCUMENT;
	fuzz->context = AllocSetContextCreate(CurrentMemoryContext, "ad_fuzz document", ALLOCSET_DEFAULT_SIZES);
	init_fields(fuzz);
	add_seeds(fuzz);
}

static void
add_seeds_of_array(Fuzz *fuzz, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			add_seed(fuzz, VARDATA_ANY(DatumGetPointer(values[i])),
					 VARSIZE_ANY_EXHDR(DatumGetPointer(values[i])));
	}
}

/* until the time is over; documents in groups, of which each must be quick */
static void
run(Fuzz *fuzz, double seconds)
{
	TimestampTz end = GetCurrentTimestamp() + (int64) (seconds * USECS_PER_SEC);
	static TimeoutId timeout = MAX_TIMEOUTS;
	StringInfo	document = makeStringInfo();

	if (timeout == MAX_TIMEOUTS)
		timeout = RegisterTimeout(USER_TIMEOUT, on_hang);
	do
	{
		CHECK_FOR_INTERRUPTS();
		enable_timeout_after(timeout, HANG_TIME);
		for (int i = 0; i < HANG_DOCUMENTS && GetCurrentTimestamp() < end; i++)
		{
			bool		page = one_in(fuzz, 2);
			bool		check = one_in(fuzz, 8);

			next_document(fuzz, document);
			(void) decode_copy(fuzz, document->data, document->len, page, check, -1);
		}
		disable_timeout(timeout, false);
	} while (GetCurrentTimestamp() < end);
}

Datum
ad_fuzz_decode(PG_FUNCTION_ARGS)
{
	Fuzz		fuzz;
	TupleDesc	result;
	Datum		values[4];
	bool		nulls[4] = {0};
	int			fences = nfenced;

	if (get_call_result_type(fcinfo, NULL, &result) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function returns a record");
	PG_TRY();
	{
		init_fuzz(&fuzz, PG_GETARG_INT64(1));
		add_seeds_of_array(&fuzz, PG_GETARG_ARRAYTYPE_P(2));
		for (int i = 0; i < fuzz.nseeds; i++)
		{
			(void) decode_copy(&fuzz, fuzz.seeds[i]->data, fuzz.seeds[i]->len, false, true, -1);
			(void) decode_copy(&fuzz, fuzz.seeds[i]->data, fuzz.seeds[i]->len, true, true, -1);
		}
		run(&fuzz, PG_GETARG_FLOAT8(0));
	}
	PG_FINALLY();
	{
		unfence(fences);
		signal(SIGABRT, SIG_DFL);
	}
	PG_END_TRY();
	values[0] = Int64GetDatum(fuzz.documents);
	values[1] = Int64GetDatum(fuzz.accepted);
	values[2] = Int64GetDatum(fuzz.mismatches);
	values[3] = Int64GetDatum(fuzz.errors);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(result), values, nulls)));
}

Datum
ad_fuzz_document(PG_FUNCTION_ARGS)
{
	bytea	   *document = PG_GETARG_BYTEA_PP(0);
	int			len = VARSIZE_ANY_EXHDR(document);
	Fuzz		fuzz;
	char	   *volatile shown = NULL;
	int			fences = nfenced;

	if (len < 5 || len > MAX_DOCUMENT)
		ereport(ERROR, (errmsg("a document has 5 to %d bytes", MAX_DOCUMENT)));
	PG_TRY();
	{
		init_fuzz(&fuzz, 0);
		for (int i = 0; i < fuzz.nfields; i++)
		{
			if (fuzz.fields[i].path < 0 && fuzz.fields[i].typid == JSONBOID)
				shown = decode_copy(&fuzz, VARDATA_ANY(document), len, true, true, i);
		}
	}
	PG_FINALLY();
	{
		unfence(fences);
		signal(SIGABRT, SIG_DFL);
	}
	PG_END_TRY();
	PG_RETURN_TEXT_P(cstring_to_text(shown));
}

Datum
ad_fuzz_seeds(PG_FUNCTION_ARGS)
{
	Fuzz		fuzz = {0};
	Datum	   *values;

	add_seeds(&fuzz);
	values = palloc(fuzz.nseeds * sizeof(Datum));
	for (int i = 0; i < fuzz.nseeds; i++)
		values[i] = PointerGetDatum(cstring_to_text_with_len(fuzz.seeds[i]->data, fuzz.seeds[i]->len));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, fuzz.nseeds, BYTEAOID, -1, false, TYPALIGN_INT));
}
