/*
 * infer.h
 *	  Infer the columns of a foreign table from a collection's documents.
 */
#ifndef AD_INFER_H
#define AD_INFER_H

#include "lib/stringinfo.h"

#include "base/option.h"
#include "bson/bson_type.h"
#include "bson/bsonread.h"
#include "bson/types.h"

typedef struct AdField AdField;

/*
 * One field of the collection's documents, or of nested documents.  "Kinds"
 * are BSON types; sets of them are as in bson_type.h.
 */
struct AdField
{
	const char *name;			/* in UTF-8 */
	uint32		len;			/* bytes of the name */
	AdField    *parent;			/* NULL for the root, which stands for the
								 * whole document */
	List	   *children;		/* AdField, in the order of first appearance */
	int64		counts[AD_N_KINDS]; /* number of values of each kind */
	uint32		declared;		/* kinds that the validator allows; 0: it does
								 * not tell */
	bool		required;		/* does the validator require it? */
	uint32		elements;		/* kinds of the elements of its arrays */
	uint32		failed;			/* a bit for each row of the table of types
								 * that does not read all values */
	uint32		failed_arrays;	/* the same for arrays of these types */
	int64		unreadable;		/* number of values that no type reads, not
								 * even jsonb */
	bool		unnamable;		/* PostgreSQL cannot store its name as text */
	bool		collapsed;		/* one column, even if all values are
								 * documents */
};

typedef struct AdInference AdInference;

/* a column for the table */
typedef struct AdInferred
{
	const AdField *field;		/* the field that it reads */
	Oid			typid;
	bool		not_null;
} AdInferred;

extern AdInference *ad_infer_create(const AdImportOptions *options);
extern void ad_infer_document(AdInference *inference, const uint8 *document);
extern AdField *ad_infer_root(const AdInference *inference);
extern AdField *ad_infer_field(AdInference *inference, AdField *parent,
							   const char *name, uint32 len);
extern List *ad_infer_columns(AdInference *inference, bool *complete);
extern int64 ad_infer_documents(const AdInference *inference);
extern uint32 ad_field_kinds(const AdField *field);
extern const char *ad_infer_name(const AdField *field);
extern void ad_infer_append_names(StringInfo out, const AdField *field, char between, bool as_path);
extern char *ad_infer_path(const AdField *field);

#endif							/* AD_INFER_H */
