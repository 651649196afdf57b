import * as about from './about.js';
import { forgetToken, listen, takeToken } from './api.js';
import { $ } from './dom.js';
import * as account from './account.js';
import * as changeFeed from './changefeed.js';
import * as counts from './counts.js';
import * as deadLetters from './deadletters.js';
import * as failing from './failing.js';
import * as feed from './feed.js';
import * as installs from './installs.js';
import * as scenario from './scenario.js';
import * as send from './send.js';
import * as state from './state.js';
import * as status from './status.js';

const reasons = {
  none: 'It ends with a token of this run, so that other users of this machine and other sites cannot read this data.',
  invalid: 'That is not a token: a token has 48 characters, 0 to 9 and a to f, at the end of the address.',
  rejected: 'The token is of another run: each run of the tool has its own. Open the address that the running one printed.',
};

const wide = matchMedia('(min-width: 981px)');

let isListening = false;

function lock(reason) {
  isListening = false;
  $('locked-reason').textContent = reasons[reason];
  $('layout').hidden = true;
  $('locked').hidden = false;
  state.connection('lost');
  $('token').focus();
}

/** Reads everything again, but what an event shows. */
function reload() {
  status.reload();
  status.countInstalls();
  failing.reload();
  installs.reload();
  deadLetters.reload();
  // It reads the entire log.
  if (about.canWrite) counts.reload();
  account.reload();
}

async function open() {
  if (isListening) return;
  isListening = true;
  try {
    await about.load();
  } catch (error) {
    isListening = false;
    if (error.status === 403) reject();
    else {
      state.connection('lost');
      setTimeout(open, 2000);
    }
    return;
  }
  $('locked').hidden = true;
  $('layout').hidden = false;
  if (about.canWrite) send.load();
  listen(
    {
      snapshot({ activities, status: now }) {
        feed.reset(activities);
        state.show(now);
        changeFeed.show(now);
        reload();
      },
      activity(activity) {
        const isNew = feed.add(activity);
        if (isNew) counts.add(activity);
        send.seen(activity);
      },
      install(install) {
        installs.add(install);
        failing.add(install);
        status.countInstalls();
        changeFeed.reload();
        account.changed(install.accountId);
        scenario.seen(install);
      },
      installs() {
        installs.reload();
        failing.reload();
        status.countInstalls();
        changeFeed.reload();
        account.reload();
      },
      deadletters() {
        deadLetters.reload();
        account.reload();
        status.reload();
      },
      status(now) {
        state.show(now);
        changeFeed.show(now);
        status.reload();
      },
    },
    (connection) => {
      if (connection === 'rejected') reject();
      else {
        state.connection(connection);
        // Says so, if there is no response.
        if (connection === 'lost') status.reload();
      }
    },
  );
  route();
}

function reject() {
  forgetToken();
  lock('rejected');
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

  $('refresh').addEventListener('click', () => {
    reload();
    changeFeed.reload();
    state.connection('live');
  });

  $('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (takeToken($('token').value)) open();
    else {
      $('locked-reason').textContent = reasons.invalid;
      $('token').select();
    }
  });
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#token=')) location.reload();
    else if (location.hash.startsWith('#/')) route();
  });

  // On a narrow screen the forms would fill the first two screens.
  const fold = () => { $('side').open = wide.matches; };
  wide.addEventListener('change', fold);
  fold();

  const hasToken = location.hash.startsWith('#token=');
  if (takeToken(location.hash)) open();
  else lock(hasToken ? 'invalid' : 'none');
}

start();
