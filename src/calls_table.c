/*
 * calls_table.c
 *	  The relation that holds the calls: the setting that names it, and
 *	  checks of the relation.
 *
 * We check everything here before the query runs.  The errors of the query
 * would not tell that the name comes from a setting, nor which columns the
 * relation must have.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "calls_table.h"

/*
 * The columns that the relation must have.  Each must have the given type, or
 * one that is cast to it implicitly, so that the query uses PostgreSQL's own
 * operators and sum().  "words" describes the type in messages.
 */
static const struct
{
	const char *name;
	Oid			type;
	const char *words;
}			columns[] = {
	{"created_by_email", TEXTOID, gettext_noop("text")},
	{"created_at", TIMESTAMPTZOID, gettext_noop("a date and time")},
	{"duration_minutes", FLOAT8OID, gettext_noop("a number")},
};

/* columns that can identify a call, the best first */
static const char *const keys[] = {"_id", "call_id", "id"};

/* the setting admin_dashboard.calls_table */
char	   *ad_calls_table;

/*
 * Split a table's name such as "livekit.calls", in which identifiers can be
 * quoted.  Returns a list of one or two names, palloc'd, or NIL if it is not
 * a valid name.
 */
static List *
parse_table_name(const char *value)
{
	List	   *names;

	if (!SplitIdentifierString(pstrdup(value), '.', &names) ||
		names == NIL || list_length(names) > 2)
		return NIL;
	return names;
}

/* check hook of the setting */
static bool
check_calls_table(char **newval, void **extra, GucSource source)
{
	if (parse_table_name(*newval) != NIL)
		return true;
	GUC_check_errdetail("It is not the name of a table, with or without a schema.");
	return false;
}

/*
 * Define the setting.  _PG_init calls this once.
 */
void
ad_calls_table_init(void)
{
	DefineCustomStringVariable("admin_dashboard.calls_table",
							   "Names the table, foreign table or view that holds the calls.",
							   "It must have the columns created_by_email, created_at and duration_minutes.",
							   &ad_calls_table, "calls",
							   PGC_USERSET, 0, check_calls_table, NULL, NULL);
}

static char *
caller_name(void)
{
	return GetUserNameFromId(GetUserId(), false);
}

/* the caller's name as an SQL identifier */
static const char *
quoted_caller_name(void)
{
	return quote_identifier(caller_name());
}

/*
 * Raise an error if a schema exists but the caller may not use it.
 */
static void
check_schema(const char *schema)
{
	Oid			oid = get_namespace_oid(schema, true);

	if (!OidIsValid(oid) ||
		DatumGetBool(DirectFunctionCall2(has_schema_privilege_id, ObjectIdGetDatum(oid),
										 CStringGetTextDatum("USAGE"))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for schema %s", schema),
			 errdetail("Role \"%s\" may not use the schema of relation \"%s\".",
					   caller_name(), ad_calls_table),
			 errhint("Use GRANT USAGE ON SCHEMA %s TO %s.",
					 quote_identifier(schema), quoted_caller_name())));
}

/* raise the error for a relation that does not exist */
pg_noreturn static void
report_missing(const char *schema)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation \"%s\" does not exist", ad_calls_table),
			 schema == NULL ?
			 errdetail("It is in none of the schemas of search_path that role \"%s\" may use: %s.",
					   caller_name(), namespace_search_path) :
			 OidIsValid(get_namespace_oid(schema, true)) ?
			 errdetail("Schema \"%s\" does not contain it.", schema) :
			 errdetail("There is no schema \"%s\".", schema),
			 errhint("Set admin_dashboard.calls_table to the table, foreign table or view that holds the calls.")));
}

/* raise an error if the relation is of a kind without rows */
static void
check_kind(Oid relid)
{
	char		kind = get_rel_relkind(relid);

	if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_VIEW ||
		kind == RELKIND_MATVIEW || kind == RELKIND_FOREIGN_TABLE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("relation \"%s\" is not a table, foreign table or view", ad_calls_table),
			 errdetail_relkind_not_supported(kind),
			 errhint("Set admin_dashboard.calls_table to the table, foreign table or view that holds the calls.")));
}

/* may the caller read this column? */
static bool
may_read(Oid relid, AttrNumber column)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, column, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/*
 * Raise an error if the relation lacks a column, if its type cannot become
 * "wanted" implicitly, or if the caller may not read it.
 */
static void
check_column(Oid relid, const char *name, Oid wanted, const char *words)
{
	AttrNumber	column = get_attnum(relid, name);
	Oid			type;

	if (column == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", name, ad_calls_table),
				 errdetail("Calls have the columns created_by_email, created_at and duration_minutes."),
				 errhint("Make a view that has them, and set admin_dashboard.calls_table to it.")));
	type = get_atttype(relid, column);
	if (!can_coerce_type(1, &type, &wanted, COERCION_IMPLICIT))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is of type %s, not %s",
						name, ad_calls_table, format_type_be(type), _(words)),
				 errdetail("Its type must be %s, or one that is cast to it implicitly.",
						   format_type_be(wanted)),
				 errhint("Make a view that converts it, and set admin_dashboard.calls_table to it.")));
	if (!may_read(relid, column))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for column \"%s\" of relation \"%s\"", name, ad_calls_table),
				 errdetail("Role \"%s\" may not read it.", caller_name()),
				 errhint("Use GRANT SELECT ON %s TO %s.",
						 ad_calls_table_name(relid), quoted_caller_name())));
}

/*
 * Returns the OID of the relation that the setting names, after checking it.
 * We do not lock it: if it changes before the query runs, the query raises
 * the error.
 *
 * Errors: 42P01 if there is no such relation, 42809 if its kind has no rows,
 * 42703 if it lacks a column, 42804 if a column has the wrong type, 42501 if
 * the caller may not use its schema or read a column.
 */
Oid
ad_calls_table_find(void)
{
	List	   *names = parse_table_name(ad_calls_table);
	char	   *schema = list_length(names) == 2 ? linitial(names) : NULL;
	Oid			relid;

	if (schema != NULL)
		check_schema(schema);
	relid = RangeVarGetRelid(makeRangeVar(schema, llast(names), -1), NoLock, true);
	if (!OidIsValid(relid))
		report_missing(schema);
	check_kind(relid);
	for (int i = 0; i < lengthof(columns); i++)
		check_column(relid, columns[i].name, columns[i].type, columns[i].words);
	return relid;
}

/*
 * Returns the relation's name for a query, with its schema, and quoted if
 * necessary; palloc'd.
 */
char *
ad_calls_table_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * Returns the name of a column that can identify a call, or NULL if the
 * relation has none that the caller may read.
 */
const char *
ad_calls_table_key(Oid relid)
{
	for (int i = 0; i < lengthof(keys); i++)
	{
		AttrNumber	column = get_attnum(relid, keys[i]);

		if (column != InvalidAttrNumber && may_read(relid, column))
			return keys[i];
	}
	return NULL;
}
