// Requests to the endpoint.  The key is in this tab's session storage, and goes out
// in a header only.

const PATH = 'analytics/dashboard';
const STORED = 'admin_dashboard.key';

// A browser that is to keep nothing refuses the storage; then the page keeps the key,
// until it is loaded again
let storage;
try {
	storage = sessionStorage;
} catch {
	const kept = new Map();
	storage = { getItem: name => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: name => kept.delete(name) };
}

export const key = {
	get: () => storage.getItem(STORED),
	set: value => storage.setItem(STORED, value),
	forget: () => storage.removeItem(STORED),
};

// Why a request failed: its status, 0 if there was no answer, and what to tell
export class Failure extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

const WORDS = {
	401: 'This API key is not valid. It may have expired, or been revoked.',
	403: 'This API key may not see the dashboard.',
	429: 'There were too many requests. Wait a moment, and refresh.',
};

function explain(status, body, id) {
	if (WORDS[status]) return WORDS[status];
	if (status >= 500)
		return `The figures could not be computed. The server's log has the reason, with the id of the request: ${id ?? 'none'}`;
	try {
		return JSON.parse(body).message;
	} catch {
		return `The server answered with the status ${status}.`;
	}
}

// Asks for a part of the dashboard: '' for totals, '/days' or '/users'.  Returns the
// data, or the text if it is CSV.  Throws a Failure, or an AbortError.
export async function ask(part, parameters, { signal, csv = false } = {}) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters)) {
		if (value !== '' && value != null) query.set(name, value);
	}
	let response, body;
	try {
		// (the endpoint takes a plus for a plus, and not for a space)
		response = await fetch(`${PATH}${part}?${query.toString().replaceAll('+', '%20')}`, {
			signal,
			cache: 'no-store',
			credentials: 'omit',
			referrerPolicy: 'no-referrer',
			headers: { Authorization: `Bearer ${key.get()}`, Accept: csv ? 'text/csv' : 'application/json' },
		});
		body = await response.text();
	} catch (error) {
		if (error.name === 'AbortError') throw error;
		throw new Failure(0, 'The server could not be reached.');
	}
	if (!response.ok) throw new Failure(response.status, explain(response.status, body, response.headers.get('X-Request-Id')));
	if (csv) return body;
	let data;
	try {
		({ data } = JSON.parse(body));
	} catch {
		// shown below
	}
	if (!data) throw new Failure(response.status, 'The answer is not one of the dashboard. Is there another server in between?');
	return data;
}
