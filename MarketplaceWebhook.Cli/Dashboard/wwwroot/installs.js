import { get } from './api.js';
import { $, h, soon, whenQuiet } from './dom.js';
import { accountLink, badge, count, time } from './format.js';
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
});

const matches = (install, { account, apiId, status }) =>
  install.accountId.startsWith(account) && (install.accountApiId ?? '').startsWith(apiId) && (!status || install.status === status);

/** Loads the first page again. */
export const reload = soon(() => load(null), 500);

/** Shows an install that just changed. A new row comes first, where it is easy to notice. */
export function add(install) {
  arrived.set(key(install), install);
  const row = rows.get(key(install));
  if (!matches(install, filter())) {
    row?.remove();
    rows.delete(key(install));
  } else {
    const changed = rowOf(install);
    changed.classList.add('fresh');
    if (row) row.replaceWith(changed);
    else $('installs-rows').prepend(changed);
    rows.set(key(install), changed);
  }
  summarize();
}

async function load(from) {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  arrived = new Map();
  try {
    const page = await get('installs', { ...filter(), continuation: from }, signal);
    if (!from) {
      rows.clear();
      $('installs-rows').replaceChildren();
    }
    for (const install of page.items) {
      const row = rowOf(install);
      if (rows.has(key(install))) rows.get(key(install)).replaceWith(row);
      else $('installs-rows').append(row);
      rows.set(key(install), row);
    }
    continuation = page.continuation;
    [...arrived.values()].forEach(add);
    summarize();
  } catch (error) {
    if (error.name !== 'AbortError') $('installs-count').textContent = error.message;
  }
}

function summarize() {
  const { account, apiId, status } = filter();
  $('installs-more').hidden = !continuation;
  $('installs-empty').hidden = rows.size > 0 || Boolean(continuation);
  $('installs-empty').textContent = account || apiId || status ? 'No install matches the filter.' : 'No installs yet. Send an installed notification.';
  $('installs-count').textContent = rows.size === 0 ? '' : `${count(rows.size, 'install')} shown${continuation ? ', there are more' : ''}`;
  $('known-accounts').replaceChildren(...[...rows.values()].slice(0, 50).map((row) => row.option));
}

function rowOf(install) {
  const row = h('tr', { 'data-account': install.accountId, 'data-package': install.packageId },
    h('td', { 'data-label': 'Account', class: 'account' },
      accountLink(install.accountId, visible(install.accountApiId ?? 'no API id')),
      h('code', null, install.accountId)),
    h('td', { 'data-label': 'Package' }, install.packageId),
    h('td', { 'data-label': 'Status' }, badge(install.status)),
    h('td', { 'data-label': 'Since (UTC)' }, time(install.statusAt)),
    h('td', { 'data-label': 'Cycles', class: 'number' }, String(install.cycleCount)),
    h('td', { 'data-label': 'Errors', class: 'number' }, install.errorCount > 0 ? h('span', { class: 'badge danger' }, String(install.errorCount)) : '–'),
    h('td', { 'data-label': 'Source' }, visible(install.source)));
  row.option = h('option', { value: install.accountId }, visible(install.accountApiId ?? ''));
  return row;
}

const filterChanged = whenQuiet(() => load(null), 200);
$('installs-filter').addEventListener('input', filterChanged);
$('installs-filter').addEventListener('submit', (event) => event.preventDefault());
$('installs-more').addEventListener('click', async () => {
  const last = $('installs-rows').lastElementChild;
  await load(continuation);
  last?.nextElementSibling?.querySelector('a')?.focus();
});
