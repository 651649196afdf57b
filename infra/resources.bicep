// All resources of one environment, in one resource group.

import { roleIds } from 'modules/roles.bicep'

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Tags of all resources.')
param tags object = {}

@allowed(['dotnet-isolated', 'custom'])
@description('The runtime of the app: dotnet-isolated, or custom for the native executable.')
param functionsWorkerRuntime string = 'dotnet-isolated'

@allowed([512, 2048, 4096])
@description('Memory of one instance, MB.')
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
@description('Maximum number of instances.')
param maximumInstanceCount int = 40

@minValue(0)
@description('Always-ready instances for HTTP.')
param alwaysReadyHttp int = 0

@minValue(0)
@description('Always-ready instances for the projection, which scales independently of HTTP and has its own cold starts.')
param alwaysReadyProjection int = 0

@description('Object id of the deployer, who gets the roles for probe and the CLI. Empty: no role is assigned.')
param principalId string = ''

@description('Object ids of people or groups who may read tables, queues and blobs in the Portal.')
param operatorPrincipalIds string[] = []

@description('Addresses or CIDR ranges that may call the app. Empty: any address.')
param allowedSourceAddresses string[] = []

@description('Queue for the partner\'s own application, which gets a message for every change. Empty: none.')
param changeFeed string = ''

@description('Stop the projection: notifications are received, and wait on the queue.')
param pauseProjection bool = false

@secure()
@description('More settings of the app, such as TimeLimits__Receiving or OTEL_EXPORTER_OTLP_HEADERS: text by name.')
param extraAppSettings object = {}

@description('Reach storage only through private endpoints in a virtual network, not from the internet.')
param vnetEnabled bool = false

@description('Storage was closed by an earlier deployment, so that this one does not open it on its way.')
param storageIsPrivate bool = false

@description('Where alerts are mailed. Empty: no mail. Alerts are always listed in the Portal.')
param alertEmail string = ''

@secure()
@description('URL that alerts are posted to as JSON, in the common alert schema. Empty: none.')
param alertWebhookUrl string = ''

@description('Call the health endpoint from outside. Disabled if addresses are restricted, which would block its calls.')
param availabilityTest bool = true

@allowed([300, 600, 900])
@description('Seconds between two calls of the availability test from each of its locations.')
param availabilityTestSeconds int = 900

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS', 'Standard_RAGRS', 'Standard_RAGZRS'])
@description('Redundancy of the storage account.')
param storageSku string = 'Standard_LRS'

@description('Create a second storage account, which accepts notifications while the first one does not.')
param fallbackStorage bool = false

@description('Region of the second storage account: preferably another one.')
param fallbackLocation string = location

var suffix = uniqueString(subscription().id, resourceGroup().id, location)
var storageName = 'st${suffix}'
var fallbackName = 'fb${suffix}'
var fallbackSku = 'Standard_LRS'
// Storage is open until the app reaches it through the virtual network: closedStorageAccount, the last step, closes it. Closed here,
// an app that receives notifications would be without storage until the end of the deployment.
var publicNetworkAccess = vnetEnabled && storageIsPrivate ? 'Disabled' : 'Enabled'

// The same names as in MarketplaceWebhook.Core/Storage; a test compares them.
var queueNames = ['marketplace-notifications', 'marketplace-notifications-poison']
var fallbackQueueNames = ['marketplace-fallback', 'marketplace-fallback-poison']
var tableNames = ['Installs', 'StatusChanges', 'DeadLetters', 'Accounts', 'Reconciliations']
var payloadContainerName = 'marketplace-payloads'
var fallbackPayloadContainerName = 'marketplace-fallback-payloads'
var packageContainerName = 'app-package'

var restricted = !empty(allowedSourceAddresses)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${suffix}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    location: location
    tags: tags
    suffix: suffix
    appPrincipalId: identity.properties.principalId
  }
}

module storageAccount 'modules/storageAccount.bicep' = {
  params: {
    location: location
    tags: tags
    name: storageName
    sku: storageSku
    publicNetworkAccess: publicNetworkAccess
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    accountName: storageName
    queueNames: concat(queueNames, empty(changeFeed) ? [] : [changeFeed])
    tableNames: tableNames
    containerNames: [payloadContainerName, packageContainerName]
    // No reads: the host polls its queues every 2 seconds, and each poll would be a read in the log. Deletes show that the change
    // feed is being received.
    loggedCalls: concat(['StorageWrite'], empty(changeFeed) ? [] : ['StorageDelete'])
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [storageAccount]
}

module roles 'modules/roles.bicep' = {
  params: {
    accountName: storageName
    containerName: payloadContainerName
    hasTables: true
    appPrincipalId: identity.properties.principalId
    // The Functions host stores leases and keys in blobs and needs Owner for that, not Contributor.
    appRoles: [roleIds.blobDataOwner, roleIds.queueDataContributor, roleIds.tableDataContributor]
    deployerPrincipalId: principalId
    operatorPrincipalIds: operatorPrincipalIds
  }
  dependsOn: [storage]
}

module fallbackAccount 'modules/storageAccount.bicep' = if (fallbackStorage) {
  params: {
    location: fallbackLocation
    tags: tags
    name: fallbackName
    sku: fallbackSku
    publicNetworkAccess: publicNetworkAccess
  }
}

module fallback 'modules/storage.bicep' = if (fallbackStorage) {
  params: {
    accountName: fallbackName
    queueNames: fallbackQueueNames
    tableNames: []
    containerNames: [fallbackPayloadContainerName]
    loggedCalls: ['StorageWrite']
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [fallbackAccount]
}

module fallbackRoles 'modules/roles.bicep' = if (fallbackStorage) {
  params: {
    accountName: fallbackName
    containerName: fallbackPayloadContainerName
    hasTables: false
    appPrincipalId: identity.properties.principalId
    appRoles: [roleIds.blobDataContributor, roleIds.queueDataContributor]
    deployerPrincipalId: principalId
    operatorPrincipalIds: operatorPrincipalIds
  }
  dependsOn: [fallback]
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  params: {
    location: location
    tags: tags
    suffix: suffix
    storageAccountNames: fallbackStorage ? [storageName, fallbackName] : [storageName]
  }
  dependsOn: [storageAccount, fallbackAccount]
}

module functionApp 'modules/functionApp.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'func-${suffix}'
    identityId: identity.id
    identityClientId: identity.properties.clientId
    storageAccountName: storageName
    fallbackStorageAccountName: fallbackStorage ? fallbackName : null
    deploymentContainerUrl: '${storage.outputs.blobUrl}${packageContainerName}'
    applicationInsightsConnectionString: monitoring.outputs.applicationInsightsConnectionString
    functionsWorkerRuntime: functionsWorkerRuntime
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyProjection: alwaysReadyProjection
    allowedSourceAddresses: allowedSourceAddresses
    changeFeed: changeFeed
    pauseProjection: pauseProjection
    extraAppSettings: extraAppSettings
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : null
  }
  // The host reads its keys and its package at startup, and its queues. With a network, the private endpoints exist before the app
  // joins it: their names in its DNS zones lead to them.
  dependsOn: [roles, fallbackRoles]
}

module closedStorageAccount 'modules/storageAccount.bicep' = if (vnetEnabled) {
  params: {
    location: location
    tags: tags
    name: storageName
    sku: storageSku
    publicNetworkAccess: 'Disabled'
  }
  dependsOn: [functionApp]
}

module closedFallbackAccount 'modules/storageAccount.bicep' = if (vnetEnabled && fallbackStorage) {
  params: {
    location: fallbackLocation
    tags: tags
    name: fallbackName
    sku: fallbackSku
    publicNetworkAccess: 'Disabled'
  }
  dependsOn: [functionApp]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    healthUrl: '${functionApp.outputs.url}/api/health'
    changeFeed: changeFeed
    alertEmail: alertEmail
    alertWebhookUrl: alertWebhookUrl
    fallbackStorage: fallbackStorage
    availabilityTest: availabilityTest && !restricted
    availabilityTestSeconds: availabilityTestSeconds
  }
}

module workbook 'modules/workbook.bicep' = {
  params: {
    location: location
    tags: tags
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    storageAccountName: storageName
  }
}

output functionAppId string = functionApp.outputs.id
output functionAppName string = functionApp.outputs.name
output functionAppUrl string = functionApp.outputs.url
output storageAccountName string = storageName
// For --fallback-storage.
output fallbackStorageAccountName string = fallbackStorage ? fallbackName : 'none'
output sourceAddressesRestricted bool = restricted
