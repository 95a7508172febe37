/*
 * decoder.c
 *	  Read the wanted fields of BSON documents, in one pass over each document.
 *
 * The wanted paths form a tree of names.  We read a document in its own
 * order.  For each element we search its name among the wanted names of that
 * level.  The documents of a collection mostly have their fields in the same
 * order, so we first try the name that followed the last match in the last
 * document.  We stop reading a level as soon as we have found all its names.
 *
 * If a document has several fields of the same name, the first one counts, as
 * in MongoDB's path expressions.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"

#include "base/field.h"
#include "bson/decoder.h"

typedef struct AdLevel AdLevel;

/* one name at one level */
typedef struct AdName
{
	const char *name;			/* in UTF-8 */
	uint32		len;			/* in bytes */
	uint64		seen;			/* serial number of the last document that had
								 * it */
	int		   *fields;			/* indexes of the fields whose path ends here */
	int			nfields;
	AdLevel    *below;			/* names for the paths that go on; or NULL */
	int			follower;		/* index of the name that came after this one
								 * in the last document */
} AdName;

/* the wanted names at one level */
struct AdLevel
{
	AdName	   *names;
	int			count;
	int			first;			/* index of the name that came first in the
								 * last document */
};

struct AdDecoder
{
	AdLevel		top;
	List	   *whole;			/* indexes of the fields that are the whole
								 * document */
	const AdTarget **targets;	/* target of each field, or NULL */
	AdFieldValue *values;		/* the result for each field */
	int			count;			/* number of fields */
	int			field;			/* the field that is being decoded; or -1 */
	uint64		serial;			/* serial number of the document */
};

/*
 * Returns a decoder without fields, in the current memory context.
 */
AdDecoder *
ad_decoder_create(void)
{
	AdDecoder  *decoder = palloc0(sizeof(AdDecoder));

	decoder->field = -1;
	return decoder;
}

/* find a name at a level, and add it if it is new */
static AdName *
level_name(AdLevel *level, const char *name)
{
	AdName	   *names;

	for (int i = 0; i < level->count; i++)
	{
		if (strcmp(level->names[i].name, name) == 0)
			return &level->names[i];
	}
	names = palloc0((level->count + 1) * sizeof(AdName));
	if (level->count > 0)
		memcpy(names, level->names, level->count * sizeof(AdName));
	level->names = names;
	/* until a document shows another order, it is that of the names */
	if (level->count > 0)
		names[level->count - 1].follower = level->count;
	names[level->count].name = name;
	names[level->count].len = strlen(name);
	return &names[level->count++];
}

/* add the path of field number "index" to the tree of names */
static void
add_to_tree(AdDecoder *decoder, const char *path, int index)
{
	AdLevel    *level = &decoder->top;
	AdName	   *name;

	for (;;)
	{
		name = level_name(level, ad_field_next_name(&path));
		if (path == NULL)
			break;
		if (name->below == NULL)
			name->below = palloc0(sizeof(AdLevel));
		level = name->below;
	}
	name->fields = name->fields == NULL ? palloc(sizeof(int)) :
		repalloc(name->fields, (name->nfields + 1) * sizeof(int));
	name->fields[name->nfields++] = index;
}

/*
 * Add a field, given by its path in UTF-8, or "$" for the whole document.
 * The caller must add all fields before it decodes the first document.
 * Returns the index of the field in the result of ad_decode().  If "target"
 * is NULL, every value other than null is a mismatch: the caller only wants
 * its BSON type.
 */
int
ad_decoder_add(AdDecoder *decoder, const char *path, const AdTarget *target)
{
	int			index = decoder->count++;

	if (ad_field_is_document(path))
		decoder->whole = lappend_int(decoder->whole, index);
	else
		add_to_tree(decoder, path, index);
	if (index == 0)
	{
		decoder->targets = palloc(sizeof(AdTarget *));
		decoder->values = palloc(sizeof(AdFieldValue));
	}
	else
	{
		decoder->targets = repalloc(decoder->targets, decoder->count * sizeof(AdTarget *));
		decoder->values = repalloc(decoder->values, decoder->count * sizeof(AdFieldValue));
	}
	decoder->targets[index] = target;
	return index;
}

/*
 * Read the next element, and find its name among the wanted ones.  *expected
 * is the place where the index of the name is expected, and becomes the one
 * for the element after it.  Sets *found to NULL if the name is not wanted, or
 * if the document has already had an element of that name.  Returns false at
 * the end of the document.
 */
static inline bool
next_name(AdDecoder *decoder, AdLevel *level, AdReader *reader, int **expected,
		  AdElement *element, AdName **found)
{
	AdName	   *name = &level->names[**expected];

	if (unlikely(!ad_reader_next_is(reader, name->name, name->len, element)))
	{
		int			i = 0;

		if (!ad_reader_next(reader, element))
			return false;
		while (i < level->count &&
			   (level->names[i].len != element->key_len ||
				memcmp(level->names[i].name, element->key, element->key_len) != 0))
			i++;
		*found = NULL;
		if (i == level->count)
			return true;
		**expected = i;
		name = &level->names[i];
	}
	*expected = &name->follower;
	*found = name->seen == decoder->serial ? NULL : name;
	name->seen = decoder->serial;
	return true;
}

/* decode the value of one field, which the document has */
static void
decode_field(AdDecoder *decoder, int index, const AdElement *element)
{
	AdFieldValue *field = &decoder->values[index];
	const AdTarget *target = decoder->targets[index];

	field->found = element->type;
	if (ad_is_null(field->found))
		return;
	decoder->field = index;
	field->state = target != NULL && target->type->decode(target, element, &field->value) ?
		AD_FIELD_VALUE : AD_FIELD_MISMATCH;
	decoder->field = -1;
}

/*
 * Make mismatches of all fields whose path leads through a value that cannot
 * contain them.  "found" is the BSON type of that value.
 */
static void
mark_mismatch(AdDecoder *decoder, const AdName *name, bson_type_t found)
{
	for (int i = 0; i < name->nfields; i++)
	{
		decoder->values[name->fields[i]].state = AD_FIELD_MISMATCH;
		decoder->values[name->fields[i]].found = found;
	}
	for (int i = 0; name->below != NULL && i < name->below->count; i++)
		mark_mismatch(decoder, &name->below->names[i], found);
}

/*
 * Read one level: a document, or an array, in which the position of an
 * element is its name.
 */
static void
decode_level(AdDecoder *decoder, AdLevel *level, AdReader *reader)
{
	int			missing = level->count;
	int		   *expected = &level->first;
	AdElement	element;
	AdName	   *name;

	while (missing > 0 && next_name(decoder, level, reader, &expected, &element, &name))
	{
		AdReader	inner;

		if (name == NULL)
			continue;
		missing--;
		for (int i = 0; i < name->nfields; i++)
			decode_field(decoder, name->fields[i], &element);
		if (name->below == NULL)
			continue;

		/*
		 * Only a path that goes on with a position leads into an array; other
		 * paths that meet an array are mismatches.
		 */
		if (element.type == BSON_TYPE_ARRAY)
		{
			for (int i = 0; i < name->below->count; i++)
			{
				if (!ad_is_position(name->below->names[i].name, name->below->names[i].len))
					mark_mismatch(decoder, &name->below->names[i], BSON_TYPE_ARRAY);
			}
		}
		else if (element.type != BSON_TYPE_DOCUMENT)
			continue;
		check_stack_depth();
		ad_reader_enter(&inner, &element);
		decode_level(decoder, name->below, &inner);
	}
}

/*
 * Read the fields of a document.  Returns an array with one member for each
 * field, which the next call overwrites.  Values that are not passed by value
 * are palloc'd in the current memory context.  Raises an error if the
 * document is corrupt, or if an array element violates its domain.
 */
const AdFieldValue *
ad_decode(AdDecoder *decoder, const uint8 *document)
{
	AdElement	whole = {.type = BSON_TYPE_DOCUMENT, .key = "", .value = document, .size = ad_read_int32(document)};
	AdReader	reader;
	ListCell   *lc;

	for (int i = 0; i < decoder->count; i++)
	{
		decoder->values[i].state = AD_FIELD_NULL;
		decoder->values[i].found = BSON_TYPE_EOD;
	}
	/* an error may have interrupted the last call */
	decoder->field = -1;
	decoder->serial++;
	ad_reader_enter(&reader, &whole);
	foreach(lc, decoder->whole)
		decode_field(decoder, lfirst_int(lc), &whole);
	decode_level(decoder, &decoder->top, &reader);
	return decoder->values;
}

/*
 * Returns the index of the field that ad_decode() was decoding when it raised
 * an error, or -1 if it was decoding no field.
 */
int
ad_decoder_field(const AdDecoder *decoder)
{
	return decoder->field;
}
