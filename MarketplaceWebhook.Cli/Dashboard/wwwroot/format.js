import { h } from './dom.js';
import { statuses } from './statuses.js';
import { visible } from './text.js';

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

/** `2026-01-31 12:00:00`, as the tool prints it. */
export const utc = (date) => date.toISOString().slice(0, 19).replace('T', ' ');

/** UTC, as in the tables and in the tool; with the date unless it is today. For places whose heading says UTC. */
export function time(text) {
  const date = new Date(text);
  const [day, clock] = utc(date).split(' ');
  return h('time', { datetime: text, title: `${utc(date)} UTC, ${date.toLocaleString()} on this machine` },
    utc(new Date()).startsWith(day) ? clock : `${day} ${clock.slice(0, 5)}`);
}

/** The same where no heading says UTC. */
export const timeUtc = (text) => h('span', null, time(text), ' UTC');

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
