import { get } from './api.js';
import { LiveChart, fill } from './charts.js';
import { $, soon } from './dom.js';
import { kind } from './format.js';

let counts = null;
let isLoading = false;
const chart = new LiveChart($('counts-chart'), describe);

export const reload = soon(async () => {
  isLoading = true;
  try {
    counts = await get('counts', { minutes: $('counts-range').value });
    counts.start = Date.parse(counts.from);
    await chart.draw();
    summarize();
  } catch (error) {
    $('counts-text').textContent = error.message;
  } finally {
    isLoading = false;
  }
}, 1000);

const redraw = soon(async () => {
  await chart.update();
  summarize();
}, 250);

/** Counts a notification that was just projected. */
export function add(activity) {
  // The load in progress may or may not include it.
  if (isLoading) reload();
  if (isLoading || !counts || !activity.status) return;
  const index = Math.floor((Date.parse(activity.at) - counts.start) / 1000 / counts.bucketSeconds);
  const buckets = counts.byStatus[kind(activity.status)];
  if (index >= buckets.length) reload();
  else if (index >= 0) {
    buckets[index]++;
    redraw();
  }
}

function describe(options) {
  if (!counts) return null;
  const length = counts.byStatus.other.length;
  const days = counts.bucketSeconds * length > 86400;
  const label = new Intl.DateTimeFormat(undefined, days
    ? { timeZone: 'UTC', day: 'numeric', month: 'short' }
    : { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  options.scales.x.ticks.maxTicksLimit = 7;
  options.scales.x.ticks.autoSkip = true;
  options.scales.y.ticks.precision = 0;
  options.scales.y.suggestedMax = 4;
  return {
    type: 'bar',
    data: {
      labels: Array.from({ length }, (_, index) => label.format(counts.start + index * counts.bucketSeconds * 1000)),
      datasets: Object.entries(counts.byStatus)
        .filter(([status, data]) => status !== 'other' || data.some(Boolean))
        .map(([status, data]) => ({
          label: status,
          data,
          backgroundColor: fill(status),
          categoryPercentage: 0.9,
          barPercentage: 0.9,
          borderRadius: 2,
        })),
    },
    options,
  };
}

function summarize() {
  const totals = Object.entries(counts.byStatus)
    .map(([status, data]) => [status, data.reduce((sum, count) => sum + count, 0)])
    .filter(([, total]) => total > 0)
    .map(([status, total]) => `${total.toLocaleString()} ${status}`);
  $('counts-text').textContent = `${totals.join(', ') || 'No notifications'} in the last ${$('counts-range').selectedOptions[0].text}.${counts.isCut ? ' There are more than the limit.' : ''}`;
}

$('counts-range').addEventListener('change', reload);
// Reload when the last interval has ended.
setInterval(() => {
  if (counts && !document.hidden && Date.now() > counts.start + counts.bucketSeconds * 1000 * counts.byStatus.other.length) reload();
}, 5000);
