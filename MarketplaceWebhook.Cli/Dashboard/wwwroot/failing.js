import { get } from './api.js';
import { soon } from './dom.js';

/** Installs whose last installation had errors, whatever the list is filtered by. */
let installs = new Map();
let more = false;
let onChange = () => {};

const key = (install) => `${install.accountId} ${install.packageId}`;

export const list = () => [...installs.values()];

/** There are more than were read. */
export const areMore = () => more;

export const whenChanged = (listener) => { onChange = listener; };

export const reload = soon(async () => {
  const page = await get('installs', { errors: 'true' }).catch(() => null);
  if (!page) return;
  installs = new Map(page.items.map((install) => [key(install), install]));
  more = Boolean(page.continuation);
  onChange();
}, 500);

export function add(install) {
  const had = installs.delete(key(install));
  if (install.errorCount > 0) installs.set(key(install), install);
  if (had || install.errorCount > 0) onChange();
}
