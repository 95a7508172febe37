/*
 * async_scan.c
 *	  Foreign scans below an Append, for which several servers work at a time.
 *
 * INTERFACE ROUTINES
 *		ad_foreign_async_request		return a tuple, or say that it will come
 *		ad_foreign_async_configure_wait	say which socket is waited for
 *		ad_foreign_async_notify			the socket can be read
 *
 * The callbacks follow the PostgreSQL manual, "FDW Routines for Asynchronous
 * Execution".  The Append asks each of its scans for a tuple.  A scan sends its
 * command, and the next one when all documents of a batch have been returned,
 * and does not wait for the replies (remote/message_check.c, "Promised
 * replies").  The Append waits for the sockets of all of them.
 *
 * Each scan needs a connection of its own.  If there is none left for it, it
 * begins when another one has ended.
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "storage/latch.h"

#include "base/compat.h"
#include "execute/async_scan.h"
#include "execute/scan_state.h"

/*
 * Answers the request with the next tuple or the end, if that is known without
 * waiting.  The executor's own function runs the scan, so that conditions are
 * evaluated and columns computed as ever.
 */
static void
answer(AsyncRequest *request)
{
	ForeignScanState *node = (ForeignScanState *) request->requestee;
	AdScanState *state = node->fdw_state;
	TupleTableSlot *slot;

	state->waits = false;
	slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	if (TupIsNull(slot) && state->waits)
		ExecAsyncRequestPending(request);
	else
		ExecAsyncRequestDone(request, slot);
}

/*
 * Callback ForeignAsyncRequest: return a tuple, or say that it will come.
 */
void
ad_foreign_async_request(AsyncRequest *request)
{
	answer(request);
}

/*
 * Callback ForeignAsyncConfigureWait: the Append is about to wait.  Answers the
 * request if that is possible now, or else names the socket.
 *
 * A scan that has no connection waits for another scan of the Append to end.
 * If the Append waits for no other one, other nodes use the connections, and
 * the scan shares one of them.
 */
void
ad_foreign_async_configure_wait(AsyncRequest *request)
{
	AppendState *append = (AppendState *) request->requestor;
	PlanState  *node = request->requestee;
	AdScanState *state = ((ForeignScanState *) node)->fdw_state;

	if (state->cursor == NULL || !ad_cursor_must_wait(state->cursor))
	{
		state->shares = bms_is_empty(append->as_needrequest) &&
			GetNumRegisteredWaitEvents(append->as_eventset) <= 1;
		request->callback_pending = false;
		answer(request);
		state->shares = false;
		if (request->request_complete && node->instrument != NULL)
			InstrUpdateTupleCount(node->instrument, TupIsNull(request->result) ? 0 : 1);
		ExecAsyncResponse(request);
	}
	if (request->callback_pending && state->cursor != NULL)
		AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, ad_cursor_socket(state->cursor),
						  NULL, request);
}

/*
 * Callback ForeignAsyncNotify: the reply is there, or its beginning.
 */
void
ad_foreign_async_notify(AsyncRequest *request)
{
	answer(request);
}
