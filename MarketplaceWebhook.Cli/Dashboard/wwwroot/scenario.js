import { get, post } from './api.js';
import { $, h } from './dom.js';
import { accountLink, badge, count, timeUtc } from './format.js';

let playing = null;

async function play() {
  $('scenario-button').disabled = true;
  try {
    playing = await post('scenario');
    show();
    location.hash = `#/accounts/${playing.accountId}`;
  } catch (error) {
    $('scenario-text').replaceChildren(h('p', { class: 'errors' }, error.message));
  } finally {
    $('scenario-button').disabled = false;
  }
}

export function seen(install) {
  if (!playing || install.accountId !== playing.accountId) return;
  playing.now = { ...playing.now, [install.packageId]: install.status };
  show();
}

/** Events may have been missed: until all rows are as expected, they are read periodically. */
async function check() {
  if (!playing || isDone()) return;
  const packages = await get(`accounts/${playing.accountId}`).catch(() => []);
  packages.forEach(({ install }) => seen(install));
}

const isDone = () => Object.entries(playing.expected).every(([packageId, status]) => playing.now?.[packageId] === status);

function show() {
  const { deliveries, expected, now = {}, accountId, accountApiId } = playing;
  const notifications = new Set(deliveries.map((delivery) => delivery.id)).size;
  $('scenario-text').replaceChildren(
    h('p', null, `${deliveries.length} deliveries of ${count(notifications, 'notification')} to `, accountLink(accountId, accountApiId), '.'),
    h('ul', { class: 'checks' }, Object.entries(expected).map(([packageId, status]) => h('li', { class: now[packageId] === status ? 'done' : '' },
      h('span', { 'aria-hidden': 'true' }, now[packageId] === status ? '✓' : '…'),
      ` Package ${packageId}: expected `, badge(status),
      h('span', { class: 'visually-hidden' }, now[packageId] === status ? ', reached' : ', not yet reached')))),
    h('details', null,
      h('summary', null, 'The order of the deliveries'),
      h('ol', { class: 'deliveries' }, deliveries.map((delivery) => h('li', null,
        timeUtc(delivery.receivedAt), ` ${delivery.packageId} `, badge(delivery.status), delivery.isRepeated && h('span', { class: 'hint' }, ' again'))))));
}

$('scenario-button').addEventListener('click', play);
setInterval(check, 2000);
