/*
 * decode_jsonb.c
 *	  Decode BSON to jsonb.
 *
 * We write the binary form of jsonb directly.  PostgreSQL's functions would
 * first make a tree of the values, which takes several times longer.  The
 * header utils/jsonb.h describes the form:
 *
 * A container has a header with the number of its elements or pairs, then a
 * JEntry for each element, or for each key and then for each value, and then
 * their bytes.  A JEntry has the type and the length.  Each JB_OFFSET_STRIDE'th
 * has the end's offset instead, from the first byte after the JEntries.
 * Numbers and containers begin at a multiple of four bytes.  The keys of an
 * object are sorted by length, and then by their bytes.
 *
 * If a document has several fields of the same name, jsonb keeps the last one.
 * The others must be valid all the same.
 *
 * The result is the same as PostgreSQL's, byte by byte; test/fuzz compares
 * them.  PostgreSQL's limits on the number of elements and pairs are more than
 * a document of MongoDB has bytes for.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/decimal.h"
#include "bson/decode_jsonb.h"
#include "bson/encoding.h"
#include "bson/extended_json.h"

/* number of elements for which there is room from the start */
#define AD_FEW_ELEMENTS		32

/* the value while it is decoded */
typedef struct AdJsonb
{
	StringInfoData out;			/* what is written so far; begins with room
								 * for the size */
	/* the elements of all open documents, those of the innermost one last */
	AdElement  *elements;
	uint32		count;
	uint32		room;
	AdElement	few[AD_FEW_ELEMENTS];
} AdJsonb;

/* a container while it is written; positions are offsets in the output */
typedef struct AdContainer
{
	bool		array;
	uint32		start;
	uint32		entries;		/* position of the first JEntry */
	uint32		count;			/* number of JEntries so far */
	uint32		size;			/* bytes of what they describe */
} AdContainer;

static bool write_element(AdJsonb *jsonb, const AdElement *element, JEntry *entry);

/* ------------------------------------------------------------------------
 * The order of keys
 * ------------------------------------------------------------------------ */

static inline int
compare_keys(const AdElement *a, const AdElement *b)
{
	if (a->key_len != b->key_len)
		return a->key_len > b->key_len ? 1 : -1;
	return memcmp(a->key, b->key, a->key_len);
}

/*
 * The order of elements in an object.  Of elements with the same key, the one
 * that comes last in the document is the first, and *duplicates is set.
 */
static inline int
compare_elements(const AdElement *a, const AdElement *b, bool *duplicates)
{
	int			result = compare_keys(a, b);

	if (result != 0)
		return result;
	*duplicates = true;
	return a->value > b->value ? -1 : 1;
}

#define ST_SORT sort_elements
#define ST_ELEMENT_TYPE AdElement
#define ST_COMPARE(a, b, arg) compare_elements(a, b, arg)
#define ST_COMPARE_ARG_TYPE bool
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* ------------------------------------------------------------------------
 * Output
 * ------------------------------------------------------------------------ */

/*
 * Append room for some bytes.  Returns where it is, until more is appended.
 * Raises an error if the output becomes too large.
 */
static inline char *
append_room(AdJsonb *jsonb, uint32 size)
{
	StringInfo	out = &jsonb->out;

	if (unlikely(size >= (uint32) (out->maxlen - out->len)))
		enlargeStringInfo(out, size);
	out->len += size;
	return out->data + out->len - size;
}

/* append zeros up to a multiple of four bytes */
static inline void
append_padding(AdJsonb *jsonb)
{
	int			end = INTALIGN(jsonb->out.len);

	/* a fixed number of bytes takes no call of memset() */
	memset(append_room(jsonb, sizeof(int32)), 0, sizeof(int32));
	jsonb->out.len = end;
}

/* raise PostgreSQL's error for a container that is too large */
pg_noreturn static void
report_size(bool array)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 array ?
			 errmsg("total size of jsonb array elements exceeds the maximum of %u bytes", JENTRY_OFFLENMASK) :
			 errmsg("total size of jsonb object elements exceeds the maximum of %u bytes", JENTRY_OFFLENMASK)));
}

/*
 * Begin a container with a header, which includes the number of elements or
 * pairs, and room for JEntries.
 */
static void
begin_container(AdJsonb *jsonb, AdContainer *container, uint32 header, uint32 entries)
{
	container->array = (header & JB_FARRAY) != 0;
	container->start = jsonb->out.len;
	container->count = 0;
	container->size = 0;
	append_padding(jsonb);
	memcpy(append_room(jsonb, sizeof(header)), &header, sizeof(header));
	container->entries = jsonb->out.len;
	(void) append_room(jsonb, entries * sizeof(JEntry));
}

/* set the next JEntry to that of bytes that were just appended */
static inline void
add_entry(AdJsonb *jsonb, AdContainer *container, JEntry entry)
{
	container->size += JBE_OFFLENFLD(entry);
	if (unlikely(container->size > JENTRY_OFFLENMASK))
		report_size(container->array);
	if (container->count % JB_OFFSET_STRIDE == 0)
		entry = (entry & JENTRY_TYPEMASK) | container->size | JENTRY_HAS_OFF;
	memcpy(jsonb->out.data + container->entries + container->count * sizeof(JEntry),
		   &entry, sizeof(entry));
	container->count++;
}

/* returns the JEntry of a container that is complete */
static JEntry
end_container(const AdJsonb *jsonb, const AdContainer *container)
{
	uint32		size = jsonb->out.len - container->start;

	if (size > JENTRY_OFFLENMASK)
		report_size(container->array);
	return JENTRY_ISCONTAINER | size;
}

/* ------------------------------------------------------------------------
 * Scalars
 * ------------------------------------------------------------------------ */

/*
 * Append a BSON string.  Like the functions below, returns false if the value
 * is a mismatch, and sets *entry to its JEntry.
 */
static inline bool
write_string(AdJsonb *jsonb, const char *string, uint32 len, JEntry *entry)
{
	string = ad_text_to_server(string, &len);
	if (unlikely(string == NULL))
		return false;
	memcpy(append_room(jsonb, len), string, len);
	*entry = JENTRY_ISSTRING | len;
	return true;
}

static bool
write_numeric(AdJsonb *jsonb, Numeric number, JEntry *entry)
{
	uint32		start = jsonb->out.len;
	uint32		size = VARSIZE_ANY(number);

	append_padding(jsonb);
	memcpy(append_room(jsonb, size), number, size);
	*entry = JENTRY_ISNUMERIC | (jsonb->out.len - start);
	return true;
}

static void
write_hex(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	char		hex[25];

	bson_oid_to_string((const bson_oid_t *) element->value, hex);
	*entry = JENTRY_ISSTRING | (sizeof(hex) - 1);
	memcpy(append_room(jsonb, sizeof(hex) - 1), hex, sizeof(hex) - 1);
}

/* ------------------------------------------------------------------------
 * Containers
 * ------------------------------------------------------------------------ */

/* make room for one more element */
static void
enlarge_elements(AdJsonb *jsonb)
{
	AdElement  *old = jsonb->elements;

	jsonb->room *= 2;
	jsonb->elements = old != jsonb->few ? repalloc(old, jsonb->room * sizeof(AdElement)) :
		memcpy(palloc(jsonb->room * sizeof(AdElement)), old, sizeof(jsonb->few));
}

/*
 * Add the elements of a document to those that are open, with their keys in
 * the server's encoding.
 */
static bool
open_document(AdJsonb *jsonb, AdReader *reader)
{
	for (;;)
	{
		AdElement  *element;

		if (unlikely(jsonb->count == jsonb->room))
			enlarge_elements(jsonb);
		element = &jsonb->elements[jsonb->count];
		if (!ad_reader_next(reader, element))
			return true;
		element->key = ad_text_to_server(element->key, &element->key_len);
		if (unlikely(element->key == NULL))
			return false;
		jsonb->count++;
	}
}

/*
 * Remove elements with the same key as another, except the last one of the
 * document.  The elements from number "first" on are sorted.  Returns false
 * if one that is removed is a mismatch.
 */
static bool
drop_duplicates(AdJsonb *jsonb, uint32 first)
{
	uint32		kept = first;

	for (uint32 i = first + 1; i < jsonb->count; i++)
	{
		AdElement	element = jsonb->elements[i];

		if (compare_keys(&jsonb->elements[kept], &element) != 0)
			jsonb->elements[++kept] = element;
		else
		{
			int			len = jsonb->out.len;
			JEntry		ignored;

			if (!write_element(jsonb, &element, &ignored))
				return false;
			jsonb->out.len = len;
		}
	}
	jsonb->count = kept + 1;
	return true;
}

/*
 * Append an object of the elements from number "first" on, which are then no
 * longer open.
 */
static bool
write_object(AdJsonb *jsonb, uint32 first, JEntry *entry)
{
	AdContainer container;
	uint32		pairs;
	bool		duplicates = false;

	check_stack_depth();
	sort_elements(jsonb->elements + first, jsonb->count - first, &duplicates);
	if (duplicates && !drop_duplicates(jsonb, first))
		return false;
	pairs = jsonb->count - first;
	begin_container(jsonb, &container, pairs | JB_FOBJECT, 2 * pairs);
	for (uint32 i = 0; i < pairs; i++)
	{
		const AdElement *element = &jsonb->elements[first + i];

		memcpy(append_room(jsonb, element->key_len), element->key, element->key_len);
		add_entry(jsonb, &container, JENTRY_ISSTRING | element->key_len);
	}
	for (uint32 i = 0; i < pairs; i++)
	{
		/* inner documents can move the array */
		AdElement	element = jsonb->elements[first + i];
		JEntry		inner;

		if (!write_element(jsonb, &element, &inner))
			return false;
		add_entry(jsonb, &container, inner);
	}
	jsonb->count = first;
	*entry = end_container(jsonb, &container);
	return true;
}

static bool
write_document(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	uint32		first = jsonb->count;
	AdReader	reader;

	ad_reader_enter(&reader, element);
	return open_document(jsonb, &reader) && write_object(jsonb, first, entry);
}

static bool
write_array(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	AdContainer container;
	AdReader	reader;
	AdElement	inner;
	AdReader	counter;
	uint32		count = 0;

	check_stack_depth();
	ad_reader_enter(&reader, element);
	counter = reader;
	while (ad_reader_next(&counter, &inner))
		count++;
	begin_container(jsonb, &container, count | JB_FARRAY, count);
	while (ad_reader_next(&reader, &inner))
	{
		JEntry		inner_entry;

		if (!write_element(jsonb, &inner, &inner_entry))
			return false;
		add_entry(jsonb, &container, inner_entry);
	}
	*entry = end_container(jsonb, &container);
	return true;
}

/* append the document that stands for a value that JSON cannot express */
static bool
write_extended(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	uint32		first = jsonb->count;
	AdExtended	extended;

	if (!ad_extend(element, &extended))
		return false;
	for (int i = 0; i < extended.count; i++)
	{
		if (jsonb->count == jsonb->room)
			enlarge_elements(jsonb);
		jsonb->elements[jsonb->count++] = extended.fields[i];
	}
	return write_object(jsonb, first, entry);
}

/* append a number, or for NaN and infinities the document for it */
static bool
write_double(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	double		number = ad_read_double(element->value);

	if (unlikely(!isfinite(number)))
		return write_extended(jsonb, element, entry);
	return write_numeric(jsonb, ad_double_to_numeric(number), entry);
}

static bool
write_decimal(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	Numeric		number = DatumGetNumeric(ad_decimal_to_numeric(element));

	if (numeric_is_nan(number) || numeric_is_inf(number))
		return write_extended(jsonb, element, entry);
	return write_numeric(jsonb, number, entry);
}

/* append a date as a string, or if it is out of range the document for it */
static bool
write_date(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	char		iso[AD_ISO_SIZE];
	uint32		len = ad_format_iso(iso, ad_read_int64(element->value));

	if (len == 0)
		return write_extended(jsonb, element, entry);
	memcpy(append_room(jsonb, len), iso, len);
	*entry = JENTRY_ISSTRING | len;
	return true;
}

/*
 * Append the value of an element, and set *entry to its JEntry.  Returns
 * false if the value is a mismatch.
 */
static bool
write_element(AdJsonb *jsonb, const AdElement *element, JEntry *entry)
{
	const char *string;
	uint32		len;

	switch (element->type)
	{
		case BSON_TYPE_UTF8:
		case BSON_TYPE_SYMBOL:
			string = ad_read_string(element->value, &len);
			return write_string(jsonb, string, len, entry);
		case BSON_TYPE_DOCUMENT:
			return write_document(jsonb, element, entry);
		case BSON_TYPE_ARRAY:
			return write_array(jsonb, element, entry);
		case BSON_TYPE_INT32:
			return write_numeric(jsonb, int64_to_numeric(ad_read_int32(element->value)), entry);
		case BSON_TYPE_INT64:
			return write_numeric(jsonb, int64_to_numeric(ad_read_int64(element->value)), entry);
		case BSON_TYPE_DOUBLE:
			return write_double(jsonb, element, entry);
		case BSON_TYPE_DECIMAL128:
			return write_decimal(jsonb, element, entry);
		case BSON_TYPE_BOOL:
			*entry = (*element->value != 0) ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
			return true;
		case BSON_TYPE_DATE_TIME:
			return write_date(jsonb, element, entry);
		case BSON_TYPE_OID:
			write_hex(jsonb, element, entry);
			return true;
		case BSON_TYPE_NULL:
		case BSON_TYPE_UNDEFINED:
			*entry = JENTRY_ISNULL;
			return true;
		default:
			return write_extended(jsonb, element, entry);
	}
}

/*
 * Decode the value of a jsonb column; an AdType.decode function.  Returns
 * false if it is a mismatch.  The result is palloc'd.
 */
bool
ad_decode_jsonb(const AdTarget *target, const AdElement *element, Datum *value)
{
	AdJsonb		jsonb;
	AdContainer scalar;
	JEntry		entry;

	/* a document of strings has about the same size as jsonb */
	jsonb.out.maxlen = element->size + element->size / 2 + 64;
	jsonb.out.data = palloc(jsonb.out.maxlen);
	jsonb.out.len = VARHDRSZ;
	jsonb.out.cursor = 0;
	jsonb.elements = jsonb.few;
	jsonb.count = 0;
	jsonb.room = AD_FEW_ELEMENTS;

	if (element->type == BSON_TYPE_DOCUMENT || element->type == BSON_TYPE_ARRAY)
	{
		if (!write_element(&jsonb, element, &entry))
			return false;
	}
	else
	{
		/* a scalar is in an array that says so */
		begin_container(&jsonb, &scalar, 1 | JB_FARRAY | JB_FSCALAR, 1);
		if (!write_element(&jsonb, element, &entry))
			return false;
		add_entry(&jsonb, &scalar, entry);
		if (JBE_ISCONTAINER(entry))
		{
			/* it has become a document */
			memmove(jsonb.out.data + VARHDRSZ, jsonb.out.data + scalar.entries + sizeof(JEntry),
					JBE_OFFLENFLD(entry));
			jsonb.out.len = VARHDRSZ + JBE_OFFLENFLD(entry);
		}
	}
	SET_VARSIZE(jsonb.out.data, jsonb.out.len);
	*value = PointerGetDatum(jsonb.out.data);
	return true;
}
