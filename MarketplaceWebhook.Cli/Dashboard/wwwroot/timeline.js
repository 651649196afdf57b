import { LiveChart, fill } from './charts.js';
import { $ } from './dom.js';
import { utc } from './format.js';
import { statuses } from './statuses.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 30 * day, 365 * day];

let lanes = [];
let shape = '';
const chart = new LiveChart($('timeline-chart'), describe);

export function show(timelines) {
  lanes = timelines;
  const box = $('timeline-chart');
  box.style.height = `${70 + Math.max(1, lanes.length) * 34}px`;
  const shapeNow = lanes.map((lane) => lane.packageId).join();
  if (shapeNow === shape) chart.update();
  else chart.draw();
  shape = shapeNow;
  $('timeline-text').textContent = lanes.length === 0
    ? 'No notification with a known status yet.'
    : lanes.map((lane) => `Package ${lane.packageId}: ${lane.bars.map((bar) => bar.status).join(', ')}`).join('. ');
}

/** One lane per package, one bar per status period; a lane may have several bars of one status. */
function describe(options) {
  const now = Date.now();
  const bars = lanes.flatMap((lane) => lane.bars.map((bar) => ({
    y: lane.packageId, x: [Date.parse(bar.from), bar.to ? Date.parse(bar.to) : now], status: bar.status,
  })));
  const first = Math.min(now - minute, ...bars.map((bar) => bar.x[0]));
  const step = steps.find((candidate) => (now - first) / candidate <= 8) ?? steps.at(-1);
  const label = new Intl.DateTimeFormat(undefined, step >= day
    ? { timeZone: 'UTC', day: 'numeric', month: 'short' }
    : now - first > 20 * hour
      ? { timeZone: 'UTC', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
      : { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const exact = (milliseconds) => `${utc(new Date(milliseconds))} UTC`;

  options.indexAxis = 'y';
  options.interaction = { mode: 'nearest', intersect: true };
  options.scales.x = {
    ...options.scales.x,
    type: 'linear',
    stacked: false,
    min: first - (now - first) * 0.01,
    max: now,
    grid: { color: options.scales.y.grid.color, drawTicks: false },
    afterBuildTicks(axis) {
      axis.ticks = [];
      for (let at = Math.ceil(first / step) * step; at <= now; at += step) axis.ticks.push({ value: at });
    },
    ticks: { ...options.scales.x.ticks, padding: 6, callback: (value) => label.format(value) },
  };
  options.scales.y = { ...options.scales.y, stacked: true, grid: { display: false } };
  options.plugins.tooltip.callbacks = {
    title: ([item]) => `Package ${item.raw.y}`,
    label: ({ raw }) => `${raw.status}: ${exact(raw.x[0])} to ${raw.x[1] >= now ? 'now' : exact(raw.x[1])}`,
  };
  return {
    type: 'bar',
    data: {
      labels: lanes.map((lane) => lane.packageId),
      datasets: statuses.map((status) => ({
        label: status,
        data: bars.filter((bar) => bar.status === status),
        backgroundColor: status === 'uninstalled' ? `${fill(status)}50` : fill(status),
        barThickness: 16,
        borderRadius: 3,
        borderSkipped: false,
        minBarLength: 3,
      })),
    },
    options,
  };
}
