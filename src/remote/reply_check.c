/*
 * reply_check.c
 *	  Checks the fields of a server's reply.
 *
 * The driver calls abort() for an error with code 0, for a `compression` that
 * is not an array of strings, and for the name of a host that is too long.
 * It reads past the end of a namespace that contains a null byte, and runs as
 * many rounds of PBKDF2 as the server asks for.  It takes an element that it
 * does not expect for the end of a batch.  So each field that libmongoc 1.23
 * reads has a rule here, and the driver never gets a reply that breaks a
 * rule.  Neither this file nor the driver reads fields without a rule.
 *
 * The rules follow the manual's pages on the commands.  A number with which
 * the driver computes, and a text that it keeps, also has bounds.
 *
 * The driver calls these functions, so nothing here may throw.  The caller
 * has checked the structure of the documents down to the levels that are read
 * here.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "bson/bsonread.h"
#include "remote/reply_check.h"

/*
 * Bounds.  Sizes and lengths are in bytes.
 */

/* members of a replica set (MongoDB manual, "Replica Set Members") */
#define MOST_MEMBERS		50
/* a host with its port, brackets and colon */
#define LONGEST_HOST		255
#define LONGEST_NAMESPACE	512
/* a reply without a batch */
#define LARGEST_OTHER		(1024 * 1024)
/* the payload of a login */
#define LARGEST_PAYLOAD		1024
/* rounds of PBKDF2 for a password; MongoDB's defaults are 10,000 and 15,000 */
#define MOST_ROUNDS			1000000
/*
 * A date in milliseconds, of either sign; the driver converts it to
 * microseconds.
 */
#define LATEST_DATE			INT64CONST(1000000000000000)

#define BIT(type)	((uint32) 1 << BSON_TYPE_##type)
#define WHOLE		(BIT(INT32) | BIT(INT64) | BIT(DOUBLE))

typedef struct AdReply
{
	AdPeer	   *peer;
	const char *command;
	bool		succeeded;
	int			members;		/* number of hosts that the reply names */
} AdReply;

typedef struct AdRule
{
	const char *name;			/* "*" matches every name */
	uint32		types;			/* a bit for each BSON type that is allowed */
	bool		required;		/* if the command succeeded */
	/* bounds of a whole number; no bounds if high is 0 */
	int64		low;
	int64		high;
	const struct AdRule *inner; /* rules for the fields of the value, or NULL */
	/* a further check of the value, or NULL */
	bool		(*fits) (AdReply *reply, const AdElement *element);
} AdRule;

static bool is_name(AdReply *reply, const AdElement *element);
static bool is_host(AdReply *reply, const AdElement *element);
static bool is_namespace(AdReply *reply, const AdElement *element);
static bool is_compressor(AdReply *reply, const AdElement *element);
static bool is_payload(AdReply *reply, const AdElement *element);

static const AdRule strings[] = {{"*", BIT(UTF8)}, {NULL}};
static const AdRule hosts[] = {{"*", BIT(UTF8), .fits = is_host}, {NULL}};
static const AdRule compressors[] = {{"*", BIT(UTF8), .fits = is_compressor}, {NULL}};
static const AdRule documents[] = {{"*", BIT(DOCUMENT)}, {NULL}};

static const AdRule cluster_time[] = {
	{"clusterTime", BIT(TIMESTAMP), .required = true},
	{NULL}
};

static const AdRule topology_version[] = {
	{"processId", BIT(OID), .required = true},
	{"counter", BIT(INT32) | BIT(INT64), .required = true},
	{NULL}
};

static const AdRule last_write[] = {
	{"lastWriteDate", BIT(DATE_TIME), .required = true, .low = -LATEST_DATE, .high = LATEST_DATE},
	{NULL}
};

static const AdRule write_concern_error[] = {
	{"code", WHOLE, .low = 1, .high = PG_INT32_MAX},
	{"errmsg", BIT(UTF8)},
	{"errorLabels", BIT(ARRAY), .inner = strings},
	{NULL}
};

/* the fields that every reply may have */
static const AdRule any_reply[] = {
	{"ok", WHOLE | BIT(BOOL), .required = true, .low = 0, .high = 1},
	{"code", WHOLE, .low = 1, .high = PG_INT32_MAX},
	{"codeName", BIT(UTF8)},
	{"errmsg", BIT(UTF8)},
	{"$err", BIT(UTF8)},
	{"errorLabels", BIT(ARRAY), .inner = strings},
	{"writeConcernError", BIT(DOCUMENT), .inner = write_concern_error},
	{"$clusterTime", BIT(DOCUMENT), .inner = cluster_time},
	{"operationTime", BIT(TIMESTAMP)},
	{"atClusterTime", BIT(TIMESTAMP)},
	{"recoveryToken", BIT(DOCUMENT)},
	{"topologyVersion", BIT(DOCUMENT), .inner = topology_version},
	{"nonce", BIT(UTF8), .fits = is_name},
	{NULL}
};

static const AdRule login[] = {
	{"conversationId", BIT(INT32)},
	{"done", BIT(BOOL)},
	{"payload", BIT(BINARY) | BIT(UTF8), .fits = is_payload},
	{NULL}
};

static const AdRule hello[] = {
	{"isWritablePrimary", BIT(BOOL)},
	{"ismaster", BIT(BOOL)},
	{"helloOk", BIT(BOOL)},
	{"secondary", BIT(BOOL)},
	{"arbiterOnly", BIT(BOOL)},
	{"isreplicaset", BIT(BOOL)},
	{"hidden", BIT(BOOL)},
	{"msg", BIT(UTF8)},
	{"me", BIT(UTF8), .fits = is_host},
	{"primary", BIT(UTF8), .fits = is_host},
	{"setName", BIT(UTF8), .fits = is_name},
	{"setVersion", WHOLE, .low = 0, .high = PG_INT32_MAX},
	{"electionId", BIT(OID)},
	{"hosts", BIT(ARRAY), .inner = hosts},
	{"passives", BIT(ARRAY), .inner = hosts},
	{"arbiters", BIT(ARRAY), .inner = hosts},
	{"tags", BIT(DOCUMENT), .inner = strings},
	{"lastWrite", BIT(DOCUMENT), .inner = last_write},
	{"maxBsonObjectSize", BIT(INT32), .low = 1, .high = PG_INT32_MAX},
	{"maxMessageSizeBytes", BIT(INT32), .low = 1, .high = PG_INT32_MAX},
	{"maxWriteBatchSize", BIT(INT32), .low = 1, .high = PG_INT32_MAX},
	{"logicalSessionTimeoutMinutes", WHOLE | BIT(NULL), .low = 0, .high = PG_INT32_MAX},
	{"minWireVersion", BIT(INT32), .low = 0, .high = PG_INT32_MAX},
	{"maxWireVersion", BIT(INT32), .low = 0, .high = PG_INT32_MAX},
	{"connectionId", BIT(INT32) | BIT(INT64)},
	{"serviceId", BIT(OID)},
	{"compression", BIT(ARRAY), .inner = compressors},
	{"saslSupportedMechs", BIT(ARRAY), .inner = strings},
	{"speculativeAuthenticate", BIT(DOCUMENT), .inner = login},
	{NULL}
};

static const AdRule first_cursor[] = {
	{"id", BIT(INT32) | BIT(INT64), .required = true},
	{"ns", BIT(UTF8), .required = true, .fits = is_namespace},
	{"firstBatch", BIT(ARRAY), .required = true, .inner = documents},
	{"nextBatch", 0},
	{"atClusterTime", BIT(TIMESTAMP)},
	{NULL}
};

static const AdRule next_cursor[] = {
	{"id", BIT(INT32) | BIT(INT64), .required = true},
	{"ns", BIT(UTF8), .required = true, .fits = is_namespace},
	{"firstBatch", 0},
	{"nextBatch", BIT(ARRAY), .required = true, .inner = documents},
	{"atClusterTime", BIT(TIMESTAMP)},
	{NULL}
};

static const AdRule first_batch[] = {
	{"cursor", BIT(DOCUMENT), .required = true, .inner = first_cursor},
	{NULL}
};

static const AdRule next_batch[] = {
	{"cursor", BIT(DOCUMENT), .required = true, .inner = next_cursor},
	{NULL}
};

static const AdRule count[] = {
	{"n", WHOLE, .required = true, .low = 0, .high = PG_INT64_MAX},
	{NULL}
};

static const AdRule nothing[] = {{NULL}};

typedef struct AdReplyKind
{
	const char *command;
	const AdRule *rules;
	bool		is_batch;
} AdReplyKind;

static const AdReplyKind kinds[] = {
	{"hello", hello, false},
	{"isMaster", hello, false},
	{"ismaster", hello, false},
	{"saslStart", login, false},
	{"saslContinue", login, false},
	{"find", first_batch, true},
	{"aggregate", first_batch, true},
	{"listCollections", first_batch, true},
	{"getMore", next_batch, true},
	{"count", count, false},
	{"", nothing, false},		/* any other command; must be last */
};

/*
 * Records what is wrong with a message, as a sentence.  Always returns false.
 */
bool
ad_flaw(AdPeer *peer, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(peer->flaw, sizeof(peer->flaw), format, arguments);
	va_end(arguments);
	return false;
}

/* ------------------------------------------------------------------------
 * Texts
 * ------------------------------------------------------------------------ */

/*
 * Gets the bytes of a string.  Returns false if it is empty, too long or
 * contains a null byte.
 */
static bool
get_text(const AdElement *element, uint32 longest, const char **text, uint32 *len)
{
	*text = ad_read_string(element->value, len);
	return *len > 0 && *len <= longest && memchr(*text, 0, *len) == NULL;
}

/* Is it a name of at most LONGEST_HOST bytes? */
static bool
is_name(AdReply *reply, const AdElement *element)
{
	const char *text;
	uint32		len;

	return get_text(element, LONGEST_HOST, &text, &len);
}

/* Is it the name of a database, a dot and the name of a collection? */
static bool
is_namespace(AdReply *reply, const AdElement *element)
{
	const char *text;
	const char *dot;
	uint32		len;

	if (!get_text(element, LONGEST_NAMESPACE, &text, &len))
		return false;
	dot = memchr(text, '.', len);
	return dot != NULL && dot > text && dot < text + len - 1;
}

/*
 * Is it a compressor that the URI asks for?  The driver would use any
 * compressor that the server names.
 */
static bool
is_compressor(AdReply *reply, const AdElement *element)
{
	return reply->peer->zlib && strcmp(ad_element_string(element), "zlib") == 0;
}

/* Is it a port number in decimal digits, from 1 to 65535? */
static bool
is_port(const char *text, const char *end)
{
	int			port = 0;

	if (text == end || end - text > 5)
		return false;
	for (; text < end; text++)
	{
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (*text - '0');
	}
	return port > 0 && port <= PG_UINT16_MAX;
}

/*
 * Records a host.  Returns false if there are too many hosts.  The driver
 * keeps all of them, and for each host it copies its data on all others.
 */
static bool
note_host(AdPeer *peer, const char *text, uint32 len)
{
	uint32		hash = hash_bytes((const unsigned char *) text, len);

	for (int i = 0; i < peer->nhosts; i++)
	{
		if (peer->hosts[i] == hash)
			return true;
	}
	if (peer->nhosts == AD_MOST_HOSTS)
		return false;
	peer->hosts[peer->nhosts++] = hash;
	return true;
}

/*
 * Is it a host name or an address, with IPv6 in brackets, and optionally a
 * port?  The path of a socket is not accepted, because no server has its
 * members there.
 */
static bool
is_host(AdReply *reply, const AdElement *element)
{
	static const char letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *text;
	const char *end;
	const char *port;
	uint32		len;

	reply->members++;
	if (!get_text(element, LONGEST_HOST, &text, &len) || !note_host(reply->peer, text, len))
		return false;
	end = text + len;
	if (*text == '[')
	{
		size_t		address = strspn(text + 1, "0123456789abcdefABCDEF:.%_-ghijklmnopqrstuvwxyz");

		port = text + 1 + address;
		if (address == 0 || *port++ != ']')
			return false;
	}
	else
		port = text + strspn(text, letters);
	return port > text && (port == end || (*port == ':' && is_port(port + 1, end)));
}

/* ------------------------------------------------------------------------
 * Logins
 * ------------------------------------------------------------------------ */

/* Is it a number of rounds, in decimal digits, from 1 to MOST_ROUNDS? */
static bool
is_round_count(const char *text, uint32 len)
{
	int64		rounds = 0;

	for (uint32 i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9' || rounds > MOST_ROUNDS)
			return false;
		rounds = rounds * 10 + (text[i] - '0');
	}
	return rounds > 0 && rounds <= MOST_ROUNDS;
}

/*
 * Is it a list of attributes as in RFC 5802?  An attribute is a letter, an
 * equals sign and a value, and each letter occurs once.  If the list ends
 * early, the driver reads beyond its end.
 */
static bool
is_scram(const char *text, uint32 len)
{
	const char *end = text + len;
	uint32		seen = 0;

	while (text < end)
	{
		const char *value = text + 2;
		const char *comma;

		if (end - text < 2 || *text < 'a' || *text > 'z' || text[1] != '=' ||
			(seen & ((uint32) 1 << (*text - 'a'))) != 0)
			return false;
		seen |= (uint32) 1 << (*text - 'a');
		comma = memchr(value, ',', end - value);
		if (comma == end - 1 || memchr(value, 0, end - value) != NULL ||
			(*text == 'i' && !is_round_count(value, (comma != NULL ? comma : end) - value)))
			return false;
		text = comma != NULL ? comma + 1 : end;
	}
	return true;
}

/*
 * Is it a valid payload of a login?  Only SCRAM has a rule: the payload must
 * be a binary value that is_scram() accepts.
 */
static bool
is_payload(AdReply *reply, const AdElement *element)
{
	const uint8 *bytes = element->value + sizeof(int32);
	uint32		len = ad_read_int32(element->value);

	if (!reply->peer->scram)
		return true;
	/* a binary value has its subtype before its bytes */
	return element->type == BSON_TYPE_BINARY && len <= LARGEST_PAYLOAD &&
		is_scram((const char *) bytes + 1, len);
}

/* ------------------------------------------------------------------------
 * Fields
 * ------------------------------------------------------------------------ */

/*
 * Can the driver's iterator read past the element?  It stops at a boolean
 * byte other than 0 and 1, and at a binary value of subtype 2 whose inner
 * length is wrong.
 */
static bool
is_readable(const AdElement *element)
{
	uint32		len;

	if (element->type == BSON_TYPE_BOOL)
		return *element->value <= 1;
	if (element->type != BSON_TYPE_BINARY || element->value[sizeof(int32)] != BSON_SUBTYPE_BINARY_DEPRECATED)
		return true;
	len = ad_read_int32(element->value);
	return len >= sizeof(int32) && (uint32) ad_read_int32(element->value + sizeof(int32) + 1) == len - sizeof(int32);
}

/*
 * Gets the number of an element, whose type is boolean or a number.  Returns
 * false for a double that is not whole or is beyond 2^53.
 */
static bool
get_number(const AdElement *element, int64 *number)
{
	double		value;

	switch (element->type)
	{
		case BSON_TYPE_BOOL:
			*number = *element->value;
			return true;
		case BSON_TYPE_INT32:
			*number = ad_read_int32(element->value);
			return true;
		case BSON_TYPE_DOUBLE:
			value = ad_read_double(element->value);
			/* the comparisons are false for NaN */
			if (!(value >= -9007199254740992.0 && value <= 9007199254740992.0))
				return false;
			*number = (int64) value;
			return (double) *number == value;
		default:
			*number = ad_read_int64(element->value);
			return true;
	}
}

static bool follows_rules(AdReply *reply, AdReader reader, const AdRule *rules);

/* Does a field follow its rule: the type, the bounds and the inner fields? */
static bool
follows_rule(AdReply *reply, const AdElement *element, const AdRule *rule)
{
	int64		number;
	AdReader	inner;

	if ((int) element->type >= 32 || (rule->types & ((uint32) 1 << element->type)) == 0)
		return false;
	if (rule->high != 0 && element->type != BSON_TYPE_NULL &&
		(!get_number(element, &number) || number < rule->low || number > rule->high))
		return false;
	if (rule->inner != NULL)
	{
		int			members = reply->members;

		ad_reader_enter(&inner, element);
		if (!follows_rules(reply, inner, rule->inner) ||
			(rule->inner == hosts && reply->members - members > MOST_MEMBERS))
			return false;
	}
	return rule->fits == NULL || rule->fits(reply, element);
}

/*
 * Do all fields follow their rules, and are all required fields there?  If
 * not, the peer's flaw names the innermost field that breaks a rule.
 */
static bool
follows_rules(AdReply *reply, AdReader reader, const AdRule *rules)
{
	AdPeer	   *peer = reply->peer;
	AdElement	element;
	uint64		seen = 0;

	while (ad_reader_next(&reader, &element))
	{
		const AdRule *rule = rules;

		while (rule->name != NULL && rule->name[0] != '*' && strcmp(rule->name, element.key) != 0)
			rule++;
		if (rule->name != NULL && rule->name[0] != '*' && (seen & ((uint64) 1 << (rule - rules))) != 0)
			return ad_flaw(peer, "Field \"%s\" of the reply to %s is there twice.", rule->name, reply->command);
		if (is_readable(&element) && (rule->name == NULL || follows_rule(reply, &element, rule)))
		{
			seen |= (uint64) 1 << (rule - rules);
			continue;
		}
		if (peer->flaw[0] != '\0' || (rule->name != NULL && rule->name[0] == '*'))
			return false;
		if (rule->name == NULL)
			return ad_flaw(peer, "A field of the reply to %s cannot be read.", reply->command);
		return ad_flaw(peer, "Field \"%s\" of the reply to %s has an invalid value.", rule->name, reply->command);
	}
	for (const AdRule *rule = rules; rule->name != NULL; rule++)
	{
		if (rule->required && reply->succeeded && (seen & ((uint64) 1 << (rule - rules))) == 0)
			return ad_flaw(peer, "The reply to %s has no field \"%s\".", reply->command, rule->name);
	}
	return true;
}

/*
 * Notes whether the server is willing to serve.  The driver says of a hello
 * that failed only that the login did.
 */
static void
note_hello(AdPeer *peer, bool succeeded, AdReader reader)
{
	AdElement	words;
	AdElement	code;
	int64		number;

	peer->refusal[0] = '\0';
	peer->welcomed |= succeeded;
	if (succeeded)
		return;
	if (!ad_reader_find(reader, "errmsg", &words) && !ad_reader_find(reader, "$err", &words))
		words.value = NULL;
	if (!ad_reader_find(reader, "code", &code) || !get_number(&code, &number))
		number = 0;
	snprintf(peer->refusal, sizeof(peer->refusal) - sizeof(" (code 2147483647)"), "%s",
			 words.value == NULL ? "no reason given" : (const char *) words.value + sizeof(int32));
	if (number != 0)
		snprintf(peer->refusal + strlen(peer->refusal), sizeof(" (code 2147483647)"),
				 " (code %d)", (int) number);
}

/* returns the kind of the replies to a command */
static const AdReplyKind *
reply_kind(const char *command)
{
	const AdReplyKind *kind = kinds;

	while (kind->command[0] != '\0' && strcmp(kind->command, command) != 0)
		kind++;
	return kind;
}

/*
 * Is the reply to a command a batch of documents?
 */
bool
ad_reply_is_batch(const char *command)
{
	return reply_kind(command)->is_batch;
}

/*
 * Can the driver read this reply to a command?  If not, the peer's flaw gives
 * the reason.  The document's structure must have been checked.
 */
bool
ad_reply_fits(AdPeer *peer, const char *command, const uint8 *document, uint32 size)
{
	AdReply		reply = {.peer = peer, .command = command, .succeeded = true};
	const AdReplyKind *kind = reply_kind(command);
	AdReader	reader;
	AdElement	ok;
	AdElement	ignored;
	int64		number;

	ad_reader_init(&reader, document, size);
	if (!follows_rules(&reply, reader, any_reply))
		return false;
	if (!kind->is_batch && size > LARGEST_OTHER)
		return ad_flaw(peer, "The reply to %s is too large.", command);
	/* the rules require "ok", so it is there */
	reply.succeeded = ad_reader_find(reader, "ok", &ok) && get_number(&ok, &number) && number != 0;
	if (!reply.succeeded && !ad_reader_find(reader, "code", &ignored) &&
		!ad_reader_find(reader, "errmsg", &ignored) && !ad_reader_find(reader, "$err", &ignored))
		return ad_flaw(peer, "The reply to %s is an error with neither a code nor a message.", command);
	if (kind->rules == hello)
		note_hello(peer, reply.succeeded, reader);
	return follows_rules(&reply, reader, kind->rules);
}
