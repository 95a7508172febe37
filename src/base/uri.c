/*
 * uri.c
 *	  Checks of MongoDB connection strings (URIs): which options they may have,
 *	  and which of them need a superuser.
 *
 * The driver's own parser decides whether a string is valid.  Nothing here
 * contacts a server.  Credentials belong in user mappings, so we refuse a
 * string that contains any.  No message shows a string, or any part of one
 * that could be secret.
 *
 * This file also starts the driver, because every use of the driver begins
 * with a URI.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "base/collection.h"
#include "base/driver.h"
#include "base/uri.h"
#include "base/utf8.h"

const char *const ad_read_concerns[] = {
	"local", "available", "majority", "linearizable", "snapshot", NULL
};

/* URI options that make the backend read files of the database server */
static const char *const file_options[] = {
	MONGOC_URI_TLSCAFILE,
	MONGOC_URI_TLSCERTIFICATEKEYFILE,
	MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD,
};

/*
 * URI options that work with the driver's default transport, but not with
 * ours: the driver has no public function that passes them to its TLS stream.
 */
static const char *const unsupported_options[] = {
	MONGOC_URI_TLSDISABLECERTIFICATEREVOCATIONCHECK,
	MONGOC_URI_TLSDISABLEOCSPENDPOINTCHECK,
};

/* URI options that are times in milliseconds, which the driver takes if negative */
static const char *const durations[] = {
	"connectTimeoutMS", "heartbeatFrequencyMS", "localThresholdMS", "serverSelectionTimeoutMS", "socketTimeoutMS"
};

/*
 * URI options that the driver knows, but that none of its functions
 * mongoc_uri_option_is_*() recognizes.
 */
static const char *const other_options[] = {
	MONGOC_URI_AUTHMECHANISM,
	MONGOC_URI_AUTHMECHANISMPROPERTIES,
	MONGOC_URI_AUTHSOURCE,
	MONGOC_URI_COMPRESSORS,
	MONGOC_URI_GSSAPISERVICENAME,
	MONGOC_URI_READCONCERNLEVEL,
	MONGOC_URI_READPREFERENCETAGS,
	MONGOC_URI_W,
};

/* authentication mechanisms that use credentials of the server process */
static const char *const ambient_mechanisms[] = {
	"GSSAPI",
	"MONGODB-AWS",
	"MONGODB-OIDC",
	"MONGODB-X509",
};

/*
 * Start the driver, once per backend.  It would log to stderr; we switch that
 * off, because its functions return the errors that matter to us.
 */
static void
start_driver(void)
{
	static bool started = false;

	if (started)
		return;
	mongoc_log_set_handler(NULL, NULL);
	mongoc_init();
	started = true;
}

static void
destroy_uri(void *uri)
{
	mongoc_uri_destroy(uri);
}

/*
 * Raise an error if we do not support a compressor.  message_check.c
 * decompresses messages itself, because the driver's functions abort the
 * process if the decompressed data do not have the length that the message
 * states.  We support zlib only: PostgreSQL and every MongoDB server have it,
 * and the other compressors would need more libraries.
 */
static void
check_compressor(const char *name)
{
	if (strcmp(name, "zlib") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("compressor \"%s\" is not supported", name),
				 errhint("Only zlib is supported, as in \"compressors=zlib\".")));
}

/*
 * Check the compressors in a parsed URI.  These are the ones that the driver
 * would use; the parser drops those that it was built without.
 */
static void
check_compressors(const mongoc_uri_t *uri)
{
	bson_iter_t iter;

	if (!bson_iter_init(&iter, mongoc_uri_get_compressors(uri)))
		return;
	while (bson_iter_next(&iter))
		check_compressor(bson_iter_key(&iter));
}

/*
 * Parse a connection string, and start the driver if necessary.  Raises an
 * error if the string is invalid, has an unescaped @, or names a compressor
 * that we do not support.  The current memory context owns the result,
 * because callers do much with it that can throw.
 */
mongoc_uri_t *
ad_uri_parse(const char *text)
{
	const char *utf8 = ad_to_utf8(text);
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));
	bson_error_t error = {0};
	mongoc_uri_t *uri;

	start_driver();

	/*
	 * An unescaped @ ends the credentials.  Anywhere else it can be written
	 * as %40.  We look for it before the driver parses the string, because
	 * the driver's messages quote what they complain about.
	 */
	if (strchr(text, '@') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("option \"uri\" must not contain credentials"),
				 errhint("Give them in a user mapping: CREATE USER MAPPING ... OPTIONS (user '...', password '...'). An @ that is not part of credentials is written %%40.")));

	uri = mongoc_uri_new_with_error(utf8, &error);
	if (uri == NULL)
	{
		/* the driver's message could quote a secret value */
		bool		secret = strcasestr(text, "password") != NULL ||
		strcasestr(text, "properties") != NULL;

		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("option \"uri\" is not a valid MongoDB connection string"),
				 secret || error.message[0] == '\0' ? 0 :
				 errdetail_internal("%s", error.message),
				 errhint("An example is \"mongodb://127.0.0.1:27017/\".")));
	}
	callback->func = destroy_uri;
	callback->arg = uri;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	check_compressors(uri);
	return uri;
}

/*
 * Raise an error if the current user may not use an authentication mechanism.
 * Only superusers may use one that proves the identity of the server process.
 */
void
ad_uri_check_mechanism(const char *mechanism)
{
	if (ad_uri_mechanism_is_ambient(mechanism) && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use authentication mechanism \"%s\"",
						mechanism),
				 errdetail("Only superusers may connect with the credentials of the server process.")));
}

/*
 * Does an authentication mechanism use credentials of the server process,
 * instead of those in the user mapping?  Case does not matter.
 */
bool
ad_uri_mechanism_is_ambient(const char *mechanism)
{
	for (int i = 0; i < lengthof(ambient_mechanisms); i++)
	{
		if (pg_strcasecmp(mechanism, ambient_mechanisms[i]) == 0)
			return true;
	}
	return false;
}

/* does the driver know a URI option?  Case does not matter. */
static bool
is_known(const char *name)
{
	for (int i = 0; i < lengthof(other_options); i++)
	{
		if (pg_strcasecmp(name, other_options[i]) == 0)
			return true;
	}
	return mongoc_uri_option_is_int32(name) || mongoc_uri_option_is_int64(name) ||
		mongoc_uri_option_is_bool(name) || mongoc_uri_option_is_utf8(name);
}

/*
 * Check one option of a URI that the driver has parsed.  The driver skips an
 * option that it cannot use, and only logs a warning that nobody reads: a
 * user who misspelled "tls" would believe that TLS is on.  If "secret" is
 * set, the name could be a piece of a secret, so the message does not show
 * it.
 */
static void
check_uri_option(const char *name, const char *value, bool secret)
{
	if (!is_known(name))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 secret ? errmsg("invalid connection string option after one that is secret") :
				 errmsg("invalid connection string option \"%s\"", name),
				 errdetail("This version of the MongoDB driver has no such option, and would ignore it."),
				 errhint("Remove it from the option \"uri\", or check its spelling. An & in a value is written %%26.")));
	/* an empty tag set and an empty text are valid values */
	if (value[0] == '\0' && !mongoc_uri_option_is_utf8(name) &&
		pg_strcasecmp(name, MONGOC_URI_READPREFERENCETAGS) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("connection string option \"%s\" has no value", name)));
	if (pg_strcasecmp(name, MONGOC_URI_COMPRESSORS) == 0)
	{
		char	   *names = pstrdup(value);
		char	   *rest;

		for (char *one = strtok_r(names, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest))
			check_compressor(one);
	}
}

/*
 * Check all options of a URI that the driver has parsed.  If a secret value
 * contains an unescaped &, the rest of the value looks like an option.
 */
static void
check_uri_options(const char *text)
{
	const char *query = strchr(text, '?');
	char	   *rest = query == NULL ? NULL : pstrdup(query + 1);
	bool		secret = false;
	List	   *names = NIL;

	for (char *name; (name = strsep(&rest, "&")) != NULL;)
	{
		char	   *value = strchr(name, '=');
		ListCell   *lc;

		if (value == NULL)
			continue;
		*value++ = '\0';
		check_uri_option(name, value, secret);
		foreach(lc, names)
		{
			if (pg_strcasecmp(name, lfirst(lc)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
						 errmsg("connection string option \"%s\" is given more than once", name),
						 errhint("Give it once. Only readPreferenceTags can be repeated.")));
		}
		if (pg_strcasecmp(name, MONGOC_URI_READPREFERENCETAGS) != 0)
			names = lappend(names, name);
		secret |= strcasestr(name, "password") != NULL || strcasestr(name, "properties") != NULL;
	}
}

/*
 * Is this a level of read concern in MongoDB?
 */
static bool
is_read_concern(const char *name)
{
	for (int i = 0; ad_read_concerns[i] != NULL; i++)
	{
		if (strcmp(ad_read_concerns[i], name) == 0)
			return true;
	}
	return false;
}

/*
 * Check the values that the driver passes to the server without a check.
 */
static void
check_uri_values(const mongoc_uri_t *uri)
{
	const char *level = mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri));
	const char *database = mongoc_uri_get_database(uri);
	const char *flaw = ad_auth_source_flaw(mongoc_uri_get_auth_source(uri));

	if (flaw == NULL && database != NULL && database[0] != '\0')
		flaw = ad_auth_source_flaw(database);
	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("connection string names a database that cannot exist"),
				 errdetail_internal("%s", flaw)));
	if (level != NULL && !is_read_concern(level))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("invalid value for connection string option \"readConcernLevel\""),
				 errhint("Valid values are those of the option \"read_concern\", in lower case.")));
	for (int k = 0; k < lengthof(durations); k++)
	{
		if (mongoc_uri_get_option_as_int32(uri, durations[k], 0) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
					 errmsg("connection string option \"%s\" is negative", durations[k])));
	}
}

/*
 * Check the value of the option "uri".  Raises an error if it is invalid, or
 * if the current user may not use it.  Connections do not repeat this check,
 * even if the driver has been replaced since by a version that knows fewer
 * options.
 */
void
ad_uri_check(const char *text)
{
	mongoc_uri_t *uri = ad_uri_parse(text);
	bool		credentials = mongoc_uri_get_username(uri) != NULL ||
	mongoc_uri_get_password(uri) != NULL;
	const char *file_option = NULL;
	const char *unsupported = NULL;
	char	   *mechanism = NULL;

	for (int i = 0; i < lengthof(file_options); i++)
	{
		if (mongoc_uri_has_option(uri, file_options[i]))
			file_option = file_options[i];
	}
	for (int i = 0; i < lengthof(unsupported_options); i++)
	{
		if (mongoc_uri_has_option(uri, unsupported_options[i]))
			unsupported = unsupported_options[i];
	}
	if (mongoc_uri_get_auth_mechanism(uri) != NULL)
		mechanism = pstrdup(mongoc_uri_get_auth_mechanism(uri));

	if (credentials)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("option \"uri\" must not contain credentials"),
				 errhint("Give them in a user mapping: CREATE USER MAPPING ... OPTIONS (user '...', password '...').")));
	if (unsupported != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("connection string option \"%s\" is not supported",
						unsupported)));
	if (file_option != NULL && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use connection string option \"%s\"",
						file_option),
				 errdetail("Only superusers may name files of the database server.")));
	if (mechanism != NULL)
		ad_uri_check_mechanism(mechanism);
	check_uri_options(text);
	check_uri_values(uri);
}

/*
 * Returns the database in the path of a connection string, palloc'd, in the
 * server encoding; or NULL if there is none.  Raises the errors of
 * ad_uri_parse().
 */
char *
ad_uri_database(const char *text)
{
	mongoc_uri_t *uri = ad_uri_parse(text);
	const char *database = mongoc_uri_get_database(uri);

	if (database == NULL || database[0] == '\0')
		return NULL;
	return pstrdup(pg_any_to_server(database, strlen(database), PG_UTF8));
}

/*
 * Do connections made from this URI use TLS?  They do if the URI asks for it,
 * and if the mechanism is MONGODB-X509, which needs the client certificate of
 * a TLS handshake.
 */
bool
ad_uri_uses_tls(const mongoc_uri_t *uri)
{
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	return mongoc_uri_get_tls(uri) ||
		(mechanism != NULL && strcmp(mechanism, "MONGODB-X509") == 0);
}
