// Exit code 1 if a query in infra/queries, infra/workbook.json or docs does not parse or uses an unknown column, or if one in infra/queries
// fails in a workspace that has no table yet: a rule whose query fails for 7 days is disabled for good.
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-troubleshoot-log
// Columns: https://learn.microsoft.com/azure/azure-monitor/reference/tables-index; the Application Insights names:
// https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';

const infra = join(dirname(fileURLToPath(import.meta.url)), '..');
const library = dirname(createRequire(import.meta.url).resolve('@kusto/language-service-next/package.json'));
// Written for browsers: both files put their namespaces on the global object.
for (const script of ['bridge.min.js', 'Kusto.Language.Bridge.min.js'])
  runInThisContext(readFileSync(join(library, script), 'utf8'), script);

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const tables = {
  AppMetrics: 'TimeGenerated:datetime, Name:string, Sum:real, Min:real, Max:real, ItemCount:int, Properties:dynamic, AppRoleName:string',
  AppRequests: 'TimeGenerated:datetime, Name:string, Url:string, ResultCode:string, Success:bool, DurationMs:real, ItemCount:int, Properties:dynamic, AppRoleName:string',
  StorageQueueLogs: 'TimeGenerated:datetime, OperationName:string, StatusCode:string, StatusText:string, Uri:string, AccountName:string',
  exceptions: 'timestamp:datetime, type:string, outerMessage:string, operation_Id:string, cloud_RoleName:string',
  traces: 'timestamp:datetime, message:string, severityLevel:int, operation_Id:string, cloud_RoleName:string',
  customMetrics: 'timestamp:datetime, name:string, value:real, valueSum:real, valueCount:int, valueMin:real, valueMax:real, customDimensions:dynamic, cloud_RoleName:string',
  requests: 'timestamp:datetime, name:string, resultCode:string, duration:real, itemCount:int, customDimensions:dynamic, cloud_RoleName:string',
};
const databaseOf = symbols => GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('telemetry', symbols));
const full = databaseOf(Object.entries(tables).map(([name, columns]) => Symbols.TableSymbol.From(`(${columns})`).WithName(name)));
const empty = databaseOf([]);

const alerts = readdirSync(join(infra, 'queries')).map(file => [`queries/${file}`, readFileSync(join(infra, 'queries', file), 'utf8')]);
const docs = join(infra, '../docs');
const queries = [
  ...readdirSync(docs).filter(file => file.endsWith('.md'))
    .flatMap(file => [...readFileSync(join(docs, file), 'utf8').matchAll(/```kusto\n(.*?)```/gs)].map(found => [`docs/${file}`, found[1], full])),
  ...alerts.map(([name, query]) => [name, query, full]),
  ...alerts.map(([name, query]) => [`${name}, without tables`, query, empty]),
  ...JSON.parse(readFileSync(join(infra, 'workbook.json'), 'utf8')).items
    .filter(item => item.type === 3)
    // Workbooks replace this with the grain of the selected time range.
    .map(item => [`workbook.json, ${item.name}`, item.content.query.replaceAll('{TimeRange:grain}', '1h'), full]),
];

let faults = 0;
for (const [name, query, globals] of queries) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  for (let i = 0; i < found.Count; i++) {
    const { Severity, Message, Start } = found.getItem(i);
    // A table that is absent from a fuzzy union is a warning.
    if (Severity !== 'Error' && globals === empty) continue;
    console.error(`${name}: ${Message} (at ${Start})`);
    faults++;
  }
}

console.log(`${queries.length} queries, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
