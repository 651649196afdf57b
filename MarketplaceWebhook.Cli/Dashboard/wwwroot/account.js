import { canWrite } from './about.js';
import { get } from './api.js';
import { bodyButton } from './body.js';
import { item } from './deadletters.js';
import { $, h, soon } from './dom.js';
import { badge, count, time, timeUtc } from './format.js';
import * as send from './send.js';
import { visible } from './text.js';
import * as timeline from './timeline.js';

const cyclesAtFirst = 50;

let shown = null;
let continuation = null;
let packages = [];
const revealed = new Set();
const expanded = new Set();
/** Log rows never change: a row is kept, with its body shown or hidden. */
const changes = new Map();

export function show(accountId) {
  if (accountId === shown) return;
  shown = accountId ?? null;
  revealed.clear();
  expanded.clear();
  changes.clear();
  if (!shown) return;
  $('account-title').textContent = 'Account';
  $('account-id').textContent = shown;
  for (const id of ['packages', 'history-rows', 'account-dead-letters']) $(id).replaceChildren();
  $('account-dead').hidden = true;
  reload();
  $('account-title').focus();
}

export function changed(accountId) {
  if (accountId === shown) reload();
}

export const reload = soon(async () => {
  const accountId = shown;
  if (!accountId) return;
  try {
    const [read, lanes, page] = await Promise.all([
      get(`accounts/${accountId}`), get(`accounts/${accountId}/timeline`), get(`accounts/${accountId}/history`),
    ]);
    if (accountId !== shown) return;
    packages = read;
    showPackages();
    timeline.show(lanes);
    $('history-rows').replaceChildren();
    showChanges(page);
    $('account-dead-letters').replaceChildren();
    showDeadLetters(await get(`accounts/${accountId}/deadletters`), accountId);
  } catch (error) {
    $('history-count').textContent = error.message;
  }
}, 250);

let deadContinuation = null;

/** Only those in whose body the application could read the account. */
function showDeadLetters({ items, continuation: next }, accountId) {
  if (accountId !== shown) return;
  deadContinuation = next;
  $('account-dead-letters').append(...items.map(item));
  const length = $('account-dead-letters').children.length;
  $('account-dead').hidden = length === 0;
  $('account-dead-more').hidden = !next;
  $('account-dead-count').textContent = `${count(length, 'dead letter')} shown${next ? ', there are more' : ''}`;
}

const isFailing = ({ install }) => install.errorCount > 0 && install.status !== 'uninstalled';

function showPackages() {
  const latest = packages.map(({ install }) => install).sort((a, b) => Date.parse(b.statusAt) - Date.parse(a.statusAt))[0];
  $('account-title').textContent = latest ? visible(latest.accountApiId ?? 'No API id') : 'Unknown account';
  $('packages').replaceChildren(...[...packages].sort((a, b) => isFailing(b) - isFailing(a)).map(packageCard));
}

/** `InstalledAt` is Installed, `CompleteParameter` is Complete parameter. */
const label = (column) => column.replace(/(At|Id)$/, '').replace(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const fact = (column, value) => column.endsWith('At') ? timeUtc(value)
  : column.endsWith('Id') ? h('code', null, visible(value)) : visible(value);

function packageCard({ install, columns, cycles, errors }) {
  const facts = [
    ...Object.entries(columns).map(([name, value]) => [label(name), fact(name, value)]),
    ...(install.source === 'default' ? [] : [['Source', visible(install.source)]]),
  ];
  const box = h('section', { class: `card package ${isFailing({ install }) ? 'failing' : ''}`, 'data-package': install.packageId },
    h('div', { class: 'head' },
      h('h3', null, `Package ${install.packageId}`),
      h('span', { class: 'row' }, isFailing({ install }) && badge('needs a person', 'danger'), badge(install.status), h('span', { class: 'hint' }, 'since ', timeUtc(install.statusAt)))),
    h('dl', { class: 'facts' }, facts.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value)))),
    errors.length > 0 && h('div', { class: 'errors' },
      h('strong', null, `${count(errors.length, 'error')} at the last install`),
      h('ul', null, errors.map((error) => h('li', null, visible(error))))));
  if (cycles.length > 0) box.append(cycleTable(install, cycles, box));
  else box.append(h('p', { class: 'hint' }, 'No cycles.'));
  return box;
}

function cycleTable(install, cycles, box) {
  const rows = cycles.slice(0, expanded.has(install.packageId) ? cycles.length : cyclesAtFirst);
  const table = h('table', { class: 'list cards' },
    h('thead', null, h('tr', null, ['Cycle', 'Status', 'Template', 'Webhooks'].map((name) => h('th', null, name)))),
    h('tbody', null, rows.map((cycle) => h('tr', null,
      h('td', { 'data-label': 'Cycle', class: 'wide' }, h('code', null, cycle.cycleId)),
      h('td', { 'data-label': 'Status' }, cycle.cycleStatus ? badge(cycle.cycleStatus, 'neutral') : '–'),
      h('td', { 'data-label': 'Template' }, cycle.templateId ? h('code', { class: 'clip', title: cycle.templateId }, visible(cycle.templateId)) : '–'),
      h('td', { 'data-label': 'Webhooks', class: 'wide' }, cycle.webhooks.length === 0 ? '–' : h('ul', { class: 'webhooks' },
        cycle.webhooks.map((webhook, index) => h('li', null,
          h('span', null, visible(webhook.stepName ?? 'no step name')),
          secret(webhook.url, `${cycle.cycleId} ${index}`)))))))));
  if (rows.length === cycles.length) return table;
  const more = h('button', { type: 'button', onclick() { expanded.add(install.packageId); box.replaceWith(packageCard(packages.find((p) => p.install === install))); } },
    `Show all ${cycles.length} cycles`);
  return h('div', null, table, h('div', { class: 'more' }, h('span', { class: 'hint' }, `${count(rows.length, 'cycle')} shown`), more));
}

/** Anyone with the URL can trigger the cycle, so it is shown only after a click. */
function secret(url, key) {
  if (!url) return h('span', { class: 'hint' }, 'no URL');
  // The server does not send it.
  if (!canWrite) return h('span', { class: 'secret mono', title: 'A secret: not shown on this page' }, visible(url));
  const button = h('button', {
    type: 'button',
    class: 'secret mono',
    onclick() {
      if (!revealed.delete(key)) revealed.add(key);
      show();
    },
  });
  const show = () => {
    const open = revealed.has(key);
    button.textContent = open ? visible(url) : mask(url);
    button.setAttribute('aria-expanded', String(open));
    button.setAttribute('title', open ? 'Hide the URL' : 'A secret. Show the URL');
  };
  show();
  return button;
}

function mask(url) {
  try {
    return `${visible(new URL(url).origin)}/••••••••`;
  } catch {
    return '••••••••';
  }
}

function showChanges({ items, continuation: next }) {
  continuation = next;
  $('history-rows').append(...items.flatMap(rowsOf));
  $('history-more').hidden = !continuation;
  const length = $('history-rows').querySelectorAll('tr.change').length;
  $('history-count').textContent = `${count(length, 'notification')} shown${continuation ? ', there are more' : ''}`;
}

function rowsOf(change) {
  if (!changes.has(change.id)) changes.set(change.id, changeRows(shown, change));
  return changes.get(change.id);
}

function changeRows(accountId, change) {
  const pre = h('pre', { class: 'code', tabindex: '0' });
  const body = h('tr', { class: 'body', hidden: true }, h('td', { colspan: '7' },
    change.userAgent && h('p', { class: 'hint user-agent' }, `User-Agent: ${visible(change.userAgent)}`), pre));
  const remarks = [...change.errors, ...change.warnings];
  const row = h('tr', { class: 'change', 'data-id': change.id },
    h('td', { 'data-label': 'Received (UTC)' }, time(change.receivedAt)),
    h('td', { 'data-label': 'Status' }, badge(change.status)),
    h('td', { 'data-label': 'Package' }, change.packageId),
    h('td', { 'data-label': 'Source' }, visible(change.source)),
    h('td', { 'data-label': 'Cycles', class: 'number' }, change.cycleCount ?? '–'),
    h('td', { 'data-label': 'Remarks', class: `remarks ${remarks.length === 0 ? 'none' : ''}` }, remarks.length === 0 ? '–' : h('ul', null, remarks.map((remark) => h('li', null, visible(remark))))),
    h('td', { class: 'action' }, bodyButton(body, pre, `accounts/${accountId}/history/${change.id}`)));
  return [row, body];
}

$('history-more').addEventListener('click', async () => {
  try {
    showChanges(await get(`accounts/${shown}/history`, { continuation }));
  } catch (error) {
    $('history-count').textContent = error.message;
  }
});

$('account-dead-more').addEventListener('click', async () => {
  const accountId = shown;
  try {
    showDeadLetters(await get(`accounts/${accountId}/deadletters`, { continuation: deadContinuation }), accountId);
  } catch (error) {
    $('account-dead-count').textContent = error.message;
  }
});

$('account-use').addEventListener('click', () => send.use(shown, packages[0]?.install));
