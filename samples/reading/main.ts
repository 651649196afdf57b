// node bin/main.js STORAGE ID: prints the packages that a customer has. STORAGE is the name of the storage account, which is read
// with your own sign-in, or a connection string. ID is your own id of the customer, or Cyclr's AccountId.
import { TableClient } from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import { CustomerInstalls } from './customerInstalls.js';

const [storage, id] = process.argv.slice(2);
const open = (table: string): TableClient => storage.includes('=')
  ? TableClient.fromConnectionString(storage, table, { allowInsecureConnection: true })
  : new TableClient(`https://${storage}.table.core.windows.net`, table, new DefaultAzureCredential());
const customers = new CustomerInstalls(open('Accounts'), open('Installs'));

const byApiId = await customers.readByApiId(id);
const found = byApiId.length > 0 ? byApiId : await customers.readByAccountId(id.toLowerCase());
for (const { partitionKey, packageId, status, errorCount } of found) {
  console.log(`account ${partitionKey}, package ${packageId}: ${status}${errorCount ? `, ${errorCount} errors` : ''}`);
}
