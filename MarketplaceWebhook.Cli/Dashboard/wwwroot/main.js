import { listen, takeToken } from './api.js';
import { $ } from './dom.js';
import * as account from './account.js';
import * as changeFeed from './changefeed.js';
import * as counts from './counts.js';
import * as feed from './feed.js';
import * as installs from './installs.js';
import * as deadLetters from './deadletters.js';
import * as scenario from './scenario.js';
import * as send from './send.js';
import * as state from './state.js';
import * as status from './status.js';

let isListening = false;

function lock() {
  isListening = false;
  $('layout').hidden = true;
  $('locked').hidden = false;
  state.connection('lost');
  $('token').focus();
}

function open() {
  $('locked').hidden = true;
  $('layout').hidden = false;
  if (isListening) return;
  isListening = true;
  send.load();
  listen(
    {
      snapshot({ activities, status: now }) {
        feed.reset(activities);
        state.show(now);
        changeFeed.show(now);
        status.reload();
        installs.reload();
        deadLetters.reload();
        counts.reload();
        account.reload();
      },
      activity(activity) {
        const isNew = feed.add(activity);
        if (isNew) counts.add(activity);
        send.seen(activity);
      },
      install(install) {
        installs.add(install);
        changeFeed.reload();
        account.changed(install.accountId);
        scenario.seen(install);
      },
      installs() {
        installs.reload();
        changeFeed.reload();
        account.reload();
      },
      deadletters() {
        deadLetters.reload();
        status.reload();
      },
      status(now) {
        state.show(now);
        changeFeed.show(now);
        status.reload();
      },
    },
    (connection) => connection === 'rejected' ? lock() : state.connection(connection),
  );
  route();
}

/** `#/` is the overview, `#/accounts/ID` one account. */
function route() {
  const accountId = /^#\/accounts\/([0-9a-f-]{36})$/.exec(location.hash)?.[1];
  $('overview').hidden = Boolean(accountId);
  $('account').hidden = !accountId;
  account.show(accountId);
}

function start() {
  const theme = () => {
    const current = window.theme.current();
    $('theme').textContent = { auto: '◐ Auto', light: '☀ Light', dark: '☾ Dark' }[current];
    $('theme').setAttribute('aria-label', `Colours: ${current}. Change`);
  };
  $('theme').addEventListener('click', window.theme.next);
  document.addEventListener('themechange', theme);
  theme();

  $('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (takeToken($('token').value)) open();
    else $('token').select();
  });
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#token=')) location.reload();
    else if (location.hash.startsWith('#/')) route();
  });

  if (takeToken(location.hash)) open();
  else lock();
}

start();
