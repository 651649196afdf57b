import { get } from './api.js';
import { $, h, soon } from './dom.js';
import * as failing from './failing.js';
import { accountLink, count, timeUtc } from './format.js';
import { visible } from './text.js';

/** The age of the oldest message changes without an event. */
const interval = 10_000;

const linked = 5;

/** The sections of the page that show what a command of the tool prints. */
const sections = { deadletters: 'dead-letters-title', 'redrive --all': 'dead-letters-title' };

let status = null;

export const reload = soon(load, 1000);

async function load() {
  try {
    status = await get('status');
    show();
  } catch (error) {
    $('status-text').textContent = error.message;
  }
}

function show() {
  if (!status) return;
  const problems = [
    ...status.problems.map((problem) => h('li', null, sentence(problem))),
    ...errors().map((text) => h('li', { id: 'installs-with-errors' }, text)),
  ];
  $('status-text').textContent = problems.length === 0 ? 'Nothing' : '';
  $('status-problems').replaceChildren(...problems);
  $('status-problems').hidden = problems.length === 0;
  $('problem-count').textContent = problems.length;
  $('chip-problems').hidden = problems.length === 0;
  $('status-rows').replaceChildren(
    row('Messages on the queue', status.queueMessages, status.oldestReceivedAt && ['oldest received ', timeUtc(status.oldestReceivedAt)]),
    row('Messages on the poison queue', status.poisonQueueMessages),
    ...(status.changeFeedMessages == null ? [] : [row('Messages on the change feed', status.changeFeedMessages)]),
    row('Dead letters of the last 24 hours', status.deadLetters.reduce((sum, count) => sum + count.number, 0)),
    ...status.deadLetters.map((count) =>
      row(`${count.kind}, ${visible(count.reason)}`, count.number, count.redriven > 0 && `${count.redriven} redriven`, 'part')));
}

/** Cyclr reported them with the last *installed*: the application has nothing to repair. */
function errors() {
  const installs = failing.list();
  if (installs.length === 0) return [];
  const rest = installs.length - linked;
  return [[
    `${failing.areMore() ? 'more than ' : ''}${count(installs.length, 'install')} with errors, as Cyclr reported: `,
    ...installs.slice(0, linked).flatMap((install, index) => [
      index > 0 && ', ', accountLink(install.accountId, visible(install.accountApiId ?? install.accountId)), ` ${install.packageId}`]),
    rest > 0 && ` and ${rest} more`,
  ]];
}

/** Text in backticks is code, and a link if the page shows the same. */
const sentence = (problem) => visible(problem).split('`').map((part, index) => index % 2 === 0 ? part : sections[part]
  ? h('a', { href: `#${sections[part]}`, onclick: (event) => { event.preventDefault(); go(sections[part]); } }, h('code', null, part))
  : h('code', null, part));

/** Without a fragment: those of the address are accounts. */
function go(id) {
  $(id).scrollIntoView();
  $(id).focus();
}

const row = (what, number, remark, className) => h('tr', { class: className },
  h('td', { class: 'top grow' }, what),
  h('td', { class: 'number top' }, String(number)),
  h('td', { class: remark ? 'plain' : 'none' }, ...[remark || ''].flat()));

failing.whenChanged(show);
$('chip-problems').addEventListener('click', () => {
  // On the page of an account the link leads to the overview first.
  if ($('overview').hidden) addEventListener('hashchange', () => go('status-title'), { once: true });
  else go('status-title');
});

setInterval(() => {
  if (!document.hidden && !$('layout').hidden) reload();
}, interval);
