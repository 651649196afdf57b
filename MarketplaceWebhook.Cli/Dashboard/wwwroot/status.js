import { get } from './api.js';
import { $, h, soon } from './dom.js';
import { timeUtc } from './format.js';
import { visible } from './text.js';

/** The age of the oldest message changes without an event. */
const interval = 10_000;

export const reload = soon(load, 1000);

async function load() {
  try {
    const status = await get('status');
    $('status-text').textContent = status.problems.length === 0 ? 'Nothing' : '';
    $('status-problems').replaceChildren(...status.problems.map((problem) => h('li', null, visible(problem))));
    $('status-problems').hidden = status.problems.length === 0;
    $('status-rows').replaceChildren(
      row('Messages on the queue', status.queueMessages, status.oldestReceivedAt && ['oldest received ', timeUtc(status.oldestReceivedAt)]),
      row('Messages on the poison queue', status.poisonQueueMessages),
      ...(status.changeFeedMessages == null ? [] : [row('Messages on the change feed', status.changeFeedMessages)]),
      row('Dead letters of the last 24 hours', status.deadLetters.reduce((sum, count) => sum + count.number, 0)),
      ...status.deadLetters.map((count) =>
        row(`${count.kind}, ${visible(count.reason)}`, count.number, count.redriven > 0 && `${count.redriven} redriven`)));
  } catch (error) {
    $('status-text').textContent = error.message;
  }
}

const row = (what, number, remark) => h('tr', null,
  h('td', { 'data-label': 'What' }, what),
  h('td', { 'data-label': 'Number', class: 'number' }, String(number)),
  h('td', { 'data-label': 'Remark' }, ...[remark || ''].flat()));

setInterval(() => {
  if (!document.hidden && !$('layout').hidden) reload();
}, interval);
