// Ranges of days in a time zone: the presets, and the instants at which they begin
// and end.  A day is a string such as 2026-02-26.

const DAY = 86400000;

export const PRESETS = [
	['today', 'Today'],
	['yesterday', 'Yesterday'],
	['7-days', '7 days'],
	['30-days', '30 days'],
	['90-days', '90 days'],
	['this-month', 'This month'],
	['last-month', 'Last month'],
	['this-year', 'This year'],
];

export function browserZone() {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

// The day of an instant, in milliseconds, in a zone
function dayOf(instant, zone) {
	const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(instant);
	const part = type => parts.find(p => p.type === type).value;
	return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

export function addDays(day, n) {
	return new Date(Date.parse(day) + n * DAY).toISOString().slice(0, 10);
}

// The first day of the month that is n months after that of the day
function month(day, n) {
	const date = new Date(day.slice(0, 7));
	date.setUTCMonth(date.getUTCMonth() + n);
	return date.toISOString().slice(0, 10);
}

// How many days a range has
export function length(range) {
	return Math.round((Date.parse(range.to) - Date.parse(range.from)) / DAY) + 1;
}

// The range of a preset
export function presetRange(preset, zone, now = Date.now()) {
	const today = dayOf(now, zone);
	const days = /^(\d+)-days$/.exec(preset);
	if (days) return { from: addDays(today, 1 - days[1]), to: today };
	switch (preset) {
		case 'today': return { from: today, to: today };
		case 'yesterday': return { from: addDays(today, -1), to: addDays(today, -1) };
		case 'this-month': return { from: month(today, 0), to: today };
		case 'last-month': return { from: month(today, -1), to: addDays(month(today, 0), -1) };
		case 'this-year': return { from: `${today.slice(0, 4)}-01-01`, to: today };
	}
	return null;
}

// The range before: the month before a whole month, otherwise as many days
export function before(range) {
	const to = addDays(range.from, -1);
	if (range.from.endsWith('-01') && addDays(month(range.from, 1), -1) === range.to)
		return { from: month(range.from, -1), to };
	return { from: addDays(range.from, -length(range)), to };
}

// The instant at which a day begins in a zone.  Where clocks skip midnight, it is
// the first instant of the day.
function beginning(day, zone) {
	const utc = Date.parse(day);
	for (let hours = -15; hours <= 15; hours += 0.25) {
		const instant = utc + hours * 3600000;
		if (dayOf(instant, zone) === day && dayOf(instant - 1, zone) !== day) return instant;
	}
	return utc;
}

// The range as parameters of a request: both ends are included
export function parameters(range, zone) {
	const end = new Date(beginning(addDays(range.to, 1), zone) - 1).toISOString();
	return {
		start_date: new Date(beginning(range.from, zone)).toISOString().replace('.000Z', 'Z'),
		end_date: end.replace('.999Z', '.999999Z'),
	};
}

// What a bar of the chart stands for, so that there are some dozens
export function unitOf(range) {
	const days = length(range);
	return days <= 2 ? 'hour' : days <= 100 ? 'day' : days <= 800 ? 'week' : 'month';
}
