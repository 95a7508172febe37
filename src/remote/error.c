/*
 * error.c
 *	  Reports errors of the driver as errors of PostgreSQL.
 *
 * Only this file reads the message of a bson_error_t.  The table below
 * determines the SQLSTATE and the primary message.  The detail quotes
 * MongoDB's message.
 *
 * Clients must use version 2 of the driver's error API, in which the server's
 * errors have a domain of their own.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "remote/error.h"

/*
 * Greatest length in bytes of MongoDB's message, and of its name for the
 * error.
 */
#define LONGEST_WORDS	900
#define LONGEST_NAME	100

/*
 * A row for an error or for a whole domain; the first row that matches is
 * used.
 */
typedef struct AdErrorRule
{
	uint32		domain;			/* 0: any */
	uint32		code;			/* 0: any of the domain */
	AdErrorKind kind;
	int			sqlstate;
	const char *message;		/* %s is the server's name */
	const char *hint;			/* or NULL */
} AdErrorRule;

#define LOGIN_MESSAGE	"could not authenticate to MongoDB server \"%s\""
#define LOGIN_HINT		"Check the options of the user mapping: user, password, auth_source, auth_mechanism. A MongoDB without users needs no user mapping."
#define SERVER_MESSAGE	"MongoDB server \"%s\" cannot serve reads now"
#define SNAPSHOT_MESSAGE "MongoDB server \"%s\" does not support snapshots"
#define SNAPSHOT_HINT	"The option snapshot of the server needs a replica set or a sharded cluster of MongoDB 5.0 or later."
#define MEMORY_MESSAGE	"query exceeded the memory limit of MongoDB server \"%s\""
#define MEMORY_HINT		"Set the option allow_disk_use of the foreign table to true, or restrict the query."
#define TIME_MESSAGE	"canceling statement due to the time limit on MongoDB server \"%s\""
#define TIME_HINT		"The time limit is what was left of statement_timeout when the scan started."
#define CONNECT_MESSAGE "could not connect to MongoDB server \"%s\""
#define SELECTION_HINT	"Check that the hosts of the connection string can be reached, with TLS if they require it, and that its replicaSet and the read preference are correct for these hosts."
#define MEMBER_HINT		"A replica set has no primary during an election. If this lasts, check the set's members, or set the option read_preference of the server to secondaryPreferred."
#define LOST_MESSAGE	"lost connection to MongoDB server \"%s\""
#define REPLY_MESSAGE	"invalid reply from MongoDB server \"%s\""
#define QUERY_MESSAGE	"query failed on MongoDB server \"%s\""
#define VIEW_HINT		"The view has a collation of its own, by which MongoDB compares strings in another way than PostgreSQL, and does not let a query change that. Set the options enable_filter_pushdown, enable_aggregate_pushdown, enable_sort_pushdown and enable_join_pushdown of the foreign table to false."
#define QUERY_HINT		"If this is another server than MongoDB, it may lack what the query uses. admin_dashboard_check_server() tells what its option avoid should be."

static const AdErrorRule rules[] = {
	/* the server's own errors, by its codes */
	{MONGOC_ERROR_SERVER, 13 /* Unauthorized */ , AD_ERROR_OF_QUERY,
		ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied by MongoDB server \"%s\"",
	"The user mapping must name a MongoDB user that has the role read on the database. CREATE USER MAPPING adds one for a role that has none."},
	{MONGOC_ERROR_SERVER, 18 /* AuthenticationFailed */ , AD_ERROR_OF_LOGIN,
	ERRCODE_INVALID_PASSWORD, LOGIN_MESSAGE, LOGIN_HINT},
	{MONGOC_ERROR_SERVER, 334 /* MechanismUnavailable */ , AD_ERROR_OF_LOGIN,
	ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, LOGIN_MESSAGE, LOGIN_HINT},
	{MONGOC_ERROR_SERVER, 50 /* MaxTimeMSExpired */ , AD_ERROR_OF_QUERY,
	ERRCODE_QUERY_CANCELED, TIME_MESSAGE, TIME_HINT},
	{MONGOC_ERROR_SERVER, 262 /* ExceededTimeLimit */ , AD_ERROR_OF_QUERY,
	ERRCODE_QUERY_CANCELED, TIME_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 11601 /* Interrupted */ , AD_ERROR_OF_QUERY,
	ERRCODE_QUERY_CANCELED, "query was interrupted on MongoDB server \"%s\"", NULL},
	{MONGOC_ERROR_SERVER, 43 /* CursorNotFound */ , AD_ERROR_OF_QUERY,
		ERRCODE_FDW_ERROR, "cursor no longer exists on MongoDB server \"%s\"",
	"MongoDB closes cursors that are idle for ten minutes, and all cursors when it restarts."},
	{MONGOC_ERROR_SERVER, 237 /* CursorKilled */ , AD_ERROR_OF_QUERY,
	ERRCODE_FDW_ERROR, "cursor was killed on MongoDB server \"%s\"", NULL},
	{MONGOC_ERROR_SERVER, 175 /* QueryPlanKilled */ , AD_ERROR_OF_QUERY,
		ERRCODE_FDW_ERROR, "query was ended by MongoDB server \"%s\"",
	"MongoDB ends a query if the collection, or an index that it uses, is dropped or renamed."},
	{MONGOC_ERROR_SERVER, 239 /* SnapshotTooOld */ , AD_ERROR_OF_QUERY,
		ERRCODE_SNAPSHOT_TOO_OLD, "snapshot no longer exists on MongoDB server \"%s\"",
	"MongoDB keeps snapshots for minSnapshotHistoryWindowInSeconds, five minutes by default."},
	{MONGOC_ERROR_SERVER, 246 /* SnapshotUnavailable */ , AD_ERROR_OF_QUERY,
	ERRCODE_FDW_ERROR, "snapshot is not available on MongoDB server \"%s\"", NULL},
	{MONGOC_ERROR_SERVER, 123 /* NotAReplicaSet */ , AD_ERROR_OF_QUERY,
	ERRCODE_FEATURE_NOT_SUPPORTED, SNAPSHOT_MESSAGE, SNAPSHOT_HINT},
	{MONGOC_ERROR_SERVER, 167 /* OptionNotSupportedOnView */ , AD_ERROR_OF_QUERY,
	ERRCODE_FEATURE_NOT_SUPPORTED, "strings of a view of MongoDB server \"%s\" cannot be compared", VIEW_HINT},
	{MONGOC_ERROR_SERVER, 146 /* ExceededMemoryLimit */ , AD_ERROR_OF_QUERY,
	ERRCODE_OUT_OF_MEMORY, MEMORY_MESSAGE, MEMORY_HINT},
	{MONGOC_ERROR_SERVER, 292 /* QueryExceededMemoryLimitNoDiskUseAllowed */ ,
	AD_ERROR_OF_QUERY, ERRCODE_OUT_OF_MEMORY, MEMORY_MESSAGE, MEMORY_HINT},
	{MONGOC_ERROR_SERVER, 16819 /* sort without disk, 4.2 */ , AD_ERROR_OF_QUERY,
	ERRCODE_OUT_OF_MEMORY, MEMORY_MESSAGE, MEMORY_HINT},
	{MONGOC_ERROR_SERVER, 16945 /* group without disk, 4.2 */ , AD_ERROR_OF_QUERY,
	ERRCODE_OUT_OF_MEMORY, MEMORY_MESSAGE, MEMORY_HINT},
	{MONGOC_ERROR_SERVER, 14031 /* OutOfDiskSpace */ , AD_ERROR_OF_QUERY,
	ERRCODE_DISK_FULL, "no space left on MongoDB server \"%s\"", NULL},
	{MONGOC_ERROR_SERVER, 10334 /* BSONObjectTooLarge */ , AD_ERROR_OF_QUERY,
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, "document is too large for MongoDB server \"%s\"",
	NULL},
	{MONGOC_ERROR_SERVER, 16608 /* $divide by zero */ , AD_ERROR_OF_QUERY,
	ERRCODE_DIVISION_BY_ZERO, "division by zero on MongoDB server \"%s\"", NULL},
	{MONGOC_ERROR_SERVER, 16610 /* $mod by zero */ , AD_ERROR_OF_QUERY,
	ERRCODE_DIVISION_BY_ZERO, "division by zero on MongoDB server \"%s\"", NULL},

	/* the member stepped down, is shutting down or lost its own connections */
	{MONGOC_ERROR_SERVER, 6 /* HostUnreachable */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 7 /* HostNotFound */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 89 /* NetworkTimeout */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 91 /* ShutdownInProgress */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 189 /* PrimarySteppedDown */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 9001 /* SocketException */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 10107 /* NotWritablePrimary */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 11600 /* InterruptedAtShutdown */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 11602 /* InterruptedDueToReplStateChange */ ,
	AD_ERROR_OF_SERVER, ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 13435 /* NotPrimaryNoSecondaryOk */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 13436 /* NotPrimaryOrSecondary */ , AD_ERROR_OF_SERVER,
	ERRCODE_CONNECTION_FAILURE, SERVER_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER, 0, AD_ERROR_OF_QUERY,
	ERRCODE_FDW_ERROR, QUERY_MESSAGE, QUERY_HINT},

	/* the driver's errors: logins */
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, AD_ERROR_OF_LOGIN,
	ERRCODE_INVALID_PASSWORD, LOGIN_MESSAGE, LOGIN_HINT},
	{MONGOC_ERROR_SCRAM, 0, AD_ERROR_OF_LOGIN,
	ERRCODE_INVALID_PASSWORD, LOGIN_MESSAGE, LOGIN_HINT},
	{MONGOC_ERROR_SASL, 0, AD_ERROR_OF_LOGIN,
	ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, LOGIN_MESSAGE, LOGIN_HINT},

	/* the driver's errors: options, versions, replies that it cannot read */
	{MONGOC_ERROR_COMMAND, MONGOC_ERROR_COMMAND_INVALID_ARG, AD_ERROR_OF_QUERY,
		ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE,
	"invalid options for MongoDB server \"%s\"", NULL},
	{0, MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION, AD_ERROR_OF_VERSION,
		ERRCODE_FEATURE_NOT_SUPPORTED,
	"version of MongoDB server \"%s\" is not supported", NULL},
	{0, MONGOC_ERROR_SERVER_SELECTION_BAD_WIRE_VERSION, AD_ERROR_OF_VERSION,
		ERRCODE_FEATURE_NOT_SUPPORTED,
	"version of MongoDB server \"%s\" is not supported", NULL},
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_SESSION_FAILURE, AD_ERROR_OF_QUERY,
	ERRCODE_FEATURE_NOT_SUPPORTED, SNAPSHOT_MESSAGE, SNAPSHOT_HINT},
	{MONGOC_ERROR_PROTOCOL, 0, AD_ERROR_OF_QUERY,
	ERRCODE_PROTOCOL_VIOLATION, REPLY_MESSAGE, NULL},
	{MONGOC_ERROR_BSON, 0, AD_ERROR_OF_QUERY,
	ERRCODE_PROTOCOL_VIOLATION, REPLY_MESSAGE, NULL},

	/*
	 * the driver's errors: network; see ad_error_report() for lost
	 * connections
	 */
	{MONGOC_ERROR_STREAM, 0, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, NULL},
	{MONGOC_ERROR_SERVER_SELECTION, 0, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, SELECTION_HINT},
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_STREAM_CONNECT, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, NULL},
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_STREAM_NAME_RESOLUTION, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, NULL},
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_STREAM_NOT_ESTABLISHED, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, NULL},
	{MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_NOT_READY, AD_ERROR_OF_NETWORK,
	ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, CONNECT_MESSAGE, NULL},

	/* any other error; must be last */
	{0, 0, AD_ERROR_OF_QUERY, ERRCODE_FDW_ERROR, QUERY_MESSAGE, NULL},
};

/*
 * The driver's phrases for failed connections, and the phrases that replace
 * them.  Users do not know "hello", which is the first command on a
 * connection.  The driver calls some errors unknown, but our streams know the
 * reason, which follows in the detail.
 */
static const struct
{
	const char *said;
	const char *meant;
}			phrases[] = {
	{"unknown connection error calling hello on ", "no connection to "},
	{"connection refused calling hello on ", "no connection to "},
	{"connection closed calling hello on ", "connection closed by "},
	{"unknown socket error calling hello on ", "connection lost to "},
	{"Failed to write rpc bytes. calling hello on ", "connection closed by "},
	{"Failed to receive length header from server. calling hello on ", "connection closed before its first reply by "},
	{"Failed to receive rpc bytes from server. calling hello on ", "connection closed within its first reply by "},
	{"Server closed connection. calling hello on ", "connection closed before its first reply by "},
	{"connection timeout calling hello on ", "no reply in time from "},
	{"socket timeout calling hello on ", "no reply in time from "},
	{" calling hello on ", " in the first reply of "},
};

/* returns the first row of the table that matches the error */
static const AdErrorRule *
find_rule(const bson_error_t *error)
{
	const AdErrorRule *rule = rules;

	while ((rule->domain != 0 && rule->domain != error->domain) ||
		   (rule->code != 0 && rule->code != error->code))
		rule++;
	return rule;
}

/*
 * Returns the driver's message.
 */
const char *
ad_error_words(const bson_error_t *error)
{
	return error->message;
}

/*
 * Returns the kind of an error.
 */
AdErrorKind
ad_error_kind(const bson_error_t *error)
{
	return find_rule(error)->kind;
}

/*
 * Returns the length in bytes of the first character of a text, or 0 at the
 * end of the text or if the last character is incomplete.  Sets *shown to
 * whether the character may be shown.  It may not be if it is not valid
 * UTF-8, if it is a control character (also U+0080 to U+009F), or if it
 * breaks lines or changes the direction of text (U+200E, U+200F, U+2028 to
 * U+202E, U+2066 to U+2069).
 */
static int
character_length(const char *text, bool *shown)
{
	const unsigned char *c = (const unsigned char *) text;
	int			len = pg_utf_mblen(c);

	*shown = *c >= 0x20 && *c != 0x7f;
	if (!IS_HIGHBIT_SET(*c))
		return *c == '\0' ? 0 : 1;
	if (strnlen(text, len) < (size_t) len)
		return 0;
	*shown = pg_utf8_islegal(c, len);
	if (!*shown)
		return 1;
	if (len == 2)
		*shown = !(c[0] == 0xc2 && c[1] < 0xa0);
	else if (len == 3 && c[0] == 0xe2)
		*shown = !(c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae))) &&
			!(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
	return len;
}

/*
 * Appends a message of MongoDB in the database's encoding, truncated to
 * `longest` bytes.  The message is in UTF-8, but the driver may have
 * truncated it within a character, and the database's encoding may lack a
 * character.  The function raises no error for that, because it would hide
 * the error to report.  Instead it writes a question mark for a character
 * that cannot be shown, and a space for a line break or a tab.
 */
static void
append_words(StringInfo out, const char *words, int longest)
{
	int			limit = out->len + longest;
	bool		shown;
	int			len;

	for (; (len = character_length(words, &shown)) > 0; words += len)
	{
		if (out->len + len > limit)
		{
			appendStringInfoString(out, "...");
			return;
		}
		if (*words == '\n' || *words == '\r' || *words == '\t')
			appendStringInfoChar(out, ' ');
		else if (!shown || (len > 1 && GetDatabaseEncoding() != PG_UTF8))
			appendStringInfoChar(out, '?');
		else
			appendBinaryStringInfo(out, words, len);
	}
}

/*
 * Returns the message of a network error, palloc'd, with the driver's phrases
 * replaced.
 */
static char *
plain_words(const char *words)
{
	StringInfoData plain;

	initStringInfo(&plain);
	while (*words != '\0')
	{
		int			i = 0;

		while (i < lengthof(phrases) && strncmp(words, phrases[i].said, strlen(phrases[i].said)) != 0)
			i++;
		if (i == lengthof(phrases))
			appendStringInfoChar(&plain, *words++);
		else
		{
			appendStringInfoString(&plain, phrases[i].meant);
			words += strlen(phrases[i].said);
		}
	}
	return plain.data;
}

/*
 * Did a member refuse to serve, before any login?
 */
static bool
is_refused(AdErrorKind kind, const AdErrorSource *source)
{
	return (kind == AD_ERROR_OF_LOGIN || kind == AD_ERROR_OF_NETWORK) &&
		source->refusal != NULL && source->refusal[0] != '\0';
}

/*
 * Returns the detail of an error, palloc'd.  It has the message of MongoDB or
 * the driver, followed by the server's code and name for the error or by the
 * reason why connecting failed.  For a failed login the message is omitted.
 */
static char *
make_detail(const bson_error_t *error, const bson_t *reply, AdErrorKind kind,
			const AdErrorSource *source)
{
	StringInfoData detail;
	bson_iter_t iter;

	initStringInfo(&detail);
	if (is_refused(kind, source))
	{
		appendStringInfoString(&detail, "MongoDB: ");
		append_words(&detail, source->refusal, LONGEST_WORDS);
	}
	else if (kind != AD_ERROR_OF_LOGIN)
	{
		appendStringInfoString(&detail, "MongoDB: ");
		append_words(&detail,
					 kind == AD_ERROR_OF_NETWORK ? plain_words(error->message) : error->message,
					 LONGEST_WORDS);
	}
	else
		appendStringInfoString(&detail, "MongoDB refused the login");

	if (error->domain == MONGOC_ERROR_SERVER)
	{
		appendStringInfo(&detail, " (code %u", error->code);
		if (reply != NULL && bson_iter_init_find(&iter, reply, "codeName") &&
			BSON_ITER_HOLDS_UTF8(&iter))
		{
			appendStringInfoString(&detail, ", ");
			append_words(&detail, bson_iter_utf8(&iter, NULL), LONGEST_NAME);
		}
		appendStringInfoChar(&detail, ')');
	}
	else if (kind == AD_ERROR_OF_NETWORK && source->reasons != NULL && source->reasons[0] != '\0')
	{
		appendStringInfoString(&detail, " (");
		append_words(&detail, source->reasons, LONGEST_WORDS);
		appendStringInfoChar(&detail, ')');
	}
	else if (kind == AD_ERROR_OF_NETWORK && source->system_errno != 0)
		appendStringInfo(&detail, " (%s)", strerror(source->system_errno));

	if (detail.data[detail.len - 1] != '.')
		appendStringInfoChar(&detail, '.');
	if (source->missed_set != NULL)
	{
		appendStringInfoString(&detail, " None of the hosts of the connection string is a member of the replica set \"");
		append_words(&detail, source->missed_set, LONGEST_NAME);
		appendStringInfoString(&detail, "\".");
	}
	if (source->members != NULL)
	{
		appendStringInfoString(&detail, " Members that answered: ");
		append_words(&detail, source->members, LONGEST_WORDS);
		appendStringInfoChar(&detail, '.');
	}
	return detail.data;
}

/*
 * Returns the detail of an error that the caller does not raise, palloc'd.
 */
char *
ad_error_detail(const bson_error_t *error, const bson_t *reply)
{
	AdErrorSource source = {0};

	return make_detail(error, reply, find_rule(error)->kind, &source);
}

/*
 * Reports an error of the driver.  "reply" is the server's reply, or NULL.
 * The function does not return.
 */
void
ad_error_report(const bson_error_t *error, const bson_t *reply,
				const AdErrorSource *source)
{
	const AdErrorRule *rule = find_rule(error);
	const char *message = rule->message;
	const char *hint = source->members != NULL ? MEMBER_HINT : rule->hint;
	int			sqlstate = rule->sqlstate;
	bool		refused = is_refused(rule->kind, source);

	if (refused)
	{
		message = CONNECT_MESSAGE;
		sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
		hint = NULL;
	}
	if ((rule->kind == AD_ERROR_OF_NETWORK || refused) && source->connected)
	{
		message = LOST_MESSAGE;
		sqlstate = ERRCODE_CONNECTION_FAILURE;
	}

	/*
	 * If message_check.c refused a message, the driver only knows that it
	 * could not read one.
	 */
	if ((rule->kind == AD_ERROR_OF_NETWORK || rule->kind == AD_ERROR_OF_LOGIN) &&
		source->flaw != NULL && source->flaw[0] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg(REPLY_MESSAGE, source->server),
				 errdetail_internal("%s", source->flaw),
				 source->collection ?
				 errcontext("MongoDB collection \"%s\"", source->collection) : 0));

	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg(message, source->server),
			 errdetail_internal("%s", make_detail(error, reply, rule->kind, source)),
			 hint ? errhint("%s", hint) : 0,
			 source->collection ?
			 errcontext("MongoDB collection \"%s\"", source->collection) : 0));
}
