import { $ } from './dom.js';

const chip = (id, className, text) => {
  $(id).className = `chip ${className}`;
  $(id).lastElementChild.textContent = text;
};

export function connection(state) {
  if (state === 'live') chip('chip-live', 'good', 'Live');
  else chip('chip-live', 'bad', 'Not connected');
}

export function show(status) {
  if (!status) return;
  if (status.isHealthy) chip('chip-health', 'good', 'Healthy');
  else chip('chip-health', 'bad', 'Unhealthy');
  $('queue-length').textContent = status.waiting ?? '–';
  $('poison-length').textContent = status.poisoned ?? '–';
  $('chip-poison').classList.toggle('bad', status.poisoned > 0);
  $('chip-change-feed').hidden = status.changeFeed === null;
  $('change-feed-length').textContent = status.changeFeed ?? '–';
  $('process-id').textContent = status.processId ?? '–';
}
