// Numbers and times in words

const whole = new Intl.NumberFormat('en');
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });

export const count = n => whole.format(n);
export const axis = n => (Math.abs(n) < 100000 ? whole : compact).format(n);
export const decimal = n => two.format(n);
export const change = (now, then) => percent.format((now - then) / then);

const FORMATS = {
	hour: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
	day: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
	week: { day: 'numeric', month: 'short', year: 'numeric' },
	month: { month: 'long', year: 'numeric' },
	time: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
	second: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
	// on the axis of the chart
	'hour-tick': { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
	'day-tick': { day: 'numeric', month: 'short' },
	'week-tick': { day: 'numeric', month: 'short' },
	'month-tick': { month: 'short', year: 'numeric' },
};

// An instant, in milliseconds or in ISO 8601, as a text of that kind
export function instant(at, kind, zone) {
	return new Intl.DateTimeFormat('en-GB', { ...FORMATS[kind], timeZone: zone }).format(new Date(at));
}

// A day such as 2026-02-26, which has no zone
export function day(text) {
	return instant(`${text}T00:00:00Z`, 'week', 'UTC');
}

export function days(range) {
	return range.from === range.to ? day(range.from) : `${day(range.from)} – ${day(range.to)}`;
}

// Without what has no look of its own, such as a character that turns the order of
// those around it
export const visible = text => text.replaceAll(/\p{C}/gu, '\ufffd');

// An element with text, which is never taken for HTML
export function element(name, text, attributes = {}) {
	const made = document.createElement(name);
	if (text != null) made.textContent = text;
	for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
	return made;
}
