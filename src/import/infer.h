/*
 * infer.h
 *	  Find the columns that read a collection's documents.
 */
#ifndef AD_INFER_H
#define AD_INFER_H

#include "base/option.h"
#include "bson/bson_type.h"
#include "bson/bsonread.h"
#include "bson/types.h"

typedef struct AdField AdField;

/* one field of documents, or of documents in them */
struct AdField
{
	const char *name;			/* in UTF-8 */
	uint32		len;
	AdField    *parent;			/* NULL of the documents themselves */
	List	   *children;		/* AdField, in the order of their appearance */
	int64		counts[AD_N_KINDS]; /* values of each kind */
	uint32		declared;		/* kinds that the validator allows, or 0 */
	bool		required;		/* by the validator */
	uint32		elements;		/* kinds of the elements of arrays */
	uint32		failed;			/* rows of the table of types that do not do */
	uint32		failed_arrays;	/* the same of arrays of these */
	int64		unreadable;		/* values that neither jsonb nor another type
								 * reads */
	bool		unnamable;		/* PostgreSQL has no such text */
	bool		collapsed;		/* one column, though all are documents */
};

typedef struct AdInference AdInference;

/* a column to be */
typedef struct AdInferred
{
	const AdField *field;
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

#endif							/* AD_INFER_H */
