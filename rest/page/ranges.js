// Ranges of days in a time zone: the presets, and the instants at which they begin
// and end.  A day is a string such as 2026-02-26.

const HOUR = 3600000;
const DAY = 24 * HOUR;

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

// Some browsers call zones by names that newer PostgreSQL servers do not have
const RENAMED = {
	'Africa/Asmera': 'Africa/Asmara',
	'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
	'America/Catamarca': 'America/Argentina/Catamarca',
	'America/Cordoba': 'America/Argentina/Cordoba',
	'America/Godthab': 'America/Nuuk',
	'America/Indianapolis': 'America/Indiana/Indianapolis',
	'America/Jujuy': 'America/Argentina/Jujuy',
	'America/Louisville': 'America/Kentucky/Louisville',
	'America/Mendoza': 'America/Argentina/Mendoza',
	'Asia/Calcutta': 'Asia/Kolkata',
	'Asia/Katmandu': 'Asia/Kathmandu',
	'Asia/Rangoon': 'Asia/Yangon',
	'Asia/Saigon': 'Asia/Ho_Chi_Minh',
	'Atlantic/Faeroe': 'Atlantic/Faroe',
	'Europe/Kiev': 'Europe/Kyiv',
	'Pacific/Enderbury': 'Pacific/Kanton',
	'Pacific/Ponape': 'Pacific/Pohnpei',
	'Pacific/Truk': 'Pacific/Chuuk',
};

// The browser's zone by a name that the endpoint takes, or null if it has none: a
// browser may have an offset instead, or a name that it does not take itself.
export function browserZone(name = Intl.DateTimeFormat().resolvedOptions().timeZone) {
	const zone = RENAMED[name] ?? name;
	if (zone !== 'UTC' && !/^[A-Z]\w*\/./.test(zone)) return null;
	try {
		dayOf(0, zone);
	} catch {
		return null;
	}
	return zone;
}

// The day of an instant, in milliseconds, in a zone
const formats = new Map();
function dayOf(instant, zone) {
	if (!formats.has(zone))
		formats.set(zone, new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }));
	const parts = formats.get(zone).formatToParts(instant);
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

// The range before: the month before a whole month, otherwise as many days, also
// if the last 30 days, a preset, happen to be a month
export function before(range, preset) {
	const to = addDays(range.from, -1);
	if (!preset.endsWith('-days') && range.from.endsWith('-01') && addDays(month(range.from, 1), -1) === range.to)
		return { from: month(range.from, -1), to };
	return { from: addDays(range.from, -length(range)), to };
}

// The instant at which a day begins in a zone.  Where clocks skip midnight, it is
// the first instant of the day.  The zones that there have been are less than 16
// hours from UTC, and by whole seconds.
function beginning(day, zone) {
	let earlier = Date.parse(day) - 16 * HOUR;
	let found = earlier + 32 * HOUR;
	while (found - earlier > 1000) {
		const middle = earlier + Math.floor((found - earlier) / 2000) * 1000;
		if (dayOf(middle, zone) < day) earlier = middle;
		else found = middle;
	}
	return found;
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
