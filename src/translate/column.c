/*
 * column.c
 *	  Columns of foreign tables, and the outputs that a scan makes of them.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/field.h"
#include "bson/domain.h"
#include "bson/types.h"
#include "translate/column.h"

/* the longest text whose characters a regular expression can count */
#define MAX_COUNTED_LENGTH	65000

/*
 * Whether MongoDB can test which values of the type decode.
 *
 * It cannot in three cases: a string may hold a character that the server's
 * encoding lacks, the test would depend on the order of binary data, or the
 * type allows texts longer than a regular expression can count.
 */
static bool
is_shippable_type(const AdType *type)
{
	if (type == NULL || type->class == AD_CLASS_NONE || type->class == AD_CLASS_UUID)
		return false;
	if (type->class != AD_CLASS_TEXT || GetDatabaseEncoding() == PG_UTF8)
		return type->max_length < MAX_COUNTED_LENGTH;
	return GetDatabaseEncoding() == PG_SQL_ASCII && type->max_length == 0;
}

/* the type for a column whose values need no test */
static const AdType *
trusted_type(const AdType *type)
{
	AdType	   *trusted = palloc(sizeof(AdType));

	*trusted = *type;
	trusted->trusted = true;
	return trusted;
}

/*
 * Reads the type and the options of a column.
 *
 * `options` are those of its table.  Returns a palloc'd AdColumn.  A wrong
 * option or an unknown column is an error.
 */
AdColumn *
ad_column(Oid relid, AttrNumber attnum, const AdTableOptions *options)
{
	AdColumn   *column = palloc(sizeof(AdColumn));
	AdColumnOptions own;
	Oid			collation;

	ad_column_options(relid, attnum, options, &own);
	column->attnum = attnum;
	get_atttypetypmodcoll(relid, attnum, &column->typid, &column->typmod, &collation);
	column->type = ad_column_type(column->typid, column->typmod);
	if (column->type != NULL && !own.verify)
		column->type = trusted_type(column->type);
	column->field = own.field;
	column->on_mismatch = own.on_mismatch;
	column->nameable = ad_field_is_nameable(own.field);
	column->shippable = column->nameable && is_shippable_type(column->type);
	return column;
}

/*
 * Whether the type can be read, and values that MongoDB groups together decode
 * alike.  That is so for all types but those of which one number can be shown
 * in several ways, and json, which has such numbers in it.  MongoDB compares
 * numbers of all BSON types by their values.
 */
static bool
decodes_alike(Oid typid)
{
	static const Oid unlike[] = {FLOAT4OID, FLOAT8OID, NUMERICOID, JSONOID, JSONBOID};

	for (int i = 0; i < lengthof(unlike); i++)
	{
		if (typid == unlike[i])
			return false;
	}
	/* an error about a domain names the document */
	return ad_target(typid, -1) != NULL && get_typtype(typid) != TYPTYPE_DOMAIN;
}

/*
 * Whether values of the field that MongoDB groups together are identical in
 * SQL.  An expression reads a path through an array as an array, which for a
 * column would be a mismatch, so the field of an array must not be in another.
 */
bool
ad_column_is_grouped(const AdColumn *column)
{
	Oid			element = get_element_type(column->typid);

	if (!column->nameable)
		return false;
	return OidIsValid(element) ?
		strchr(column->field, '.') == NULL && decodes_alike(element) :
		decodes_alike(column->typid);
}

/*
 * Whether an expression reads the field as a find does, so that a group can
 * return the column of one of its documents.  A path through an array is an
 * array to the expression.  An error about a domain names the document.
 */
bool
ad_column_is_read(const AdColumn *column)
{
	return column->nameable && ad_target(column->typid, column->typmod) != NULL &&
		!ad_has_domain(column->typid) &&
		(column->shippable || strchr(column->field, '.') == NULL);
}

/*
 * Returns the output, palloc'd, that puts the column's value at `position`
 * (from 0) of the scan's tuples.
 */
AdOutput *
ad_column_output(const AdColumn *column, int position)
{
	AdOutput   *output = palloc0(sizeof(AdOutput));

	output->position = position;
	output->path = column->field;
	output->kind = AD_RESULT_COLUMN;
	output->typid = column->typid;
	output->typmod = column->typmod;
	output->field = column->field;
	output->on_mismatch = column->on_mismatch;
	return output;
}

/*
 * Returns the outputs (a list of AdOutput) for the columns of a table: all of
 * them, or only those in `attrs`, whose members are attribute numbers minus
 * FirstLowInvalidHeapAttributeNumber.  Dropped columns are left out.
 *
 * A column whose type cannot be read from MongoDB is an error, and so is a
 * column for the whole document whose type is neither json nor jsonb.
 */
List *
ad_table_outputs(Relation table, const AdTableOptions *options, Bitmapset *attrs, bool all)
{
	TupleDesc	desc = RelationGetDescr(table);
	List	   *outputs = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		AdColumn   *column;

		if (attr->attisdropped ||
			!(all || bms_is_member(attr->attnum - FirstLowInvalidHeapAttributeNumber, attrs)))
			continue;
		column = ad_column(RelationGetRelid(table), attr->attnum, options);
		if (ad_target(attr->atttypid, attr->atttypmod) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("column \"%s\" of foreign table \"%s\" is of type %s, which cannot be read from MongoDB",
							NameStr(attr->attname), RelationGetRelationName(table),
							format_type_be(attr->atttypid)),
					 errhint("Column types can be: %s.", ad_type_names())));
		if (ad_field_is_document(column->field) && attr->atttypid != JSONBOID && attr->atttypid != JSONOID)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("column \"%s\" of foreign table \"%s\" is the whole document, and must be of type json or jsonb",
							NameStr(attr->attname), RelationGetRelationName(table)),
					 errhint("A field that is named \"$\" is written as \"\\$\".")));
		outputs = lappend(outputs, ad_column_output(column, i));
	}
	return outputs;
}
