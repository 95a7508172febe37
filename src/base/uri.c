/*
 * uri.c
 *	  What may stand in a MongoDB connection string, and who may write it.
 *
 * The driver's own parser decides what is valid; nothing here contacts a
 * server.  Credentials belong to user mappings, so a string that has any is
 * refused, and no message shows a string or a part of it that could be secret.
 *
 * Also starts the driver, since every use of it begins with a URI.
 */
#include "postgres.h"

#include "base/driver.h"
#include "base/uri.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* URI options that make the backend read the server's files */
static const char *const file_options[] = {
	MONGOC_URI_TLSCAFILE,
	MONGOC_URI_TLSCERTIFICATEKEYFILE,
	MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD,
};

/*
 * URI options that the driver's default transport obeys and ours cannot: the
 * driver has no public way to hand them to its TLS stream.
 */
static const char *const unsupported_options[] = {
	MONGOC_URI_TLSDISABLECERTIFICATEREVOCATIONCHECK,
	MONGOC_URI_TLSDISABLEOCSPENDPOINTCHECK,
};

/* mechanisms whose credentials are the server process's own */
static const char *const ambient_mechanisms[] = {
	"GSSAPI",
	"MONGODB-AWS",
	"MONGODB-OIDC",
	"MONGODB-X509",
};

/*
 * Start the driver, once in a backend, and keep it from writing to stderr: its
 * warnings come back to us as errors.
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
 * Raise an error if the URI asks for a compressor that is not ours.  Messages
 * are decompressed by message_check.c, since the driver's own functions abort where what
 * is compressed is not as long as it says.  zlib is a part of PostgreSQL and of
 * every MongoDB server; the other compressors would be libraries more.
 */
static void
check_compressors(const mongoc_uri_t *uri)
{
	bson_iter_t iter;
	const char *other = NULL;

	if (!bson_iter_init(&iter, mongoc_uri_get_compressors(uri)))
		return;
	while (bson_iter_next(&iter))
	{
		if (strcmp(bson_iter_key(&iter), "zlib") != 0)
			other = bson_iter_key(&iter);
	}
	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("compressor \"%s\" is not supported", other),
				 errhint("The compressor zlib is, as in \"compressors=zlib\".")));
}

/*
 * Parse a connection string without credentials, or raise an error.  The
 * result belongs to the current memory context, for much of what callers do
 * with it may throw.
 */
mongoc_uri_t *
ad_uri_parse(const char *text)
{
	const char *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));
	bson_error_t error = {0};
	mongoc_uri_t *uri;

	start_driver();

	/*
	 * An unescaped @ ends the credentials, and can mean nothing else that
	 * could not be written as %40.  Looked for before the driver parses the
	 * string, because its messages quote what it does not understand.
	 */
	if (strchr(text, '@') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("option \"uri\" must not contain credentials"),
				 errhint("Give them in a user mapping: CREATE USER MAPPING ... OPTIONS (user '...', password '...'). An @ that is not part of credentials is written %%40.")));

	uri = mongoc_uri_new_with_error(utf8, &error);
	if (uri == NULL)
	{
		/* what the driver quotes could be a value that is secret */
		bool		secret = strcasestr(text, "password") != NULL ||
		strcasestr(text, "properties") != NULL;

		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_STRING_FORMAT),
				 errmsg("option \"uri\" is not a valid MongoDB connection string"),
				 secret || error.message[0] == '\0' ? 0 :
				 errdetail_internal("%s", error.message),
				 errhint("An example is \"mongodb://127.0.0.1:27017/?replicaSet=rs0\".")));
	}
	callback->func = destroy_uri;
	callback->arg = uri;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	check_compressors(uri);
	return uri;
}

/*
 * Raise an error if the current user may not use the mechanism: one that
 * proves the server process's identity is for superusers.
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
 * Does the mechanism use credentials that no user mapping holds?
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

/*
 * Check the value of the option "uri" for the current user: raise an error if
 * it is not valid or not allowed.
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
}

/*
 * The database named in a connection string's path, palloc'd, or NULL.
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
