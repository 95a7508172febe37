/*
 * infer_schema.c
 *	  Learn about a collection's fields from its validator.
 *
 * We read the keywords bsonType, type, properties, items and required of a
 * $jsonSchema (MongoDB manual, "$jsonSchema").  The other keywords only
 * narrow what these allow, and change no type.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "import/infer_schema.h"

/*
 * Returns the kinds that a schema allows: those in bsonType, else those in
 * type.  Both have one alias or an array of them.  Returns 0 if the schema
 * has neither.
 */
static uint32
schema_kinds(const AdReader schema)
{
	AdElement	types;
	AdElement	element;
	AdReader	reader;
	uint32		kinds = 0;

	if (!ad_reader_find(schema, "bsonType", &types) && !ad_reader_find(schema, "type", &types))
		return 0;
	if (types.type != BSON_TYPE_ARRAY)
		return ad_bson_alias_kinds(ad_element_string(&types));
	ad_reader_enter(&reader, &types);
	while (ad_reader_next(&reader, &element))
		kinds |= ad_bson_alias_kinds(ad_element_string(&element));
	return kinds;
}

/* read the schema of one field, and those of the fields inside it */
static void
read_schema(AdInference *inference, AdField *field, AdReader schema, bool strict)
{
	AdReader	reader;
	AdElement	element;

	check_stack_depth();
	field->declared = schema_kinds(schema);
	if (ad_reader_find_inner(schema, "items", BSON_TYPE_DOCUMENT, &reader))
		field->elements |= schema_kinds(reader);
	if (!ad_reader_find_inner(schema, "properties", BSON_TYPE_DOCUMENT, &reader))
		return;
	while (ad_reader_next(&reader, &element))
	{
		AdField    *child = element.type != BSON_TYPE_DOCUMENT ? NULL :
		ad_infer_field(inference, field, element.key, element.key_len);
		AdReader	inner;

		if (child == NULL)
			continue;
		ad_reader_enter(&inner, &element);
		read_schema(inference, child, inner, strict);
	}
	if (!strict || !ad_reader_find_inner(schema, "required", BSON_TYPE_ARRAY, &reader))
		return;
	while (ad_reader_next(&reader, &element))
	{
		const char *name = ad_element_string(&element);
		AdField    *child = ad_infer_field(inference, field, name, strlen(name));

		if (child != NULL)
			child->required = true;
	}
}

/*
 * Learn from the $jsonSchema of a validator.  If "strict" is false, the
 * validator does not guarantee that documents obey it, so only its types
 * count.  The caller should read the documents first, so that their fields
 * come first.
 */
void
ad_infer_schema(AdInference *inference, AdReader schema, bool strict)
{
	read_schema(inference, ad_infer_root(inference), schema, strict);
}
