// Text from outside becomes text nodes and nothing else: no markup is ever parsed on this page.

export const $ = (id) => document.getElementById(id);

/** An element with attributes, listeners (`onclick` and so on) and children; null and false are left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Runs at once, and again after what came in between; never two at a time. */
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

/** Runs once the caller has been quiet for a while. */
export function whenQuiet(work, pause) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, pause);
  };
}

/** Says something to a screen reader. */
export function announce(text) {
  $('announce').textContent = text;
}
