/*
 * infer.c
 *	  Infer the columns of a foreign table from a collection's documents.
 *
 * This file keeps a tree of the fields that the documents have.  For each
 * field it knows the BSON types (kinds) of its values, and which SQL types
 * read all of them.  To find out whether a type reads a value, we decode the
 * value with the function that scans use.  So a table with these columns can
 * read every document of the sample.  A column gets the narrowest SQL type
 * that is meant for all its kinds, or jsonb if there is none.
 *
 * If all values of a field are documents, each field inside them becomes a
 * column.  But if they have very many fields, they are probably maps rather
 * than records, and the field becomes a single column.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/field.h"
#include "bson/decode_json.h"
#include "bson/encoding.h"
#include "import/infer.h"

/*
 * The most fields that the tree can have, and the most bytes of their names,
 * to limit memory.
 */
#define AD_MAX_FIELDS	100000
#define AD_MAX_NAMES	(16 * 1024 * 1024)

#define BIT(type) AD_KIND_BIT(BSON_TYPE_##type)
#define NUMBERS (BIT(INT32) | BIT(INT64) | BIT(DOUBLE) | BIT(DECIMAL128))

/*
 * The types that columns can get, the narrowest first, and the kinds of
 * values that each type is meant for.  A type may read other kinds too:
 * integer reads the double 2.0, but the next double need not be whole.
 */
static const struct
{
	Oid			typid;
	uint32		kinds;
}			meant[] = {
	{BOOLOID, BIT(BOOL)},
	{INT4OID, BIT(INT32)},
	{INT8OID, BIT(INT32) | BIT(INT64)},
	{FLOAT8OID, BIT(INT32) | BIT(INT64) | BIT(DOUBLE)},
	{NUMERICOID, NUMBERS},
	{TIMESTAMPTZOID, BIT(DATE_TIME)},
	{UUIDOID, BIT(BINARY)},
	{BYTEAOID, BIT(BINARY)},
	{TEXTOID, BIT(UTF8) | BIT(SYMBOL) | BIT(OID)},
};

/* the hash table of all fields finds a field by its parent and name */
typedef struct AdFieldKey
{
	const AdField *parent;
	const char *name;
	uint32		len;
} AdFieldKey;

typedef struct AdFieldEntry
{
	AdFieldKey	key;
	AdField    *field;
	char		status;
} AdFieldEntry;

static inline uint32
hash_key(AdFieldKey key)
{
	return hash_combine(hash_bytes((const unsigned char *) key.name, key.len),
						hash_bytes((const unsigned char *) &key.parent, sizeof(key.parent)));
}

static inline bool
equal_keys(AdFieldKey a, AdFieldKey b)
{
	return a.parent == b.parent && a.len == b.len && memcmp(a.name, b.name, a.len) == 0;
}

#define SH_PREFIX fields
#define SH_ELEMENT_TYPE AdFieldEntry
#define SH_KEY_TYPE AdFieldKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b) equal_keys(a, b)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct AdInference
{
	const AdImportOptions *options;
	MemoryContext context;		/* holds the fields */
	MemoryContext value_cxt;	/* holds one decoded value; reset after each */
	fields_hash *fields;
	int64		names;			/* bytes of all names */
	AdField    *root;			/* stands for the whole document */
	bool		overflown;		/* some fields are not in the tree, because
								 * there are too many */
	AdTarget   *targets[lengthof(meant)];	/* for each type in "meant" */
	AdTarget   *arrays[lengthof(meant)];	/* for arrays of each type */
	AdTarget   *json;			/* for jsonb */
};

/*
 * Returns an inference that knows nothing yet, palloc'd in the current memory
 * context.
 */
AdInference *
ad_infer_create(const AdImportOptions *options)
{
	AdInference *inference = palloc0(sizeof(AdInference));

	inference->options = options;
	inference->context = CurrentMemoryContext;
	inference->value_cxt = AllocSetContextCreate(CurrentMemoryContext,
												 "admin_dashboard import value",
												 ALLOCSET_DEFAULT_SIZES);
	inference->fields = fields_create(CurrentMemoryContext, 256, NULL);
	inference->root = palloc0(sizeof(AdField));
	for (int i = 0; i < lengthof(meant); i++)
	{
		inference->targets[i] = ad_target(meant[i].typid, -1);
		inference->arrays[i] = ad_target(get_array_type(meant[i].typid), -1);
	}
	inference->json = ad_target(JSONBOID, -1);
	return inference;
}

/*
 * Returns the root of the tree of fields, which stands for the whole
 * document.
 */
AdField *
ad_infer_root(const AdInference *inference)
{
	return inference->root;
}

/*
 * Returns the number of documents that the inference has seen.
 */
int64
ad_infer_documents(const AdInference *inference)
{
	return inference->root->counts[AD_KIND(BSON_TYPE_DOCUMENT)];
}

/*
 * Returns the child of "parent" with a name, given in UTF-8 with its length
 * in bytes, and adds it to the tree if it is new.  Returns NULL if it is new
 * and the tree is full, or if the parent is collapsed, so that its fields do
 * not matter.
 */
AdField *
ad_infer_field(AdInference *inference, AdField *parent, const char *name, uint32 len)
{
	AdFieldKey	key = {parent, name, len};
	AdFieldEntry *entry = fields_lookup(inference->fields, key);
	MemoryContext old;
	AdField    *field;
	bool		found;

	if (entry != NULL)
		return entry->field;
	if (parent->collapsed)
		return NULL;
	if (inference->fields->members >= AD_MAX_FIELDS || inference->names + len > AD_MAX_NAMES)
	{
		inference->overflown = true;
		return NULL;
	}
	old = MemoryContextSwitchTo(inference->context);
	field = palloc0(sizeof(AdField));
	field->name = pnstrdup(name, len);
	field->len = len;
	inference->names += len;
	field->parent = parent;
	field->unnamable = ad_text_to_server(field->name, &len) == NULL;
	key.name = field->name;
	fields_insert(inference->fields, key, &found)->field = field;
	parent->children = lappend(parent->children, field);
	if (parent != inference->root &&
		list_length(parent->children) > inference->options->max_columns)
		parent->collapsed = true;
	MemoryContextSwitchTo(old);
	return field;
}

/*
 * Returns the kinds of an array's elements.  Nested arrays count as
 * dimensions, so we look at their elements instead.
 */
static uint32
element_kinds(const AdElement *array)
{
	AdReader	reader;
	AdElement	element;
	uint32		kinds = 0;

	check_stack_depth();
	ad_reader_enter(&reader, array);
	while (ad_reader_next(&reader, &element))
		kinds |= element.type == BSON_TYPE_ARRAY ? element_kinds(&element) : AD_KIND_BIT(element.type);
	return kinds;
}

/*
 * Try to decode a value with each type that has not failed yet.  "kinds" are
 * the kinds of the value, or of an array's elements; a type that is not meant
 * for all of them fails too.  Returns "failed" with the bits of the types
 * that failed now.
 */
static uint32
try_types(AdTarget *const *targets, uint32 kinds, const AdElement *element, uint32 failed)
{
	for (int i = 0; i < lengthof(meant); i++)
	{
		Datum		ignored;

		if ((failed & (1 << i)) == 0 &&
			((kinds & ~meant[i].kinds & ~AD_NULL_KINDS) != 0 ||
			 !targets[i]->type->decode(targets[i], element, &ignored)))
			failed |= 1 << i;
	}
	return failed;
}

static bool visit_document(AdInference *inference, AdField *parent, AdReader *reader);

/*
 * Learn from one value of a field.  Returns true if jsonb can read it.
 */
static bool
visit_value(AdInference *inference, AdField *field, const AdElement *element)
{
	bool		readable;
	Datum		ignored;

	field->counts[AD_KIND(element->type)]++;
	if (ad_is_null(element->type))
		return true;
	if (element->type == BSON_TYPE_DOCUMENT && !field->collapsed &&
		inference->options->nested == AD_NESTED_FLATTEN)
	{
		AdReader	reader;

		ad_reader_enter(&reader, element);
		readable = visit_document(inference, field, &reader);
	}
	else
		readable = ad_decode_json(inference->json, element, &ignored);

	if (element->type == BSON_TYPE_ARRAY)
	{
		uint32		kinds = element_kinds(element);

		field->elements |= kinds;
		if (readable)
			field->failed_arrays = try_types(inference->arrays, kinds, element, field->failed_arrays);
	}
	else if (readable)
		field->failed = try_types(inference->targets, AD_KIND_BIT(element->type), element,
								  field->failed);
	if (!readable)
		field->unreadable++;
	MemoryContextReset(inference->value_cxt);
	return readable;
}

/*
 * Learn from a document that is a value of "parent".  Returns true if jsonb
 * can read it.
 */
static bool
visit_document(AdInference *inference, AdField *parent, AdReader *reader)
{
	AdElement	element;
	bool		readable = true;

	check_stack_depth();
	while (ad_reader_next(reader, &element))
	{
		AdField    *field = ad_infer_field(inference, parent, element.key, element.key_len);
		uint32		len = element.key_len;
		Datum		ignored;

		CHECK_FOR_INTERRUPTS();
		if (field == NULL)
		{
			readable &= ad_text_to_server(element.key, &len) != NULL &&
				ad_decode_json(inference->json, &element, &ignored);
			MemoryContextReset(inference->value_cxt);
		}
		else if (!visit_value(inference, field, &element) || field->unnamable)
			readable = false;
	}
	return readable;
}

/*
 * Learn from one document of the collection.  Raises an error if it is
 * corrupt.
 */
void
ad_infer_document(AdInference *inference, const uint8 *document)
{
	MemoryContext old = MemoryContextSwitchTo(inference->value_cxt);
	AdReader	reader;

	inference->root->counts[AD_KIND(BSON_TYPE_DOCUMENT)]++;
	ad_reader_init(&reader, document, ad_read_int32(document));
	if (!visit_document(inference, inference->root, &reader))
		inference->root->unreadable++;
	MemoryContextSwitchTo(old);
}

/*
 * Returns the kinds of a field's values: those in the sample and those that
 * the validator declares.  Null and undefined are left out, because every
 * type reads them.
 */
uint32
ad_field_kinds(const AdField *field)
{
	uint32		kinds = field->declared;

	for (int i = 0; i < AD_N_KINDS; i++)
	{
		if (field->counts[i] > 0)
			kinds |= (uint32) 1 << i;
	}
	return kinds & ~AD_NULL_KINDS;
}

/* does each field inside this field become a column, instead of this field? */
static bool
is_flat(const AdInference *inference, const AdField *field)
{
	return inference->options->nested == AD_NESTED_FLATTEN && !field->collapsed &&
		field->children != NIL && ad_field_kinds(field) == BIT(DOCUMENT);
}

/*
 * Returns the narrowest type that is meant for all these kinds and has not
 * failed, or InvalidOid.
 */
static Oid
narrowest(uint32 kinds, uint32 failed)
{
	for (int i = 0; i < lengthof(meant); i++)
	{
		if (kinds != 0 && (kinds & ~meant[i].kinds) == 0 && (failed & (1 << i)) == 0)
			return meant[i].typid;
	}
	return InvalidOid;
}

/* returns the type for a field's column */
static Oid
column_type(const AdField *field)
{
	uint32		kinds = ad_field_kinds(field);
	Oid			typid = narrowest(kinds, field->failed);

	if (kinds == BIT(ARRAY))
	{
		typid = narrowest(field->elements & ~AD_NULL_KINDS, field->failed_arrays);
		if (OidIsValid(typid))
			typid = get_array_type(typid);
	}
	/* an empty collection gets a column _id too */
	if (kinds == 0 && field->parent->parent == NULL && strcmp(field->name, "_id") == 0)
		return TEXTOID;
	return OidIsValid(typid) ? typid : JSONBOID;
}

/*
 * Can the column be NOT NULL?  It can if the validator requires the field and
 * forbids null, if the field has a value in all documents of the sample, and
 * if all this holds for the documents around it too.
 */
static bool
is_never_null(const AdInference *inference, const AdField *field)
{
	int64		present = 0;

	if (field == inference->root)
		return true;
	for (int i = 0; i < AD_N_KINDS; i++)
	{
		if ((((uint32) 1 << i) & AD_NULL_KINDS) == 0)
			present += field->counts[i];
	}
	return field->required && field->declared != 0 && (field->declared & AD_NULL_KINDS) == 0 &&
		present == field->parent->counts[AD_KIND(BSON_TYPE_DOCUMENT)] &&
		(field->parent == inference->root || field->parent->declared == BIT(DOCUMENT)) &&
		is_never_null(inference, field->parent);
}

/*
 * Append the fields that become columns to a list: this field, or those
 * inside it if it is flat.  Sets *complete to false if there is a field that
 * cannot be a column because of its name.
 */
static List *
column_fields(const AdInference *inference, AdField *field, List *fields, bool *complete)
{
	ListCell   *lc;

	if (field->unnamable)
		*complete = false;
	else if (field != inference->root && !is_flat(inference, field))
		fields = lappend(fields, field);
	else
	{
		foreach(lc, field->children)
			fields = column_fields(inference, lfirst(lc), fields, complete);
	}
	return fields;
}

/*
 * Returns the flat field below this one that has the most children, or NULL
 * if there is none.
 */
static AdField *
largest(const AdInference *inference, const AdField *field)
{
	AdField    *result = NULL;
	ListCell   *lc;

	foreach(lc, field->children)
	{
		AdField    *child = lfirst(lc);
		AdField    *below;

		if (!is_flat(inference, child))
			continue;
		below = largest(inference, child);
		if (below == NULL || list_length(below->children) < list_length(child->children))
			below = child;
		if (result == NULL || list_length(below->children) > list_length(result->children))
			result = below;
	}
	return result;
}

/*
 * Make the column for a field, palloc'd.
 */
static AdInferred *
make_column(const AdInference *inference, const AdField *field)
{
	AdInferred *column = palloc(sizeof(AdInferred));

	column->field = field;
	column->typid = column_type(field);
	column->not_null = is_never_null(inference, field);
	return column;
}

/*
 * Returns the columns as a list of AdInferred, in the order in which their
 * fields first appeared.  There are at most as many as the options allow,
 * including a column for the whole document.  Sets *complete to true if every
 * field has a column.  If it is false, or if there are no columns, the caller
 * should add a column for the whole document.
 *
 * If there are too many columns, the documents with the most fields become a
 * single column each.  If that is not enough, the last columns are left out.
 */
List *
ad_infer_columns(AdInference *inference, bool *complete)
{
	const AdImportOptions *options = inference->options;
	List	   *fields = NIL;
	List	   *columns = NIL;
	ListCell   *lc;
	int			limit = options->max_columns - (options->document_column != NULL ? 1 : 0);
	AdField    *field;

	for (;;)
	{
		*complete = !inference->overflown;
		list_free(fields);
		fields = column_fields(inference, inference->root, NIL, complete);
		if (list_length(fields) <= limit || (field = largest(inference, inference->root)) == NULL)
			break;
		CHECK_FOR_INTERRUPTS();
		field->collapsed = true;
	}
	/* leave room for the column for the whole document */
	if (options->document_column == NULL && (list_length(fields) > limit || !*complete))
		limit--;
	if (list_length(fields) > limit)
	{
		fields = list_truncate(fields, limit);
		*complete = false;
	}
	foreach(lc, fields)
		columns = lappend(columns, make_column(inference, lfirst(lc)));
	return columns;
}

/*
 * The name of a field in the database's encoding; NULL if that lacks one of its
 * characters.
 */
const char *
ad_infer_name(const AdField *field)
{
	uint32		len = field->len;

	return ad_text_to_server(field->name, &len);
}

/*
 * Append the names that lead to a field, from the outermost one, with a
 * separator between them.  If "as_path" is set, names are escaped as in a
 * field path.
 */
void
ad_infer_append_names(StringInfo out, const AdField *field, char between, bool as_path)
{
	const char *name = ad_infer_name(field);

	if (field->parent->parent != NULL)
	{
		ad_infer_append_names(out, field->parent, between, as_path);
		appendStringInfoChar(out, between);
	}
	if (as_path)
		ad_field_append_name(out, name);
	else
		appendStringInfoString(out, name);
}

/*
 * The value of the option "field" for a field's column, palloc'd.
 */
char *
ad_infer_path(const AdField *field)
{
	StringInfoData path;

	initStringInfo(&path);
	ad_infer_append_names(&path, field, '.', true);
	return path.data;
}
