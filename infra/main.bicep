// The template that azd deploys: a resource group and everything in it. Lists are comma-separated, because azd's values are text.
// Without azd, deploy resources.bicep into an existing resource group (docs/operations.md).
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Name of the environment: one per Cyclr marketplace and stage. The names of the resource group and its resources are derived from it.')
param environmentName string

// Azure Functions' own template of 2026-02-24: https://github.com/Azure-Samples/functions-quickstart-dotnet-azd/blob/fe74255/infra/main.bicep
// If a region is missing that `az functionapp list-flexconsumption-locations` lists, add it.
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
@description('Region of all resources: one that offers Flex Consumption.')
param location string

@allowed(['dotnet-isolated', 'custom'])
@description('The runtime of the app: dotnet-isolated, or custom for the native executable.')
param functionsWorkerRuntime string

@allowed([512, 2048, 4096])
@description('Memory of one instance, MB.')
param instanceMemoryMB int

@minValue(1)
@maxValue(1000)
@description('Maximum number of instances.')
param maximumInstanceCount int

@minValue(0)
@description('Always-ready instances for HTTP: no cold start for Cyclr. Each is billed all month.')
param alwaysReadyHttp int

@minValue(0)
@description('Always-ready instances for the projection.')
param alwaysReadyProjection int

@description('Object id of the deployer, who gets the roles for probe and the CLI. Set by azd.')
param principalId string = ''

@description('Object ids of people or groups, comma-separated, who may read tables, queues and blobs in the Portal.')
param operatorPrincipalIds string = ''

@description('Addresses or CIDR ranges, comma-separated, that may call the app. Empty: any address. Also blocks probe and the availability test.')
param allowedSourceAddresses string = ''

@description('Queue for the partner\'s own application, which gets a message for every change. Empty: none.')
param changeFeed string = ''

@description('Stop the projection: notifications are received, and wait on the queue.')
param pauseProjection bool

@secure()
@description('More settings of the app, as a JSON object of texts.')
param extraAppSettings object = {}

@description('Reach storage only through private endpoints in a virtual network, not from the internet.')
param vnetEnabled bool

@description('Storage was closed by an earlier deployment. azd sets it, from the output STORAGE_IS_PRIVATE.')
param storageIsPrivate bool

@description('Where alerts are mailed. Empty: no mail. Alerts are always listed in the Portal.')
param alertEmail string = ''

@secure()
@description('URL that alerts are posted to as JSON, in the common alert schema. Empty: none.')
param alertWebhookUrl string = ''

@description('Create a second storage account, which accepts notifications while the first one does not.')
param fallbackStorage bool

@description('Region of the second storage account. Empty: the region of the other resources.')
param fallbackLocation string = ''

@description('Call the health endpoint from outside, and alert when it fails. Disabled if addresses are restricted.')
param availabilityTest bool

@allowed([300, 600, 900])
@description('Seconds between two calls of the availability test from each of its locations.')
param availabilityTestSeconds int

var tags = { 'azd-env-name': environmentName }

resource resourceGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module resources 'resources.bicep' = {
  scope: resourceGroup
  params: {
    location: location
    tags: tags
    functionsWorkerRuntime: functionsWorkerRuntime
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyProjection: alwaysReadyProjection
    principalId: principalId
    operatorPrincipalIds: filter(map(split(operatorPrincipalIds, ','), id => trim(id)), id => !empty(id))
    allowedSourceAddresses: filter(map(split(allowedSourceAddresses, ','), a => trim(a)), a => !empty(a))
    changeFeed: changeFeed
    pauseProjection: pauseProjection
    extraAppSettings: extraAppSettings
    vnetEnabled: vnetEnabled
    storageIsPrivate: storageIsPrivate
    alertEmail: alertEmail
    alertWebhookUrl: alertWebhookUrl
    fallbackStorage: fallbackStorage
    fallbackLocation: empty(fallbackLocation) ? location : fallbackLocation
    availabilityTest: availabilityTest
    availabilityTestSeconds: availabilityTestSeconds
  }
}

output AZURE_FALLBACK_STORAGE_ACCOUNT_NAME string = resources.outputs.fallbackStorageAccountName
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = resourceGroup.name
// The hook uses these. They contain no secret: the key is created after the deployment and is never an output.
output AZURE_RESOURCE_MANAGER_ENDPOINT string = environment().resourceManager
output AZURE_STORAGE_ACCOUNT_NAME string = resources.outputs.storageAccountName
output AZURE_TENANT_ID string = tenant().tenantId
output FUNCTION_APP_ID string = resources.outputs.functionAppId
output FUNCTION_APP_NAME string = resources.outputs.functionAppName
output FUNCTION_APP_URL string = resources.outputs.functionAppUrl
output SOURCE_ADDRESSES_RESTRICTED bool = resources.outputs.sourceAddressesRestricted
// Also a parameter of the next deployment.
output STORAGE_IS_PRIVATE bool = vnetEnabled
