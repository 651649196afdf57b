// The second storage account: it accepts notifications while the first one does not.

param location string
param tags object
param name string
param workspaceId string
param appPrincipalId string
param deployerPrincipalId string
param operatorPrincipalIds string[]

@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string

// The same names as in MarketplaceWebhook.Core/Storage; a test compares them.
var fallbackQueueNames = ['marketplace-fallback', 'marketplace-fallback-poison']
var payloadContainerName = 'marketplace-payloads'

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var queueDataReader = '19e7f393-937e-4f77-808e-94535e297925'

var appRoles = [blobDataContributor, queueDataContributor]
var deployers = empty(deployerPrincipalId) ? [] : [deployerPrincipalId]
var personRoles = flatten(concat(
  map(deployers, id => map(appRoles, role => { principalId: id, role: role })),
  map(union(operatorPrincipalIds, []), id => map([blobDataReader, queueDataReader], role => { principalId: id, role: role }))
))

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
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

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for queueName in fallbackQueueNames: {
    parent: queueService
    name: queueName
  }
]

// Writes only, as in the first account.
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'queue-writes'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

resource appAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appRoles: {
    scope: account
    name: guid(account.id, appPrincipalId, role)
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource personAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in personRoles: {
    scope: account
    name: guid(account.id, assignment.principalId, assignment.role)
    properties: {
      principalId: assignment.principalId
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', assignment.role)
    }
  }
]

output name string = account.name
