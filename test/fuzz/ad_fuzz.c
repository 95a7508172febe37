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
 *	- jsonb that is not, byte by byte, what PostgreSQL makes of the json;
 *	- more columns for a document than there may be.
 *
 * They are raised with the document in the error's context.  If the server
 * dies, the document is written to its log.
 */
#include "postgres.h"

#include <limits.h>
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

#include "bson/decoder.h"
#include "generate.h"
#include "import/infer.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ad_fuzz_decode);
PG_FUNCTION_INFO_V1(ad_fuzz_document);

/* documents that a hang is looked for in at once, and their time in ms */
#define HANG_DOCUMENTS	256
#define HANG_TIME		60000

/* the paths that every type is read at, and $ for json and jsonb */
static const char *const paths[] = {
	"a", "b.c", "a.0", "b.1.c", "c.d.e", "d.0.1", "x\\.y", "\\$z", "", "e"
};

#define N_PATHS			lengthof(paths)

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
	Generator	generator;
	AdDecoder  *decoder;
	Field	   *fields;			/* by their indexes in the decoder */
	int			nfields;
	MemoryContext context;		/* of one document */
	uint8	   *page;			/* inaccessible, and so is all behind */
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
extern void ad_fuzz_enlarge(StringInfo out, int needed);
extern void ad_fuzz_reset(MemoryContext context);

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

/*
 * In the place of enlargeStringInfo(), which would not know of the fence.
 */
void
ad_fuzz_enlarge(StringInfo out, int needed)
{
	if (out->maxlen - out->len > needed)
		return;
	out->maxlen = Max(2 * out->maxlen, out->len + needed + 1);
	out->data = ad_fuzz_repalloc(out->data, out->maxlen);
}

/*
 * In the place of MemoryContextReset(): what is freed is used again, so its
 * fences go before.
 */
void
ad_fuzz_reset(MemoryContext context)
{
	int			kept = 0;

	for (int i = 0; i < nfenced; i++)
	{
		if (GetMemoryChunkContext(fenced[i].start) == context)
			ASAN_UNPOISON_MEMORY_REGION(fenced[i].start + fenced[i].size, FENCE);
		else
			fenced[kept++] = fenced[i];
	}
	nfenced = kept;
	MemoryContextReset(context);
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

/* jsonb at a path is what PostgreSQL makes of the json there, byte by byte */
static void
compare_json(Fuzz *fuzz, Field *field, const char *json, void *jsonb)
{
	void	   *expected;

	if (json == NULL && jsonb == NULL)
		return;
	if (json == NULL || jsonb == NULL)
		elog(ERROR, "of json and jsonb one is a mismatch: %s",
			 json ? json : OutputFunctionCall(&field->out, PointerGetDatum(jsonb)));
	expected = DatumGetPointer(InputFunctionCall(&field->in, unconstify(char *, json),
												 field->ioparam, field->typmod));
	if (VARSIZE(expected) != VARSIZE(jsonb) || memcmp(expected, jsonb, VARSIZE(jsonb)) != 0)
		elog(ERROR, "json and jsonb differ: %s, %s", json,
			 OutputFunctionCall(&field->out, PointerGetDatum(jsonb)));
}

/* what is wrong with the values, whatever the bytes are */
static void
check_values(Fuzz *fuzz, const AdFieldValue *values)
{
	const char *json[N_PATHS + 1] = {0};
	void	   *jsonb[N_PATHS + 1] = {0};
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
			jsonb[field->path + 1] = DatumGetPointer(values[i].value);
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

/* let IMPORT FOREIGN SCHEMA learn from a document, as if it were the only one */
static void
infer_columns(const uint8 *document)
{
	/* few columns, so that documents in the document are too many */
	static const AdImportOptions options = {.sample_size = 1, .max_columns = 4};
	AdInference *inference = ad_infer_create(&options);
	int			fences = nfenced;
	bool		complete;

	ad_infer_document(inference, document);
	unfence(fences);
	if (list_length(ad_infer_columns(inference, &complete)) > options.max_columns)
		elog(ERROR, "there are too many columns");
}

/* errors that are an answer to a document */
static bool
is_expected(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_DATA_CORRUPTED:	/* it is corrupt */
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
		{
			check_values(fuzz, values);
			infer_columns(document);
		}
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
	fuzz->generator.random = seed;
	fuzz->page = block + MAX_DOCUMENT;
	fuzz->context = AllocSetContextCreate(CurrentMemoryContext, "ad_fuzz document", ALLOCSET_DEFAULT_SIZES);
	init_fields(fuzz);
	add_seeds(&fuzz->generator);
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
			add_seed(&fuzz->generator, VARDATA_ANY(DatumGetPointer(values[i])),
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
			bool		page = one_in(&fuzz->generator, 2);
			bool		check = one_in(&fuzz->generator, 8);

			next_document(&fuzz->generator, document);
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
		for (int i = 0; i < fuzz.generator.nseeds; i++)
		{
			(void) decode_copy(&fuzz, fuzz.generator.seeds[i]->data, fuzz.generator.seeds[i]->len, false, true, -1);
			(void) decode_copy(&fuzz, fuzz.generator.seeds[i]->data, fuzz.generator.seeds[i]->len, true, true, -1);
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

	/* the driver has made sure of this, for replies and for what is in them */
	if (len < 5 || len > MAX_DOCUMENT || ad_read_int32((uint8 *) VARDATA_ANY(document)) != len)
		ereport(ERROR, (errmsg("a document has 5 to %d bytes, and says how many", MAX_DOCUMENT)));
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
