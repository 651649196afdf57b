import { canWrite, hasFallback } from './about.js';
import { get } from './api.js';
import { $, h, soon } from './dom.js';
import * as failing from './failing.js';
import { accountLink, count, timeUtc } from './format.js';
import { visible } from './text.js';

/** The age of the oldest message changes without an event. */
const interval = 10_000;

/** Every call to Azure is billed. */
const intervalReading = 60_000;

const linked = 5;

/** The sections of the page that show what a command of the tool prints. */
const sections = { deadletters: 'dead-letters-title', 'redrive --all': 'dead-letters-title' };

let status = null;
let failure = '';
/** Of the fallback storage; its `error` instead if it cannot be read. */
let fallback = null;

const loadStatus = soon(async () => {
  try {
    status = await get('status');
    failure = '';
  } catch (error) {
    failure = error.message;
  }
  show();
}, 1000);

/** Each account by itself. Can take a minute: messages that are put back again and again are rarely visible. */
const loadFallback = soon(async () => {
  if (!hasFallback) return;
  fallback = await get('status/fallback').catch((error) => ({ error: error.message }));
  show();
}, 1000);

let installs = [];

/** Reads all installs: not in a loop. */
export const countInstalls = soon(async () => {
  installs = await get('status/installs').catch(() => []);
  show();
}, 5000);

export function reload() {
  loadStatus();
  loadFallback();
}

function show() {
  const problems = [
    ...[...status?.problems ?? [], ...fallback?.problems ?? []].map((problem) => h('li', null, sentence(problem))),
    ...(fallback?.error ? [h('li', null, fallback.error)] : []),
    ...errors().map((text) => h('li', { id: 'installs-with-errors' }, text)),
  ];
  const isKnown = status && (fallback || !hasFallback);
  $('status-text').textContent = failure || (isKnown && problems.length === 0 ? 'Nothing' : '');
  $('status-problems').replaceChildren(...problems);
  $('status-problems').hidden = problems.length === 0;
  $('problem-count').textContent = problems.length;
  $('chip-problems').hidden = problems.length === 0;
  $('status-rows').replaceChildren(...(status ? queueRows() : []), ...fallbackRows(), ...(status ? laterRows() : []), ...installRows());
}

const queueRows = () => [
  row('Messages on the queue', status.queueMessages, status.oldestReceivedAt && ['oldest received ', timeUtc(status.oldestReceivedAt)]),
  row('Messages on the poison queue', status.poisonQueueMessages),
];

const laterRows = () => [
  ...(status.changeFeedMessages == null ? [] : [row('Messages on the change feed', status.changeFeedMessages)]),
  row('Dead letters of the last 24 hours', sum(status.deadLetters)),
  ...status.deadLetters.map((count) =>
    row(`${count.kind}, ${visible(count.reason)}`, count.number, count.redriven > 0 && `${count.redriven} redriven`, 'part')),
  ...reconciledRows(),
];

const sum = (counts) => counts.reduce((total, { number }) => total + number, 0);

function reconciledRows() {
  if (!status.reconciliation) return [];
  const { startedAt, finishedAt, differences } = status.reconciliation;
  const when = finishedAt ? ['reconcile finished ', timeUtc(finishedAt)]
    : startedAt ? ['reconcile started ', timeUtc(startedAt), ', not finished'] : 'by reconcile of single accounts';
  return [
    row('Differences from Cyclr', sum(differences), when),
    ...differences.map(({ kind, number }) => row(visible(kind), number, '', 'part')),
  ];
}

const installRows = () => installs.length === 0 ? [] : [
  row('Installs', sum(installs)),
  ...installs.map((count) => row(visible(count.status || 'no status'), count.number, count.withErrors > 0 && `${count.withErrors} with errors`, 'part')),
];

function fallbackRows() {
  if (!hasFallback || fallback?.error) return [];
  if (!fallback) return [row('Messages in the fallback storage', '…')];
  const { queueMessages, oldestReceivedAt, poisonQueueMessages, checkedAt, checkFault } = fallback.fallback;
  return [
    row('Messages in the fallback storage', queueMessages, oldestReceivedAt && ['oldest received ', timeUtc(oldestReceivedAt)]),
    row('Messages on its poison queue', poisonQueueMessages),
    ...(checkedAt ? [row('Last check by the app', '', [`${visible(checkFault ?? 'ok')}, `, timeUtc(checkedAt)], 'part')] : []),
  ];
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

let reloadedAt = 0;
setInterval(() => {
  if (document.hidden || $('layout').hidden || Date.now() - reloadedAt < (canWrite ? interval : intervalReading)) return;
  reloadedAt = Date.now();
  reload();
}, interval);
