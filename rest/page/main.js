// The page: what the visitor does changes the state, and the state decides what is
// asked for and shown.

import * as api from './api.js';
import * as chart from './chart.js';
import * as format from './format.js';
import { PRESETS, before, browserZone, parameters, unitOf } from './ranges.js';
import { COLUMNS, FIRST_DAY, LAST_DAY, address, rangeOf, read, zoneOf } from './state.js';

const PAGE_ROWS = 10;
const CSV_ROWS = 10000;
const MINUTE = 60000;
const SLOW = 2000;
const TYPING = 500;

const $ = id => document.getElementById(id);
const { element } = format;

let state = read();
let running = null;		// the requests that have not been answered
let timer = null;
let loaded = '';		// the address of what is shown
let typing = null;		// until what is typed counts
let saving = null;		// the requests for a file

// --- What is said -------------------------------------------------------------

function say(text) {
	$('status').textContent = text;
}

function warn(text) {
	$('alert').textContent = text;
}

function fail(error) {
	if (error.name === 'AbortError') return;
	say('');
	if (error.status === 401 || error.status === 403) signOut(error.message);
	else warn(error.message);
	if (!(error instanceof api.Failure)) throw error;
}

// --- Totals -------------------------------------------------------------------

const TOTALS = [
	['Calls', 'total_calls', format.count],
	['Minutes', 'total_duration_minutes', format.decimal],
	['Hours', 'total_duration_hours', format.decimal],
	['Minutes per call', 'avg_duration_minutes', format.decimal],
	['Active users', 'total_active_users', format.count],
];

function showTotals(now) {
	$('totals').replaceChildren(...TOTALS.map(([name, field, show]) => {
		const group = element('div');
		const figure = element('dd', show(now[field]), { class: 'figure', 'data-field': field });
		group.append(element('dt', name), figure, element('dd', '\u00a0', { class: 'same', 'data-change': field }));
		return group;
	}));
	const lengths = TOTALS.map(([, field, show]) => show(now[field]).length);
	$('totals').style.setProperty('--length', Math.max(...lengths));
}

function showChanges(now, then, range, earlier) {
	for (const [, field, show] of TOTALS) {
		const place = document.querySelector(`[data-change="${field}"]`);
		const difference = now[field] - then[field];
		place.className = difference > 0 ? 'up' : difference < 0 ? 'down' : 'same';
		place.textContent = then[field] === 0 ? (difference === 0 ? 'none before, too' : 'none before')
			: `${difference > 0 ? '▲ ' : difference < 0 ? '▼ ' : ''}${difference === 0 ? 'as before' : `${format.change(now[field], then[field])}`}`;
		place.title = `${show(then[field])} from ${format.days(earlier)}`;
	}
	$('span').textContent = `${spanOf(range)}, compared with ${format.days(earlier)}`;
}

const spanOf = range => `${format.days(range)} in ${zoneOf(state)}`;

// --- Days ---------------------------------------------------------------------

function showDays(days, zone) {
	$('days-title').textContent = `Calls and minutes by ${days.unit}`;
	$('days-unit').textContent = days.unit[0].toUpperCase() + days.unit.slice(1);
	$('days').tBodies[0].replaceChildren(...days.days.map(day => {
		const row = element('tr');
		row.append(element('th', format.instant(day.day, days.unit, zone), { scope: 'row' }), element('td', format.count(day.calls), { class: 'number' }),
			element('td', format.decimal(day.minutes), { class: 'number' }), element('td', format.count(day.active_users), { class: 'number' }));
		return row;
	}));
	chart.draw(days, zone);
}

// --- Users --------------------------------------------------------------------

const TITLES = { created_by_email: 'User', calls: 'Calls', minutes: 'Minutes', avg_minutes: 'Per call', first_call: 'First call', last_call: 'Last call' };

function showHeadings() {
	const column = state.order.replace(/^-/, '');
	const descending = state.order.startsWith('-');
	$('users').tHead.rows[0].replaceChildren(...COLUMNS.map(name => {
		const heading = element('th', null, { scope: 'col', class: name === 'created_by_email' ? '' : 'number' });
		const button = element('button', TITLES[name], { type: 'button', 'data-order': name });
		if (name === column) {
			heading.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
			button.append(element('span', descending ? ' ▼' : ' ▲', { 'aria-hidden': 'true' }));
		}
		// figures begin with the greatest, names with the first
		button.addEventListener('click', () => {
			const first = name === 'created_by_email' ? '' : '-';
			change({ order: name === column ? (descending ? name : `-${name}`) : first + name, page: 1 });
			document.querySelector(`[data-order="${name}"]`).focus();
		});
		heading.append(button);
		return heading;
	}));
}

function emailShown(email) {
	const shown = element('span', null, { class: 'email' });
	const text = format.visible(email);
	// a long one breaks before its @ rather than elsewhere
	const at = text.lastIndexOf('@');
	if (at > 0) shown.append(text.slice(0, at), element('wbr'), text.slice(at));
	else shown.append(text);
	return shown;
}

function userRow(user, zone) {
	const row = element('tr');
	const name = element('td');
	if (user.created_by_email === null || user.created_by_email === '') name.append(element('i', user.created_by_email === null ? 'no e-mail' : 'empty e-mail'));
	else {
		const chosen = user.created_by_email === state.user;
		const button = element('button', null, { type: 'button', 'aria-pressed': chosen });
		button.append(emailShown(user.created_by_email));
		button.addEventListener('click', () => change({ user: chosen ? '' : user.created_by_email }));
		if (chosen) row.className = 'chosen';
		name.append(button);
	}
	row.append(name, element('td', format.count(user.calls), { class: 'number' }), element('td', format.decimal(user.minutes), { class: 'number' }),
		element('td', format.decimal(user.avg_minutes), { class: 'number' }),
		element('td', format.instant(user.first_call, 'time', zone), { class: 'number' }), element('td', format.instant(user.last_call, 'time', zone), { class: 'number' }));
	return row;
}

function showUsers(users, zone) {
	const pages = Math.max(1, Math.ceil(users.total_rows / PAGE_ROWS));
	// the page of the address is no longer there
	if (state.page > pages) return change({ page: pages }, 'replaceState');
	const body = $('users').tBodies[0];
	const focused = document.activeElement;
	const user = body.contains(focused) ? focused.textContent : null;
	body.replaceChildren(...users.users.map(row => userRow(row, zone)));
	if (user !== null) ([...body.querySelectorAll('button')].find(button => button.textContent === user) ?? $('users-table')).focus();
	$('no-users').hidden = users.total_rows > 0;
	$('no-users').textContent = state.search === '' ? 'Nobody has calls in this range.' : 'No user with calls in this range has an e-mail like that.';
	const found = `${format.count(users.total_rows)}${state.search === '' ? '' : ` with “${state.search}”`}`;
	$('page').textContent = users.total_rows === 0 ? '' : `${users.offset + 1}–${users.offset + users.users.length} of ${found}`;
	$('previous').parentElement.hidden = users.total_rows === 0;
	$('previous').disabled = state.page <= 1;
	$('next').disabled = state.page >= pages;
	// one that is disabled loses the focus
	if (focused.disabled) (focused === $('next') ? $('previous') : $('next')).focus();
}

// --- Asking -------------------------------------------------------------------

const usersParameters = () => ({ ...parameters(rangeOf(state), zoneOf(state)), order_by: state.order, search: state.search });
const daysParameters = () => {
	const range = rangeOf(state);
	return { ...parameters(range, zoneOf(state)), user_email: state.user, time_zone: zoneOf(state), unit: unitOf(range) };
};

// Asks for what the state says, and shows it as it comes
async function load() {
	running?.abort();
	const mine = running = new AbortController();
	const { signal } = mine;
	const zone = zoneOf(state);
	const range = rangeOf(state);
	const earlier = before(range, state.range);
	// a day has gone by
	if (shownRange !== format.days(range)) showRange();
	document.body.classList.add('busy');
	say('Loading …');
	const slow = setTimeout(() => say('Still loading. The database takes its time …'), SLOW);

	const totals = api.ask('', { ...parameters(range, zone), user_email: state.user }, { signal });
	const totalsBefore = api.ask('', { ...parameters(earlier, zone), user_email: state.user }, { signal });
	const days = api.ask('/days', daysParameters(), { signal });
	const users = api.ask('/users', { ...usersParameters(), limit: PAGE_ROWS, offset: (state.page - 1) * PAGE_ROWS }, { signal });
	try {
		await Promise.all([
			totals.then(showTotals),
			Promise.all([totals, totalsBefore]).then(([now, then]) => showChanges(now, then, range, earlier)),
			days.then(answer => showDays(answer, zone)),
			users.then(answer => showUsers(answer, zone)),
		]);
		if (running !== mine) return;
		const { total_calls: calls } = await totals;
		warn('');
		loaded = address(state);
		say(`${calls === 0 ? 'No calls. ' : ''}Updated ${format.instant(Date.now(), 'second', zone)}`);
	} catch (error) {
		if (running === mine) {
			mine.abort();
			// figures of another range would look like those of this one
			if (loaded !== address(state)) clear();
			fail(error);
		}
	} finally {
		clearTimeout(slow);
		if (running === mine) {
			running = null;
			document.body.classList.remove('busy');
		}
	}
}

// Shows no figures
function clear() {
	loaded = '';
	for (const place of [$('totals'), $('page'), $('days').tBodies[0], $('users').tBodies[0]]) place.replaceChildren();
	for (const id of ['chart', 'no-chart', 'no-users']) $(id).hidden = true;
	$('previous').disabled = $('next').disabled = true;
	chart.clear();
}

let shownRange = '';
function showRange() {
	const range = rangeOf(state);
	$('from').value = range.from;
	$('to').value = range.to;
	$('span').textContent = spanOf(range);
	shownRange = format.days(range);
}

// Shows what the state says of itself
function showState() {
	for (const button of $('presets').children) button.setAttribute('aria-pressed', button.dataset.preset === state.range);
	showRange();
	$('zone').value = state.zone;
	$('only').hidden = state.user === '';
	$('only-user').textContent = format.visible(state.user);
	if (searched() !== state.search) $('search').value = state.search;
	showHeadings();
}

const searched = () => $('search').value.trim();

// Changes the state, with what has been typed until now
function change(changes, how = 'pushState') {
	clearTimeout(typing);
	const old = address(state);
	if (searched() !== state.search) changes = { search: searched(), ...changes, page: 1 };
	state = { ...state, ...changes };
	if (address(state) !== old) history[how](null, '', address(state));
	showState();
	load();
}

// --- CSV ----------------------------------------------------------------------

// Asks by a function that returns the parts of a file, and saves it
async function save(what, ask) {
	const range = rangeOf(state);
	const name = `${what}-${range.from}-${range.to}.csv`;
	saving?.abort();
	saving = new AbortController();
	say(`Asking for ${name} …`);
	const parts = await ask({ signal: saving.signal, csv: true });
	const link = element('a', null, { download: name });
	link.href = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
	say(`${name} is saved.`);
}

const saveDays = () => save('calls', async options => [await api.ask('/days', daysParameters(), options)]);

// All users, in as many pages as it takes
const saveUsers = () => save('users', async options => {
	const asked = usersParameters();
	const parts = [];
	let lines;
	do {
		const text = await api.ask('/users', { ...asked, limit: CSV_ROWS, offset: parts.length * CSV_ROWS }, options);
		lines = text.split('\r\n').length - 2;
		parts.push(parts.length === 0 ? text : text.slice(text.indexOf('\r\n') + 2));
	} while (lines >= CSV_ROWS);
	return parts;
});

// --- Signing in and out -------------------------------------------------------

function showDashboard() {
	$('sign-in').hidden = true;
	$('dashboard').hidden = $('session').hidden = false;
	showState();
}

function signOut(why) {
	api.key.forget();
	running?.abort();
	running = null;
	saving?.abort();
	clearTimeout(typing);
	clearInterval(timer);
	$('every-minute').checked = false;
	document.body.classList.remove('busy');
	clear();
	$('dashboard').hidden = $('session').hidden = true;
	$('sign-in').hidden = false;
	say('');
	warn(why);
	$('key').value = '';
	$('key').focus();
}

function signIn(event) {
	event.preventDefault();
	const given = $('key').value.trim();
	if (!/^[!-~]+$/.test(given)) return signOut('This API key is not valid. It may have expired, or been revoked.');
	api.key.set(given);
	$('key').value = '';
	warn('');
	showDashboard();
	$('refresh').focus();
	load();
}

// --- The beginning ------------------------------------------------------------

$('presets').append(...PRESETS.map(([name, title]) => {
	const button = element('button', title, { type: 'button', 'data-preset': name });
	button.addEventListener('click', () => change({ range: name, page: 1 }));
	return button;
}));
const zones = { null: 'UTC, as that of this browser has no name', UTC: 'of this browser (UTC)' };
$('zone').options[0].textContent = zones[browserZone()] ?? browserZone().replaceAll('_', ' ');

// While a date or a text is typed, each key makes another one; it counts when there
// has been none for a while
function type() {
	clearTimeout(typing);
	typing = setTimeout(typed, TYPING);
}

const UPSIDE_DOWN = 'The first day must not be after the last one.';
function typed() {
	const from = $('from').value;
	const to = $('to').value;
	const shown = rangeOf(state);
	const chosen = (from !== shown.from || to !== shown.to) && $('range').checkValidity();
	if (chosen && from > to) return warn(UPSIDE_DOWN);
	if ($('alert').textContent === UPSIDE_DOWN) warn('');
	if (chosen) change({ range: `${from}_${to}`, page: 1 });
	// (a step back goes to what there was before the search, not through each of its texts)
	else if (searched() !== state.search) change({}, state.search === '' ? 'pushState' : 'replaceState');
}
for (const name of ['from', 'to']) {
	$(name).min = FIRST_DAY;
	$(name).max = LAST_DAY;
	$(name).addEventListener('change', type);
}
$('search').addEventListener('input', type);
$('range').addEventListener('submit', event => event.preventDefault());
$('zone').addEventListener('change', () => change({ zone: $('zone').value, page: 1 }));
$('all-users').addEventListener('click', () => {
	change({ user: '' });
	$('totals-title').focus();
});
$('previous').addEventListener('click', () => change({ page: state.page - 1 }));
$('next').addEventListener('click', () => change({ page: state.page + 1 }));
$('days-csv').addEventListener('click', () => saveDays().catch(fail));
$('users-csv').addEventListener('click', () => saveUsers().catch(fail));

$('refresh').addEventListener('click', load);
$('every-minute').addEventListener('change', () => {
	clearInterval(timer);
	if ($('every-minute').checked) timer = setInterval(() => document.hidden || load(), MINUTE);
});
$('sign-in').addEventListener('submit', signIn);
$('sign-out').addEventListener('click', () => signOut(''));
addEventListener('popstate', () => {
	clearTimeout(typing);
	state = read();
	if (!api.key.get()) return;
	showState();
	load();
});

if (api.key.get()) {
	showDashboard();
	load();
} else signOut('');
