import { canWrite } from './about.js';
import { get } from './api.js';
import { $, h, soon, whenQuiet } from './dom.js';
import { accountLink, badge, count, time } from './format.js';
import { statuses } from './statuses.js';
import { visible } from './text.js';

const rows = new Map();
let continuation = null;
let request = new AbortController();
/** Changes that arrived while a list was loading: the list may be older. */
let arrived = new Map();

const key = (install) => `${install.accountId} ${install.packageId}`;

const filter = () => ({
  account: $('filter-account').value.trim().toLowerCase(),
  apiId: $('filter-api-id').value,
  status: $('filter-status').value,
  errors: $('filter-errors').checked,
});

const hasErrors = (install) => install.errorCount > 0;

const matches = (install, { account, apiId, status, errors }) =>
  install.accountId.startsWith(account) && (install.accountApiId ?? '').startsWith(apiId) && (!status || install.status === status)
  && (!errors || hasErrors(install));

/** Loads the first page again. */
export const reload = soon(() => load(null), 500);

/** Shows an install that just changed. A new row comes first among those with or without errors, where it is easy to notice. */
export function add(install) {
  arrived.set(key(install), install);
  const row = rows.get(key(install));
  if (!matches(install, filter())) {
    row?.remove();
    rows.delete(key(install));
  } else {
    const changed = rowOf(install);
    changed.classList.add('fresh');
    if (row && row.classList.contains('failing') === hasErrors(install)) row.replaceWith(changed);
    else {
      row?.remove();
      $('installs-rows').insertBefore(changed, hasErrors(install) ? $('installs-rows').firstChild : firstWithoutErrors());
    }
    rows.set(key(install), changed);
  }
  summarize();
}

const firstWithoutErrors = () => $('installs-rows').querySelector('tr:not(.failing)');

async function load(from) {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  arrived = new Map();
  try {
    // Tables have one order, so those with errors are a list of their own.
    const failing = from || filter().errors ? null : get('installs', { ...filter(), errors: true }, signal);
    failing?.catch(() => {});
    const loading = get('installs', { ...filter(), continuation: from }, signal);
    loading.catch(() => {});
    // A complete API id is found at once; the search for those that begin with it reads all installs.
    const { account, apiId, status, errors } = filter();
    const indexed = from || !apiId || account || errors ? [] : await get('installs/indexed', { apiId, status }, signal);
    if (indexed.length > 0) {
      replace(indexed);
      continuation = null;
      $('installs-count').textContent = `${count(rows.size, 'install')} shown, searching for more …`;
    }
    const page = await loading;
    if (from || indexed.length > 0) page.items.forEach(append);
    else replace(page.items);
    continuation = page.continuation;
    summarize();
    (await failing)?.items.forEach(append);
    [...arrived.values()].forEach(add);
    summarize();
  } catch (error) {
    if (error.name !== 'AbortError') $('installs-count').textContent = error.message;
  }
}

function replace(installs) {
  rows.clear();
  $('installs-rows').replaceChildren();
  installs.forEach(append);
}

/** Last among those with or without errors. */
function append(install) {
  const row = rowOf(install);
  if (rows.has(key(install))) rows.get(key(install)).replaceWith(row);
  else $('installs-rows').insertBefore(row, hasErrors(install) ? firstWithoutErrors() : null);
  rows.set(key(install), row);
}

function summarize() {
  const { account, apiId, status, errors } = filter();
  $('installs-more').hidden = !continuation;
  $('installs-empty').hidden = rows.size > 0 || Boolean(continuation);
  $('installs-empty').textContent = account || apiId || status || errors ? 'No install matches the filter.' : canWrite ? 'No installs yet. Send an installed notification.' : 'No installs yet.';
  $('installs-count').textContent = rows.size === 0 ? '' : `${count(rows.size, 'install')} shown${continuation ? ', there are more' : ''}`;
  $('known-accounts').replaceChildren(...[...rows.values()].slice(0, 50).map((row) => row.option));
}

function rowOf(install) {
  const row = h('tr', { class: hasErrors(install) && 'failing', 'data-account': install.accountId, 'data-package': install.packageId },
    h('td', { class: 'account top grow' },
      accountLink(install.accountId, visible(install.accountApiId ?? 'no API id')),
      h('code', null, install.accountId)),
    h('td', { 'data-label': 'Package' }, install.packageId),
    h('td', { class: 'top' }, badge(install.status)),
    h('td', { 'data-label': 'Since (UTC)' }, time(install.statusAt)),
    h('td', { 'data-label': 'Cycles', class: 'number' }, String(install.cycleCount)),
    h('td', { 'data-label': 'Errors', class: `number ${hasErrors(install) ? '' : 'none'}` }, hasErrors(install) ? h('span', { class: 'badge danger' }, String(install.errorCount)) : '–'),
    h('td', { 'data-label': 'Source', class: install.source === 'default' ? 'none' : '' }, visible(install.source)));
  row.option = h('option', { value: install.accountId }, visible(install.accountApiId ?? ''));
  return row;
}

$('filter-status').append(...statuses.map((status) => h('option', null, status)));

const filterChanged = whenQuiet(() => load(null), 200);
$('installs-filter').addEventListener('input', filterChanged);
$('installs-filter').addEventListener('submit', (event) => event.preventDefault());
$('installs-more').addEventListener('click', async () => {
  const last = $('installs-rows').lastElementChild;
  await load(continuation);
  last?.nextElementSibling?.querySelector('a')?.focus();
});
