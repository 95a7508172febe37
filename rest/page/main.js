// The page: what the visitor does changes the state, and the state decides what is
// asked for and shown.

import * as api from './api.js';
import * as chart from './chart.js';
import * as format from './format.js';
import { PRESETS, before, browserZone, parameters, unitOf } from './ranges.js';
import { COLUMNS, address, rangeOf, read, zoneOf } from './state.js';

const PAGE_ROWS = 10;
const CSV_ROWS = 10000;
const MINUTE = 60000;
const SLOW = 2000;

const $ = id => document.getElementById(id);
const { element } = format;

let state = read();
let running = null;		// the requests that have not been answered
let timer = null;
let loaded = '';		// the address of what is shown

// --- What is said -------------------------------------------------------------

function say(text) {
	$('status').textContent = text;
}

function warn(text) {
	$('alert').textContent = text;
}

function fail(error) {
	if (error.name === 'AbortError') return;
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
		group.append(element('dt', name), element('dd', show(now[field]), { class: 'figure', 'data-field': field }),
			element('dd', '\u00a0', { class: 'same', 'data-change': field }));
		return group;
	}));
}

function showChanges(now, then, range) {
	for (const [, field, show] of TOTALS) {
		const place = document.querySelector(`[data-change="${field}"]`);
		const difference = now[field] - then[field];
		place.className = difference > 0 ? 'up' : difference < 0 ? 'down' : 'same';
		place.textContent = then[field] === 0 ? (difference === 0 ? 'none before, too' : 'none before')
			: `${difference > 0 ? '▲ ' : difference < 0 ? '▼ ' : ''}${difference === 0 ? 'as before' : `${format.change(now[field], then[field])}`}`;
		place.title = `${show(then[field])} from ${format.days(range)}`;
	}
	$('span').textContent = `${format.days(rangeOf(state))}, compared with ${format.days(range)}`;
}

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

function userRow(user, zone) {
	const row = element('tr');
	const name = element('td');
	if (user.created_by_email === null || user.created_by_email === '') name.append(element('i', user.created_by_email === null ? 'no e-mail' : 'empty e-mail'));
	// (the endpoint takes a space for a plus)
	else if (user.created_by_email.includes(' ')) name.append(user.created_by_email);
	else {
		const chosen = user.created_by_email === state.user;
		const button = element('button', null, { type: 'button', 'aria-pressed': chosen });
		// a long one breaks before its @ rather than elsewhere
		const at = user.created_by_email.lastIndexOf('@');
		button.append(user.created_by_email.slice(0, Math.max(at, 0)), element('wbr'), user.created_by_email.slice(Math.max(at, 0)));
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
	if (state.page > pages) return change({ page: pages });
	$('users').tBodies[0].replaceChildren(...users.users.map(user => userRow(user, zone)));
	$('no-users').hidden = users.total_rows > 0;
	$('no-users').textContent = state.search === '' ? 'Nobody has calls in this range.' : 'No user with calls in this range has an e-mail like that.';
	$('page').textContent = users.total_rows === 0 ? '' : `${users.offset + 1}–${users.offset + users.users.length} of ${format.count(users.total_rows)}`;
	$('previous').parentElement.hidden = users.total_rows === 0;
	$('previous').disabled = state.page <= 1;
	$('next').disabled = state.page >= pages;
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
	const earlier = before(range);
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
			Promise.all([totals, totalsBefore]).then(([now, then]) => showChanges(now, then, earlier)),
			days.then(answer => showDays(answer, zone)),
			users.then(answer => showUsers(answer, zone)),
		]);
		if (running !== mine) return;
		const { total_calls: calls } = await totals;
		warn('');
		loaded = address(state);
		say(`${calls === 0 ? 'No calls. ' : ''}Updated ${format.instant(Date.now(), 'clock', zone)}`);
	} catch (error) {
		if (running === mine) {
			mine.abort();
			say('');
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

// Shows what the state says of itself
function showState() {
	const range = rangeOf(state);
	for (const button of $('presets').children) button.setAttribute('aria-pressed', button.dataset.preset === state.range);
	$('from').value = range.from;
	$('to').value = range.to;
	$('zone').value = state.zone;
	$('only').hidden = state.user === '';
	$('only-user').textContent = state.user;
	if ($('search').value !== state.search) $('search').value = state.search;
	$('span').textContent = format.days(range);
	showHeadings();
}

function change(changes) {
	const old = address(state);
	state = { ...state, ...changes };
	if (address(state) !== old) history.pushState(null, '', address(state));
	showState();
	load();
}

// --- CSV ----------------------------------------------------------------------

async function save(name, parts) {
	const link = element('a', null, { download: name });
	link.href = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
	say(`${name} is saved.`);
}

function fileName(what) {
	const range = rangeOf(state);
	return `${what}-${range.from}-${range.to}.csv`;
}

async function saveDays() {
	await save(fileName('calls'), [await api.ask('/days', daysParameters(), { csv: true })]);
}

// All users, in as many pages as it takes
async function saveUsers() {
	const parts = [];
	let lines;
	do {
		const text = await api.ask('/users', { ...usersParameters(), limit: CSV_ROWS, offset: parts.length * CSV_ROWS }, { csv: true });
		lines = text.split('\r\n').length - 2;
		parts.push(parts.length === 0 ? text : text.slice(text.indexOf('\r\n') + 2));
	} while (lines >= CSV_ROWS);
	await save(fileName('users'), parts);
}

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
$('zone').options[0].textContent = browserZone() === 'UTC' ? 'of this browser (UTC)' : browserZone().replaceAll('_', ' ');

function chooseDates() {
	const from = $('from').value;
	const to = $('to').value;
	if (!$('range').checkValidity()) return;
	$('to').setCustomValidity('');
	if (from > to) return warn('The first day must not be after the last one.');
	warn('');
	change({ range: `${from}_${to}`, page: 1 });
}
$('from').addEventListener('change', chooseDates);
$('to').addEventListener('change', chooseDates);
$('range').addEventListener('submit', event => event.preventDefault());
$('zone').addEventListener('change', () => change({ zone: $('zone').value, page: 1 }));
$('all-users').addEventListener('click', () => change({ user: '' }));

let typing = null;
$('search').addEventListener('input', () => {
	clearTimeout(typing);
	typing = setTimeout(() => change({ search: $('search').value.trim(), page: 1 }), 300);
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
	state = read();
	if (!api.key.get()) return;
	showState();
	load();
});

if (api.key.get()) {
	showDashboard();
	load();
} else signOut('');
