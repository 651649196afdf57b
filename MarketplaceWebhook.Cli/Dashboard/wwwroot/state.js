import { canWrite } from './about.js';
import { $ } from './dom.js';
import { utc } from './format.js';

const chip = (id, className, text) => {
  $(id).className = `chip ${className}`;
  $(id).lastElementChild.textContent = text;
};

export function connection(state) {
  if (state === 'live') chip('chip-live', 'good', canWrite ? 'Live' : `As of ${utc(new Date()).slice(11)} UTC`);
  else {
    chip('chip-live', 'bad', 'Not connected');
    // What was true before may not be true now.
    chip('chip-health', '', 'Health unknown');
    numbers({});
  }
}

export function show(status) {
  if (!status) return;
  if (status.isHealthy === true) chip('chip-health', 'good', 'Healthy');
  else if (status.isHealthy === false) chip('chip-health', 'bad', 'Unhealthy');
  $('chip-change-feed').hidden = status.changeFeed === null;
  numbers(status);
}

function numbers({ waiting, poisoned, changeFeed, processId }) {
  $('queue-length').textContent = waiting ?? '–';
  $('poison-length').textContent = poisoned ?? '–';
  $('chip-poison').classList.toggle('bad', poisoned > 0);
  $('change-feed-length').textContent = changeFeed ?? '–';
  $('process-id').textContent = processId ?? '–';
}
