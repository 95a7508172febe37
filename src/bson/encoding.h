/*
 * encoding.h
 *	  Convert BSON strings to text in the server's encoding.
 */
#ifndef AD_ENCODING_H
#define AD_ENCODING_H

extern const char *ad_text_to_server(const char *string, uint32 *len);

#endif							/* AD_ENCODING_H */
