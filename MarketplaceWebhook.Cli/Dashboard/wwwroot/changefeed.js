import { get } from './api.js';
import { $, h, soon } from './dom.js';
import { badge, count, pretty, timeUtc } from './format.js';
import { visible, visibleBody } from './text.js';

let length = null;
/** Elements are kept, opened or not. */
let items = new Map();

/** The page has the card once the application has a change feed. */
export function show(status) {
  if (!status || status.changeFeed === null || status.changeFeed === length) return;
  length = status.changeFeed;
  $('change-feed').hidden = false;
  reload();
}

export const reload = soon(async () => {
  if (length === null) return;
  try {
    const { queue, messages } = await get('changefeed');
    items = new Map(messages.map((text) => [text, items.get(text) ?? item(text)]));
    $('change-feed-messages').replaceChildren(...items.values());
    $('change-feed-empty').hidden = messages.length > 0;
    $('change-feed-count').textContent = messages.length === 0 ? queue : `the first ${count(messages.length, 'message')} on ${queue}`;
  } catch (error) {
    $('change-feed-count').textContent = error.message;
  }
}, 500);

function item(text) {
  const event = parse(text);
  return h('li', { 'data-id': event?.id },
    h('details', null,
      h('summary', null, event
        ? [badge(event.data.status), ' ', timeUtc(event.time), h('span', { class: 'hint' }, ` ${visible(event.subject)}${event.data.isCurrent ? '' : ' · not current'}`)]
        : 'Not a message of the application'),
      h('pre', { class: 'code', tabindex: '0' }, visibleBody(pretty(text)))));
}

/** Null for a message that was added by something else. */
function parse(text) {
  try {
    const event = JSON.parse(text);
    return typeof event.data.status === 'string' && typeof event.subject === 'string' && !Number.isNaN(Date.parse(event.time)) ? event : null;
  } catch {
    return null;
  }
}
