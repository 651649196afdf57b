import { get, post } from './api.js';
import { $, announce, h } from './dom.js';
import { duration, pretty } from './format.js';
import { statuses } from './statuses.js';
import { visible, visibleBody } from './text.js';

const fields = { AccountId: 'send-account', AccountApiId: 'send-api-id', MarketplaceIntegrationPackageId: 'send-package' };

let bodies = null;
let loading = null;
/** The last notification sent from this form, and when each notification was projected since. */
let sent = null;

/** Nothing can be typed before: the documented body would replace it. */
export function load() {
  loading ??= read().finally(() => { loading = null; });
  return loading;
}

async function read() {
  if (bodies) return;
  bodies = await get('bodies').catch((error) => {
    show(h('p', { class: 'errors' }, error.message));
    return null;
  });
  $('send-fields').disabled = false;
  if (!bodies) return;
  const sample = JSON.parse(bodies.installed);
  for (const [name, id] of Object.entries(fields)) $(id).value = sample[name];
  fill();
}

/** Fills the form with an existing account. */
export async function use(accountId, install) {
  await load();
  $('send-account').value = accountId;
  $('send-api-id').value = install?.accountApiId ?? '';
  if (install) $('send-package').value = install.packageId;
  applyFields();
  $('side').open = true;
  $('send-button').focus();
}

/** Shows the documented body with the values of the fields. */
function fill() {
  if (!bodies) return;
  const status = new FormData($('send-form')).get('status');
  $('send-errors-label').hidden = status !== 'installed';
  $('send-body').value = bodies[status === 'installed' && $('send-errors').checked ? 'installed-with-errors' : status];
  applyFields();
}

/** Writes the values of the fields into the body, if it is an object; any other text is not changed. */
function applyFields() {
  let body;
  try {
    body = JSON.parse($('send-body').value);
  } catch {
    return;
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return;
  for (const [name, id] of Object.entries(fields)) {
    const text = $(id).value;
    if (text === '') delete body[name];
    // Beyond 2⁵³ a number would be rounded; the webhook also accepts decimal text.
    else body[name] = id === 'send-package' && Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  $('send-body').value = JSON.stringify(body, null, 2);
}

async function send() {
  $('send-button').disabled = true;
  sent = { at: performance.now(), projected: new Map() };
  try {
    const response = await post('send', { query: { source: $('send-source').value.trim() }, body: $('send-body').value });
    showResponse(response);
  } catch (error) {
    show(h('p', { class: 'errors' }, error.message));
  } finally {
    $('send-button').disabled = false;
  }
}

function showResponse(response) {
  let body = null;
  try {
    body = JSON.parse(response.body);
  } catch {
    // A 401 has no body.
  }
  sent.id = body?.notificationId;
  const accepted = response.status === 202;
  const errors = Object.entries(body?.errors ?? {});
  show(
    h('p', { class: 'row' },
      h('span', { class: `badge ${accepted ? 'good' : 'danger'}` }, `${response.status} ${visible(response.reason)}`),
      h('span', { class: 'hint' }, `after ${duration(response.milliseconds)}`),
      accepted && h('span', { class: 'hint', id: 'response-row' }, 'waiting for the row …')),
    body?.detail && h('p', null, visible(body.detail)),
    errors.length > 0 && h('ul', { class: 'errors' }, errors.flatMap(([field, messages]) =>
      messages.map((message) => h('li', null, h('strong', null, visible(field)), ' ', visible(message))))),
    response.body && h('pre', { class: 'code', tabindex: '0', 'aria-label': 'The response body' }, visibleBody(pretty(response.body))));
  onPage();
}

function show(...children) {
  $('response-text').replaceChildren(...children.filter(Boolean));
}

/** Called for each notification on the page: the last one sent from this form shows its time since the click. */
export function seen(activity) {
  if (!sent || activity.outcome !== 'Projected') return;
  // It may be on the page before its response.
  sent.projected.set(activity.id, sent.projected.get(activity.id) ?? performance.now());
  onPage();
}

function onPage() {
  const at = sent.projected.get(sent.id);
  if (at === undefined || sent.isShown) return;
  sent.isShown = true;
  const text = `on the page after ${duration(at - sent.at)}`;
  $('response-row').textContent = text;
  $('response-row').dataset.milliseconds = String(Math.round(at - sent.at));
  announce(`The notification is ${text}.`);
}

$('send-statuses').append(...statuses.map((status, index) => h('label', null,
  h('input', { type: 'radio', name: 'status', value: status, checked: index === 0 }), h('span', null, status))));
$('send-form').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
$('send-form').addEventListener('change', (event) => {
  if (event.target.name === 'status' || event.target.id === 'send-errors') fill();
});
for (const id of Object.values(fields)) $(id).addEventListener('input', applyFields);
$('send-new').addEventListener('click', () => {
  const id = crypto.randomUUID();
  $('send-account').value = id;
  $('send-api-id').value = `account-${id.slice(0, 4)}`;
  applyFields();
});
$('send-reset').addEventListener('click', fill);
$('send-body').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    send();
  }
});
