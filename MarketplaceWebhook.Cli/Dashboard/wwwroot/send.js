import { get, post } from './api.js';
import { $, announce, h } from './dom.js';
import { duration, pretty, visible, visibleBody } from './format.js';

const fields = { AccountId: 'send-account', AccountApiId: 'send-api-id', MarketplaceIntegrationPackageId: 'send-package' };

let bodies = null;
/** The last notification sent from here, and when which notification came to the tables since. */
let sent = null;

export async function load() {
  if (bodies) return;
  try {
    bodies = await get('bodies');
    const sample = JSON.parse(bodies.installed);
    for (const [name, id] of Object.entries(fields)) $(id).value = sample[name];
    fill();
  } catch (error) {
    show(h('p', { class: 'errors' }, error.message));
  }
}

/** Puts an account that is there into the form. */
export function use(accountId, install) {
  $('send-account').value = accountId;
  $('send-api-id').value = install?.accountApiId ?? '';
  if (install) $('send-package').value = install.packageId;
  put();
  $('send-button').focus();
}

/** The documented body, with the fields' values. */
function fill() {
  if (!bodies) return;
  $('send-body').value = bodies[new FormData($('send-form')).get('status')];
  put();
}

/** The fields' values into the body, if that is an object; else it stays as somebody wrote it. */
function put() {
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
    // Beyond 2⁵³ a number would be rounded; the webhook takes decimal text too.
    else body[name] = id === 'send-package' && Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  $('send-body').value = JSON.stringify(body, null, 2);
}

async function send() {
  $('send-button').disabled = true;
  sent = { at: performance.now(), projected: new Map() };
  try {
    const answer = await post('send', { query: { source: $('send-source').value.trim() }, body: $('send-body').value });
    showAnswer(answer);
  } catch (error) {
    show(h('p', { class: 'errors' }, error.message));
  } finally {
    $('send-button').disabled = false;
  }
}

function showAnswer(answer) {
  let body = null;
  try {
    body = JSON.parse(answer.body);
  } catch {
    // 401 has none.
  }
  sent.id = body?.notificationId;
  const accepted = answer.status === 202;
  const errors = Object.entries(body?.errors ?? {});
  show(
    h('p', { class: 'row' },
      h('span', { class: `badge ${accepted ? 'good' : 'danger'}` }, `${answer.status} ${visible(answer.reason)}`),
      h('span', { class: 'hint' }, `after ${duration(answer.milliseconds)}`),
      accepted && h('span', { class: 'hint', id: 'answer-row' }, 'waiting for the row …')),
    body?.detail && h('p', null, visible(body.detail)),
    errors.length > 0 && h('ul', { class: 'errors' }, errors.flatMap(([field, messages]) =>
      messages.map((message) => h('li', null, h('strong', null, visible(field)), ' ', visible(message))))),
    answer.body && h('pre', { class: 'code', tabindex: '0', 'aria-label': 'The answer as it came' }, visibleBody(pretty(answer.body))));
  onPage();
}

function show(...children) {
  $('answer-text').replaceChildren(...children.filter(Boolean));
}

/** A notification on the page: the last one sent from here gets its time from the click. */
export function seen(activity) {
  if (!sent || activity.outcome !== 'Projected') return;
  // It may be on the page before its answer.
  sent.projected.set(activity.id, sent.projected.get(activity.id) ?? performance.now());
  onPage();
}

function onPage() {
  const at = sent.projected.get(sent.id);
  if (at === undefined || sent.isShown) return;
  sent.isShown = true;
  const text = `on the page after ${duration(at - sent.at)}`;
  $('answer-row').textContent = text;
  $('answer-row').dataset.milliseconds = String(Math.round(at - sent.at));
  announce(`The notification is ${text}.`);
}

$('send-form').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
$('send-form').addEventListener('change', (event) => {
  if (event.target.name === 'status') fill();
});
for (const id of Object.values(fields)) $(id).addEventListener('input', put);
$('send-new').addEventListener('click', () => {
  const id = crypto.randomUUID();
  $('send-account').value = id;
  $('send-api-id').value = `account-${id.slice(0, 4)}`;
  put();
});
$('send-reset').addEventListener('click', fill);
$('send-body').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    send();
  }
});
