/*
 * decoder.c
 *	  Read fields of BSON documents, in one pass over each.
 *
 * The paths that are wanted make up a tree of names.  A document is read in
 * its own order; each element's name is looked for among the names that are
 * wanted at that level, beginning with the one that followed last time, since
 * documents of a collection mostly have their fields in one order.  Reading a
 * level ends as soon as all its names are found.
 *
 * Of fields with the same name the first counts, as it does for MongoDB's
 * path expressions.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"

#include "base/field.h"
#include "bson/decode_json.h"
#include "bson/decoder.h"

typedef struct AdLevel AdLevel;

/* one name at one level */
typedef struct AdName
{
	const char *name;
	uint32		len;
	uint64		seen;			/* number of the document that last had it */
	List	   *fields;			/* indexes of the fields that end here */
	AdLevel    *below;			/* of the fields that go on; or NULL */
} AdName;

struct AdLevel
{
	AdName	   *names;
	int			count;
	int			next;			/* where the search begins */
};

struct AdDecoder
{
	AdLevel		top;
	List	   *whole;			/* indexes of the fields that are the document */
	const AdTarget **targets;	/* of each field */
	AdFieldValue *values;
	int			count;
	int			field;			/* whose value is being decoded; or -1 */
	uint64		serial;			/* number of the document */
};

/*
 * A decoder without fields, in the current memory context.
 */
AdDecoder *
ad_decoder_create(void)
{
	AdDecoder  *decoder = palloc0(sizeof(AdDecoder));

	decoder->field = -1;
	return decoder;
}

/* the name at that level, added if it is not there */
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
	names[level->count].name = name;
	names[level->count].len = strlen(name);
	return &names[level->count++];
}

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
	name->fields = lappend_int(name->fields, index);
}

/*
 * Add a field, given by its dotted path in UTF-8, or "$" for the document; to
 * be called before the first document is decoded.  Returns the field's index
 * in ad_decode()'s result.  target is NULL for a field that is only looked at:
 * its values are all mismatches.
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

/* the name of the element, or NULL if it is not wanted or not the first */
static AdName *
find_name(AdDecoder *decoder, AdLevel *level, const AdElement *element)
{
	int			i = level->next;

	for (int tried = 0; tried < level->count; tried++)
	{
		AdName	   *name = &level->names[i];

		if (++i == level->count)
			i = 0;
		if (name->len == element->key_len &&
			memcmp(name->name, element->key, name->len) == 0)
		{
			level->next = i;
			if (name->seen == decoder->serial)
				return NULL;
			name->seen = decoder->serial;
			return name;
		}
	}
	return NULL;
}

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

/* all fields of a level that lead through a value where none can be found */
static void
mark_mismatch(AdDecoder *decoder, const AdName *name, bson_type_t found)
{
	ListCell   *lc;

	foreach(lc, name->fields)
	{
		decoder->values[lfirst_int(lc)].state = AD_FIELD_MISMATCH;
		decoder->values[lfirst_int(lc)].found = found;
	}
	for (int i = 0; name->below != NULL && i < name->below->count; i++)
		mark_mismatch(decoder, &name->below->names[i], found);
}

/*
 * Read one level: a document, or an array whose elements have their positions
 * as names.
 */
static void
decode_level(AdDecoder *decoder, AdLevel *level, AdReader *reader)
{
	int			missing = level->count;
	AdElement	element;

	while (missing > 0 && ad_reader_next(reader, &element))
	{
		AdName	   *name = find_name(decoder, level, &element);
		AdReader	inner;
		ListCell   *lc;

		if (name == NULL)
			continue;
		missing--;
		foreach(lc, name->fields)
			decode_field(decoder, lfirst_int(lc), &element);
		if (name->below == NULL)
			continue;
		/* a path of names does not lead into an array, one of positions does */
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
 * Read a document's fields.  Values that are not passed by value are palloc'd
 * in the current memory context; the result itself is overwritten by the next
 * call.
 */
const AdFieldValue *
ad_decode(AdDecoder *decoder, const uint8 *document)
{
	AdReader	reader;
	ListCell   *lc;

	for (int i = 0; i < decoder->count; i++)
	{
		decoder->values[i].state = AD_FIELD_NULL;
		decoder->values[i].found = BSON_TYPE_EOD;
	}
	/* an error may have ended the last document */
	decoder->field = -1;
	decoder->serial++;
	ad_reader_init(&reader, document, ad_read_int32(document));
	foreach(lc, decoder->whole)
	{
		AdFieldValue *field = &decoder->values[lfirst_int(lc)];
		AdReader	whole = reader;

		field->found = BSON_TYPE_DOCUMENT;
		decoder->field = lfirst_int(lc);
		field->state = ad_decode_whole(decoder->targets[lfirst_int(lc)], &whole, &field->value) ?
			AD_FIELD_VALUE : AD_FIELD_MISMATCH;
		decoder->field = -1;
	}
	decode_level(decoder, &decoder->top, &reader);
	return decoder->values;
}

/*
 * Which field's value it is that an error is about, which ad_decode() raised; -1
 * if it is about the document.
 */
int
ad_decoder_field(const AdDecoder *decoder)
{
	return decoder->field;
}
