/*
 * import.h
 *	  IMPORT FOREIGN SCHEMA: make foreign tables for the collections of a
 *	  database.
 */
#ifndef AD_IMPORT_H
#define AD_IMPORT_H

#include "nodes/parsenodes.h"

extern const char *ad_described_name(const uint8 *description);
extern void ad_check_database_name(const char *database);
extern List *ad_import_foreign_schema(ImportForeignSchemaStmt *stmt, Oid serverid);

#endif							/* AD_IMPORT_H */
