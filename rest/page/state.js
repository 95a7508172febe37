// What the page shows, which is in the part of its address after the #, so that it
// can be shared and never reaches a server.  The key is not in it.

import { PRESETS, browserZone, presetRange } from './ranges.js';

// The days that can be chosen.  There is time before them for a range to compare with,
// and all months between them are not too many for the endpoint.
export const FIRST_DAY = '1900-01-01';
export const LAST_DAY = '2199-12-31';

export const COLUMNS = ['created_by_email', 'calls', 'minutes', 'avg_minutes', 'first_call', 'last_call'];
const DEFAULTS = { range: '30-days', zone: 'browser', user: '', search: '', order: '-calls', page: '1' };

// (some browsers take 2026-02-30 for a day in March)
function isDay(text) {
	const parsed = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
	return !Number.isNaN(parsed) && new Date(parsed).toISOString().slice(0, 10) === text && text >= FIRST_DAY && text <= LAST_DAY;
}

// Reads the address; what is not valid has its default.  A plus is a plus.
export function read(hash = location.hash) {
	const given = new URLSearchParams(hash.replace(/^#/, '').replaceAll('+', '%2B'));
	const state = {};
	for (const [name, value] of Object.entries(DEFAULTS)) state[name] = given.get(name) ?? value;
	state.page = /^[1-9]\d{0,8}$/.test(state.page) ? Number(state.page) : 1;
	if (state.zone !== 'UTC') state.zone = 'browser';
	state.search = state.search.trim();
	if (!COLUMNS.includes(state.order.replace(/^-/, ''))) state.order = DEFAULTS.order;
	const days = state.range.split('_');
	if (days.length === 2 && days.every(isDay) && days[0] <= days[1]) return state;
	if (!PRESETS.some(([name]) => name === state.range)) state.range = DEFAULTS.range;
	return state;
}

// The address for a state
export function address(state) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(DEFAULTS)) {
		if (String(state[name]) !== value) query.set(name, state[name]);
	}
	const text = query.toString().replaceAll('+', '%20');
	return text === '' ? location.pathname : `#${text}`;
}

export const zoneOf = state => (state.zone === 'UTC' ? 'UTC' : browserZone() ?? 'UTC');

// The first and the last day
export function rangeOf(state) {
	const [from, to] = state.range.split('_');
	return to ? { from, to } : presetRange(state.range, zoneOf(state));
}
