import { h } from './dom.js';
import { visible } from './text.js';

const statuses = ['installed', 'started', 'stopped', 'uninstalled'];

/** Indented JSON; other text is returned unchanged. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export const kind = (status) => statuses.includes(status) ? status : 'other';

export const badge = (status, className = kind(status)) => h('span', { class: `badge ${className}` }, visible(status));

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const isToday = (value) => value.toDateString() === new Date().toDateString();

/** Local time, with the date unless it is today; the title shows UTC, as in the tables. */
export function time(text) {
  const value = new Date(text);
  return h('time', { datetime: text, title: value.toISOString() }, (isToday(value) ? clock : date).format(value));
}

export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return '';
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

export const bytes = (count) => count < 1024 ? `${count} B` : count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;

export const count = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? '' : 's'}`;

/** A link to the page of an account. */
export const accountLink = (accountId, text) => h('a', { href: `#/accounts/${accountId}` }, text);
