import { get } from './api.js';
import { $ } from './dom.js';

/** False: the page shows a storage account and changes nothing. The server decides, and has no endpoint for what is hidden. */
export let canWrite = false;

/** There is a fallback storage to show. */
export let hasFallback = false;

export async function load() {
  const { account, storage, fallback, canWrite: writes } = await get('about');
  canWrite = writes;
  hasFallback = Boolean(fallback);
  document.documentElement.classList.toggle('read-only', !canWrite);
  const name = canWrite ? `dev · ${account}` : `${account} · read-only`;
  document.title = `${name} · MarketplaceWebhook`;
  $('shown-account').textContent = name;
  $('shown-account').title = fallback ? `${storage}, fallback storage ${fallback}` : storage;
}
