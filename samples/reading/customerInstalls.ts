import { createHash } from 'node:crypto';
import { odata, type TableClient } from '@azure/data-tables';

/** A package that a customer has, or had: a row of Installs. */
export interface Install {
  partitionKey: string; // Cyclr's AccountId
  accountApiId?: string;
  packageId: bigint;
  status: string;
  errorCount?: number;
}

/** Reads what a customer has, by your own id or by Cyclr's. */
export class CustomerInstalls {
  constructor(private readonly accounts: TableClient, private readonly installs: TableClient) {}

  /** @param apiId The AccountApiId that you gave Cyclr. */
  async readByApiId(apiId: string): Promise<Install[]> {
    const found: Install[] = [];
    const rows = this.accounts.listEntities({ queryOptions: { filter: odata`PartitionKey eq ${keyOf(apiId)}` } });
    for await (const { rowKey } of rows) {
      // The index also has the ids that an account had before: the install decides.
      found.push(...(await this.readByAccountId(rowKey!)).filter((install) => install.accountApiId === apiId));
    }
    return found;
  }

  /** @param accountId Cyclr's AccountId, in lower case. */
  async readByAccountId(accountId: string): Promise<Install[]> {
    const found: Install[] = [];
    const filter = odata`PartitionKey eq ${accountId} and Kind eq 'install'`;
    for await (const row of this.installs.listEntities({ queryOptions: { filter } })) {
      found.push({
        partitionKey: row.partitionKey!,
        accountApiId: row.AccountApiId as string | undefined,
        packageId: row.PackageId as bigint,
        status: row.Status as string,
        errorCount: row.ErrorCount as number | undefined,
      });
    }
    return found;
  }
}

/** The partition of an AccountApiId in the table Accounts. */
export function keyOf(apiId: string): string {
  const key = apiId.replace(/[\u0000-\u001f\u007f-\u009f/\\#?%~]/g, (c) =>
    '~' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'));
  return Buffer.byteLength(key) <= 400 ? key : '~sha256-' + createHash('sha256').update(apiId).digest('hex');
}
