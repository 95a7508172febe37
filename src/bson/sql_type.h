/*
 * sql_type.h
 *	  What is known of an SQL type, and of a column of it.
 */
#ifndef AD_SQL_TYPE_H
#define AD_SQL_TYPE_H

/* an element of a BSON document, see bsonread.h */
struct AdElement;

/* types of one class are filtered, compared and aggregated alike */
typedef enum AdClass
{
	AD_CLASS_NONE,				/* only decoded: all else is PostgreSQL's */
	AD_CLASS_BOOL,
	AD_CLASS_INTEGER,
	AD_CLASS_FLOAT,
	AD_CLASS_NUMERIC,
	AD_CLASS_TEXT,
	AD_CLASS_INSTANT,
	AD_CLASS_DATE,
	AD_CLASS_UUID				/* only what equals a value is MongoDB's */
} AdClass;

typedef struct AdType AdType;
typedef struct AdTarget AdTarget;

struct AdType
{
	Oid			typid;
	AdClass		class;
	/* what decodes, in words, for doc/types.md */
	const char *reads;
	/* aliases, as $type knows them, of the BSON types that always decode */
	const char *certain[5];
	/* of those whose value decides; ad_fits_expr() says which values do */
	const char *possible[4];
	/* the one that must become a string, for equal to be equal */
	const char *variant;
	/* the longest text, in characters; 0 for any */
	int			max_length;
	/* the range of integers, and of dates in milliseconds since 1970 */
	int64		min;
	int64		max;
	/* the value of an element; false if it does not fit the type */
	bool		(*decode) (const AdTarget *target, const struct AdElement *element,
						   Datum *value);
};

/* the type of one column, or of one array's elements */
struct AdTarget
{
	const AdType *type;
	Oid			typid;			/* of a domain, its base */
	int32		typmod;
	Oid			domain;			/* InvalidOid if it is none */
	void	   *domain_cache;	/* of domain_check(), in context */
	MemoryContext context;
	/* arrays */
	AdTarget   *element;
	int16		typlen;			/* of the element */
	bool		typbyval;
	char		typalign;
};

/* how a value of the reply was made */
typedef enum AdResult
{
	AD_RESULT_COLUMN,			/* it is a field's value */
	AD_RESULT_COUNT,			/* int8 */
	AD_RESULT_SUM,				/* float8, int8, numeric */
	AD_RESULT_EXTREME			/* min or max, with NaN as a string */
} AdResult;

#endif							/* AD_SQL_TYPE_H */
