// Data becomes text nodes and attributes only: this page never parses markup.

import { visible, visibleBody } from './text.js';

export const $ = (id) => document.getElementById(id);

/**
 * An element with attributes, listeners (`onclick` and so on) and children; null and false are skipped.
 * Attributes and text are escaped here, so that no caller can forget it.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : visible(value));
  }
  element.append(...children.flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => child instanceof Node ? child : visibleBody(child)));
  return element;
}

/** Runs immediately, and once more if it was called while running; never concurrently. */
export function soon(work, pause) {
  let busy = false;
  let again = false;
  return async function run() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await work();
    } finally {
      setTimeout(() => {
        busy = false;
        if (again) {
          again = false;
          run();
        }
      }, pause);
    }
  };
}

/** Runs once there were no calls for a while. */
export function whenQuiet(work, pause) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, pause);
  };
}

/** Announces a text to screen readers. */
export function announce(text) {
  $('announce').textContent = text;
}
