/*
 * sql_type.h
 *	  Descriptions of SQL types, and of the types of columns.
 */
#ifndef AD_SQL_TYPE_H
#define AD_SQL_TYPE_H

/* an element of a BSON document, see bsonread.h */
struct AdElement;

/* MongoDB can filter, compare and aggregate all types of a class in one way */
typedef enum AdClass
{
	AD_CLASS_NONE,				/* nothing is pushed down, only decoded */
	AD_CLASS_BOOL,
	AD_CLASS_INTEGER,
	AD_CLASS_FLOAT,
	AD_CLASS_NUMERIC,
	AD_CLASS_TEXT,
	AD_CLASS_INSTANT,
	AD_CLASS_DATE,
	AD_CLASS_UUID				/* only equality with a value is pushed down */
} AdClass;

typedef struct AdType AdType;
typedef struct AdTarget AdTarget;

/* an SQL type: a row of the table in types.c */
struct AdType
{
	Oid			typid;
	AdClass		class;
	/* text for doc/types.md: which BSON values decode */
	const char *reads;

	/*
	 * The BSON types that always decode, as aliases that $type knows.  NULL
	 * marks the end, here and in "possible".
	 */
	const char *certain[5];
	/* the BSON types of which some values decode; see ad_fits_expr() */
	const char *possible[5];

	/*
	 * The BSON type that must be converted to a string, so that values that
	 * are equal in SQL are equal in MongoDB; or NULL
	 */
	const char *variant;
	/* the most characters that a text can have; 0 for no limit */
	int			max_length;
	/* are the values of the column known to fit? */
	bool		trusted;
	/* the range of integers, or of dates in milliseconds since 1970 */
	int64		min;
	int64		max;
	/* decode the value of an element; returns false if it is a mismatch */
	bool		(*decode) (const AdTarget *target, const struct AdElement *element,
						   Datum *value);
};

/* the type of a column, or of the elements of an array column */
struct AdTarget
{
	const AdType *type;
	Oid			typid;			/* for a domain, its base type */
	int32		typmod;
	Oid			domain;			/* InvalidOid if it is not a domain */
	void	   *domain_cache;	/* for domain_check(), in "context" */
	MemoryContext context;
	/* arrays only */
	AdTarget   *element;		/* the element type */
	int16		typlen;			/* its length, and so on */
	bool		typbyval;
	char		typalign;
};

/* where a value of the reply comes from */
typedef enum AdResult
{
	AD_RESULT_COLUMN,			/* it is the value of a field */
	AD_RESULT_COUNT,			/* a count: int8 or int4 */
	AD_RESULT_SUM,				/* a sum: float8, int8 or numeric */
	AD_RESULT_EXTREME			/* min or max; NaN comes as a string */
} AdResult;

#endif							/* AD_SQL_TYPE_H */
