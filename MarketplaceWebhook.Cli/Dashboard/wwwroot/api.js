// Every request carries the token of this run, which was in the fragment of the address that the tool printed.

import { visible } from './text.js';

const key = 'token';

const tokenIn = (text) => /(?:#token=|^)([0-9a-f]{48})$/.exec(text.trim())?.[1];

/** Removes the token from the address bar at once: a screenshot or a shared link must not contain it. */
export function takeToken(text) {
  const token = tokenIn(text);
  if (token) sessionStorage.setItem(key, token);
  if (location.hash.startsWith('#token=')) history.replaceState(null, '', '#/');
  return Boolean(sessionStorage.getItem(key));
}

export const forgetToken = () => sessionStorage.removeItem(key);

/** A failed request, with a message to display. */
export class CallError extends Error {
  constructor(status, message) {
    super(visible(message));
    this.status = status;
  }
}

async function call(path, { query, ...options } = {}) {
  const url = new URL(`/page/${path}`, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value) url.searchParams.set(name, value);
  }
  let response;
  try {
    response = await fetch(url, { ...options, headers: { 'X-Page-Token': sessionStorage.getItem(key) ?? '' } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new CallError(0, 'The tool does not respond: is it still running?');
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new CallError(response.status, problem.detail ?? `The response was ${response.status}.`);
}

export const get = async (path, query, signal) => (await call(path, { query, signal })).json();

export const getText = async (path) => (await call(path)).text();

export const post = async (path, { query, body } = {}) =>
  (await call(path, { method: 'POST', query, body })).json();

/** Server-sent events; the browser reconnects automatically, and each connection starts with a snapshot. */
export function listen(handlers, onState) {
  const events = new EventSource(`/page/events?token=${sessionStorage.getItem(key)}`);
  events.onopen = () => onState('live');
  events.onerror = async () => {
    onState('lost');
    if (events.readyState !== EventSource.CLOSED) return;
    // The browser gave up: the token is from another run, or the page is closing. Only a response can tell.
    const rejected = await get('about').then(() => false, (error) => error.status === 403);
    if (rejected) onState('rejected');
    else setTimeout(() => listen(handlers, onState), 2000);
  };
  for (const [type, handle] of Object.entries(handlers)) {
    events.addEventListener(type, (event) => handle(JSON.parse(event.data)));
  }
}
