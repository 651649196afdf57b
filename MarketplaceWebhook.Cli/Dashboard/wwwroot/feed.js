import { $, h } from './dom.js';
import { accountLink, badge, count, duration, time } from './format.js';
import { visible } from './text.js';

const kept = 200;

/** Of the list, in pixels. */
const maxHeight = 276;

const outcomes = {
  Accepted: ['on the queue', 'waiting'],
  Projected: ['projected', 'good'],
  Retrying: ['retrying', 'warn'],
  Dead: ['dead letter', 'bad'],
  Rejected: ['rejected', 'bad'],
  Unauthorized: ['wrong key', 'bad'],
  Unavailable: ['unavailable', 'bad'],
};

const activities = new Map();
const rows = new Map();
let changed = new Set();

export function reset(list) {
  activities.clear();
  rows.clear();
  $('feed-rows').replaceChildren();
  list.forEach(add);
}

/** Returns true if the notification was not projected before and is now. */
export function add(activity) {
  const before = activities.get(activity.id);
  activities.set(activity.id, activity);
  if (changed.size === 0) requestAnimationFrame(draw);
  changed.add(activity.id);
  return activity.outcome === 'Projected' && before?.outcome !== 'Projected';
}

function draw() {
  const ids = changed;
  changed = new Set();
  for (const id of ids) {
    const row = rowOf(activities.get(id));
    if (rows.has(id)) rows.get(id).replaceWith(row);
    else $('feed-rows').prepend(row);
    rows.set(id, row);
  }
  for (const id of [...activities.keys()].slice(0, Math.max(0, activities.size - kept))) {
    rows.get(id)?.remove();
    rows.delete(id);
    activities.delete(id);
  }
  fit();
  $('feed-empty').hidden = activities.size > 0;
  $('feed-count').textContent = activities.size > 0 ? `last ${count(activities.size, 'notification')}` : '';
}

/** The list ends at the bottom of a row: a row that is cut in half looks like a mistake. */
function fit() {
  const list = $('feed-scroll');
  const top = list.querySelector('table').getBoundingClientRect().top;
  const ends = [...$('feed-rows').rows].slice(0, 20).map((row) => row.getBoundingClientRect().bottom - top);
  const height = ends.findLast((end) => end <= maxHeight) ?? ends[0];
  list.style.maxHeight = ends.length === 0 ? '' : `${height}px`;
}

function rowOf(activity) {
  const [outcome, className] = outcomes[activity.outcome];
  return h('tr', { 'data-id': activity.id },
    h('td', { class: 'plain' }, time(activity.at)),
    h('td', { class: activity.status ? 'top' : 'none' }, activity.status ? badge(activity.status) : '–'),
    h('td', { class: activity.accountId ? 'top grow' : 'none' }, activity.accountId ? [
      h('span', { class: 'clip', title: visible(activity.accountApiId) }, accountLink(activity.accountId, visible(activity.accountApiId || activity.accountId))),
      h('span', { class: 'hint' }, ` ${activity.packageId}`)] : '–'),
    h('td', { class: 'outcome plain' },
      h('span', { class: `state ${className}` }, outcome),
      activity.deliveries > 1 && h('span', { class: 'hint', title: 'Delivered more than once: harmless' }, ` ×${activity.deliveries}`),
      activity.forwarded && h('span', { class: 'hint forwarded', title: 'The response of your application (--forward-to)' }, ` → ${activity.forwarded}`),
      activity.detail && h('span', { class: 'detail' }, visible(activity.detail))),
    h('td', { class: 'number plain' }, duration(activity.delayMilliseconds)));
}

// Lines wrap differently, and a hidden list has no height.
new ResizeObserver(fit).observe($('feed-rows'));
