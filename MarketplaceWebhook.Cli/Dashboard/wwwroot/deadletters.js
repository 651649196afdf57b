import { canWrite } from './about.js';
import { get, post } from './api.js';
import { bodyButton } from './body.js';
import { $, h, soon } from './dom.js';
import { accountLink, badge, bytes, count, timeUtc } from './format.js';
import { visible } from './text.js';

let continuation = null;
/** Elements are kept, with their body shown or hidden, until their row changes. */
const items = new Map();

export const reload = soon(() => load(null), 500);

async function load(from) {
  try {
    const page = await get('deadletters', { kind: $('dead-letters-kind').value, continuation: from });
    if (!from) $('dead-letters').replaceChildren();
    $('dead-letters').append(...page.items.map(itemOf));
    continuation = page.continuation;
    const length = $('dead-letters').children.length;
    $('dead-letters-more').hidden = !continuation;
    $('dead-letters-empty').hidden = length > 0;
    $('dead-letters-count').textContent = length === 0 ? '' : `${count(length, 'dead letter')} shown${continuation ? ', there are more' : ''}`;
  } catch (error) {
    $('dead-letters-count').textContent = error.message;
  }
}

function itemOf(deadLetter) {
  const key = `${deadLetter.kind} ${deadLetter.id}`;
  const row = JSON.stringify(deadLetter);
  if (items.get(key)?.row !== row) items.set(key, { row, element: item(deadLetter) });
  return items.get(key).element;
}

export function item(deadLetter) {
  const pre = h('pre', { class: 'code', tabindex: '0', hidden: true });
  const toggle = bodyButton(pre, pre, `deadletters/${deadLetter.kind}/${deadLetter.id}`);
  const message = h('span', { class: 'hint', role: 'status' });
  const redrive = h('button', {
    type: 'button',
    class: 'quiet',
    title: 'Puts it back on the queue, at its original place in the order',
    async onclick() {
      redrive.disabled = true;
      try {
        const redriven = await post(`deadletters/${deadLetter.kind}/${deadLetter.id}/redrive`);
        message.textContent = redriven.isSent ? 'Put back on the queue.' : `Not redriven: ${visible(redriven.why)}`;
      } catch (error) {
        message.textContent = error.message;
      } finally {
        redrive.disabled = false;
      }
    },
  }, 'Redrive');
  return h('li', { 'data-id': deadLetter.id },
    h('div', { class: 'head' },
      h('span', { class: 'row' },
        badge(deadLetter.kind, deadLetter.kind === 'failed' ? 'danger' : 'warn'),
        h('strong', null, visible(deadLetter.reason)),
        h('span', { class: 'hint' }, deadLetter.receivedAt && timeUtc(deadLetter.receivedAt), ` · ${bytes(deadLetter.bodyLength ?? 0)}`, deadLetter.source && ` · ${visible(deadLetter.source)}`),
        deadLetter.redrivenAt && h('span', { class: 'badge good' }, 'redriven ', timeUtc(deadLetter.redrivenAt)), message),
      h('span', { class: 'row' }, toggle, canWrite && redrive)),
    h('p', null, visible(deadLetter.detail)),
    h('p', { class: 'hint' }, h('code', null, deadLetter.id), deadLetter.accountId && ' · account ', deadLetter.accountId && accountLink(deadLetter.accountId, deadLetter.accountId)),
    deadLetter.userAgent && h('p', { class: 'hint user-agent' }, `User-Agent: ${visible(deadLetter.userAgent)}`),
    pre);
}

$('dead-letters-kind').addEventListener('change', reload);
$('dead-letters-more').addEventListener('click', () => load(continuation));
