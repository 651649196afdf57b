import { getText } from './api.js';
import { h } from './dom.js';
import { pretty } from './format.js';
import { visibleBody } from './text.js';

/** A button that shows and hides an element, and the first time loads a body into `pre`. */
export function bodyButton(element, pre, path) {
  const button = h('button', {
    type: 'button',
    class: 'quiet',
    'aria-expanded': 'false',
    async onclick() {
      element.hidden = !element.hidden;
      button.setAttribute('aria-expanded', String(!element.hidden));
      if (element.hidden || pre.textContent) return;
      pre.textContent = visibleBody(await getText(path).then(pretty, (error) => error.message)) || '(empty)';
    },
  }, 'Body');
  return button;
}
