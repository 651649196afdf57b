import { get, getText, post } from './api.js';
import { $, h, soon } from './dom.js';
import { accountLink, badge, bytes, count, pretty, time, visible, visibleBody } from './format.js';

let continuation = null;
/** What is on the page stays as somebody left it, body open or not, until its row is another. */
const items = new Map();

export const reload = soon(() => load(null), 500);

async function load(from) {
  try {
    const page = await get('deadletters', { kind: $('letters-kind').value, continuation: from });
    if (!from) $('letters').replaceChildren();
    $('letters').append(...page.items.map(itemOf));
    continuation = page.continuation;
    const length = $('letters').children.length;
    $('letters-more').hidden = !continuation;
    $('letters-empty').hidden = length > 0;
    $('letters-count').textContent = length === 0 ? '' : `${count(length, 'dead letter')} shown${continuation ? ', there are more' : ''}`;
  } catch (error) {
    $('letters-count').textContent = error.message;
  }
}

function itemOf(letter) {
  const key = `${letter.kind} ${letter.id}`;
  const row = JSON.stringify(letter);
  if (items.get(key)?.row !== row) items.set(key, { row, element: item(letter) });
  return items.get(key).element;
}

function item(letter) {
  const pre = h('pre', { class: 'code', tabindex: '0', hidden: true });
  const toggle = h('button', {
    type: 'button',
    class: 'quiet',
    'aria-expanded': 'false',
    async onclick() {
      pre.hidden = !pre.hidden;
      toggle.setAttribute('aria-expanded', String(!pre.hidden));
      if (pre.hidden || pre.textContent) return;
      const body = await getText(`deadletters/${letter.kind}/${letter.id}`).then(pretty, (error) => error.message);
      pre.textContent = visibleBody(body) || '(empty)';
    },
  }, 'Body');
  const said = h('span', { class: 'hint', role: 'status' });
  const redrive = h('button', {
    type: 'button',
    class: 'quiet',
    title: 'Puts it on the queue again, at its own place in the order',
    async onclick() {
      redrive.disabled = true;
      try {
        const redriven = await post(`deadletters/${letter.kind}/${letter.id}/redrive`);
        said.textContent = redriven.isSent ? 'On the queue again.' : `Not redriven: ${visible(redriven.why)}`;
      } catch (error) {
        said.textContent = error.message;
      } finally {
        redrive.disabled = false;
      }
    },
  }, 'Redrive');
  return h('li', { 'data-id': letter.id },
    h('div', { class: 'head' },
      h('span', { class: 'row' },
        badge(letter.kind, letter.kind === 'failed' ? 'danger' : 'warn'),
        h('strong', null, visible(letter.reason)),
        h('span', { class: 'hint' }, letter.receivedAt && time(letter.receivedAt), ` · ${bytes(letter.bodyLength ?? 0)}`, letter.source && ` · ${visible(letter.source)}`),
        letter.redrivenAt && h('span', { class: 'badge good' }, 'redriven ', time(letter.redrivenAt)), said),
      h('span', { class: 'row' }, toggle, redrive)),
    h('p', null, visible(letter.detail)),
    h('p', { class: 'hint' }, h('code', null, letter.id), letter.accountId && ' · account ', letter.accountId && accountLink(letter.accountId, letter.accountId)),
    pre);
}

$('letters-kind').addEventListener('change', reload);
$('letters-more').addEventListener('click', () => load(continuation));
