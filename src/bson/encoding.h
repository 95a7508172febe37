/*
 * encoding.h
 *	  Strings of BSON as text of the server.
 */
#ifndef AD_ENCODING_H
#define AD_ENCODING_H

extern const char *ad_text_to_server(const char *string, uint32 *len);

#endif							/* AD_ENCODING_H */
