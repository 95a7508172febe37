// The chart of calls and minutes, by uPlot.  Without that library the page has the
// table of the same figures.

import * as format from './format.js';

let uPlot = null;
try {
	uPlot = (await import('./uplot/uPlot.esm.js')).default;
} catch {
	// shown below
}

const place = document.getElementById('chart');
const missing = document.getElementById('no-chart');
let chart = null;
let shown = null;

const narrow = () => place.clientWidth < 500;
const height = () => (narrow() ? 210 : 280);
const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// As many of the beginnings as there is room for
function ticks(u) {
	const times = u.data[0];
	const step = Math.max(1, Math.ceil(times.length / Math.max(1, Math.floor(u.width / 85))));
	return times.filter((_, i) => i % step === 0);
}

// What is under the beginning of a bar: of a day's first hour, the day
function tick(at, unit, zone) {
	const text = format.instant(at, `${unit}-tick`, zone);
	return text === '00:00' ? format.instant(at, 'day-tick', zone) : text;
}

function options(width, unit, zone) {
	const axis = { stroke: color('dim'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false }, font: '13px system-ui, "DejaVu Sans", sans-serif' };
	// where there is no room for the axes' names, the legend has them
	const titled = title => (narrow() ? {} : { label: title, labelSize: 20, labelFont: axis.font });
	const name = { hour: 'Hour', day: 'Day', week: 'Week from', month: 'Month' }[unit];
	return {
		width,
		height: height(),
		padding: [8, null, null, null],
		cursor: { y: false, points: { size: 7 } },
		scales: {
			x: { range: (u, min, max) => margins(u.data[0], min, max) },
			calls: { range: (u, min, max) => [0, Math.max(1, max) * 1.05] },
			minutes: { range: (u, min, max) => [Math.min(0, min), Math.max(1, max) * 1.05] },
		},
		series: [
			{ label: name, value: (u, x) => (x == null ? '–' : format.instant(x * 1000, unit, zone)) },
			{ label: 'Calls', scale: 'calls', fill: color('calls'), stroke: color('calls'), width: 0, points: { show: false },
			  paths: uPlot.paths.bars({ size: [0.72, 60] }), value: (u, n) => (n == null ? '–' : format.count(n)) },
			{ label: 'Minutes', scale: 'minutes', stroke: color('minutes'), width: 2.5, points: { show: u => u.data[0].length <= 60, size: 6, fill: color('minutes') },
			  value: (u, n) => (n == null ? '–' : format.decimal(n)) },
		],
		axes: [
			{ ...axis, grid: { show: false }, size: 30, splits: ticks, values: (u, times) => times.map(x => tick(x * 1000, unit, zone)) },
			{ ...axis, scale: 'calls', ...titled('Calls'), size: narrow() ? 36 : 50, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9],
			  values: (u, values) => values.map(format.axis) },
			{ ...axis, stroke: color('minutes'), scale: 'minutes', side: 1, ...titled('Minutes'), size: narrow() ? 40 : 60, grid: { show: false }, values: (u, values) => values.map(format.axis) },
		],
	};
}

// Half a bar at both ends
function margins(times, min, max) {
	const step = times.length > 1 ? (times[times.length - 1] - times[0]) / (times.length - 1) : 86400;
	return [min - step * 0.6, max + step * 0.6];
}

// Draws the days of an answer
export function draw(days, zone) {
	shown = { days, zone };
	const empty = days.days.every(day => day.calls === 0);
	place.hidden = empty || uPlot === null;
	missing.hidden = !place.hidden;
	missing.textContent = empty ? 'There are no calls in this range.' : 'The chart is not here: scripts/setup copies its library. The table below has the same figures.';
	chart?.destroy();
	chart = null;
	place.setAttribute('aria-label', `Chart of calls and minutes by ${days.unit}. The table below it has the same figures.`);
	if (place.hidden) return;
	const columns = [days.days.map(day => Date.parse(day.day) / 1000), days.days.map(day => day.calls), days.days.map(day => day.minutes)];
	chart = new uPlot(options(place.clientWidth, days.unit, zone), columns, place);
}

// Shows none
export function clear() {
	shown = null;
	chart?.destroy();
	chart = null;
}

const redraw = () => shown && draw(shown.days, shown.zone);

new ResizeObserver(() => {
	if (chart && place.clientWidth > 0 && place.clientWidth !== chart.width) redraw();
}).observe(place);

// on paper it is as wide as the paper, and never dark
const PAPER = { width: 680, height: 220 };
function onPaper(paper) {
	document.documentElement.classList.toggle('paper', paper);
	redraw();
	if (paper) chart?.setSize(PAPER);
}
addEventListener('beforeprint', () => onPaper(true));
addEventListener('afterprint', () => onPaper(false));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
