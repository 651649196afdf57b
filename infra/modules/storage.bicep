// The storage account: queues, tables, payloads, the app's package and the host's own blobs.

param location string
param tags object
param name string
param sku string
param workspaceId string
param changeFeed string

@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string

// The same names as in MarketplaceWebhook.Core/Storage; a test compares them.
var queueNames = ['marketplace-notifications', 'marketplace-notifications-poison']
var tableNames = ['Installs', 'StatusChanges', 'DeadLetters', 'Reconciliations']
var payloadContainerName = 'marketplace-payloads'
var deploymentContainerName = 'app-package'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetworkAccess
    supportsHttpsTrafficOnly: true
  }
}

// No lifecycle rule deletes payloads: `rebuild` needs them, and `purge` knows which ones are unreferenced.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource payloads 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: payloadContainerName
  properties: { publicAccess: 'None' }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: deploymentContainerName
  properties: { publicAccess: 'None' }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for queueName in concat(queueNames, empty(changeFeed) ? [] : [changeFeed]): {
    parent: queueService
    name: queueName
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [
  for tableName in tableNames: {
    parent: tableService
    name: tableName
  }
]

// No reads: the host polls its queues every 2 seconds, and each poll would be a read in the log. Deletes show that the change feed
// is being received.
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'queue-writes'
  properties: {
    workspaceId: workspaceId
    logs: concat(
      [{ category: 'StorageWrite', enabled: true }],
      empty(changeFeed) ? [] : [{ category: 'StorageDelete', enabled: true }]
    )
  }
}

output name string = account.name
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${packages.name}'
