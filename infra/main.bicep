// What azd deploys: a resource group and everything in it. Lists are comma-separated text here, because azd's values are text;
// without azd, deploy resources.bicep into a resource group of your own (docs/operations.md).
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Name of the environment: one per Cyclr marketplace and stage. It names the resource group and all within.')
param environmentName string

@minLength(1)
@description('Region of all resources; it must offer Flex Consumption (az functionapp list-flexconsumption-locations).')
param location string

@allowed(['dotnet-isolated', 'custom'])
@description('The runtime of the app: dotnet-isolated, or custom for the native executable.')
param functionsWorkerRuntime string

@allowed([512, 2048, 4096])
@description('Memory of one instance, MB.')
param instanceMemoryMB int

@minValue(1)
@maxValue(1000)
@description('The most instances that run at once.')
param maximumInstanceCount int

@minValue(0)
@description('Instances kept warm for HTTP: no cold start for Cyclr. Each costs money all month.')
param alwaysReadyHttp int

@minValue(0)
@description('Instances kept warm for the projection.')
param alwaysReadyProjection int

@description('Who is deploying: gets data contributor roles, for probe and the CLI. azd fills it in.')
param principalId string = ''

@description('Object ids of people or groups, comma-separated, who may read tables, queues and blobs in the Portal.')
param operatorPrincipalIds string = ''

@description('Addresses or CIDR ranges, comma-separated, that may call the app. Empty: everyone. Shuts out probe and the availability test too.')
param allowedSourceAddresses string = ''

@description('Where alerts are mailed. Empty: alerts show in the Portal only.')
param alertEmail string = ''

@description('Call the health endpoint from outside, and alert when it fails. Off by itself when addresses are restricted.')
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
    alertEmail: alertEmail
    availabilityTest: availabilityTest
    availabilityTestSeconds: availabilityTestSeconds
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = resourceGroup.name
// The hooks use these. None of them is a secret: the key is made after deployment and never becomes an output.
output AZURE_RESOURCE_MANAGER_ENDPOINT string = environment().resourceManager
output AZURE_STORAGE_ACCOUNT_NAME string = resources.outputs.storageAccountName
output AZURE_TENANT_ID string = tenant().tenantId
output FUNCTION_APP_ID string = resources.outputs.functionAppId
output FUNCTION_APP_NAME string = resources.outputs.functionAppName
output FUNCTION_APP_URL string = resources.outputs.functionAppUrl
output SOURCE_ADDRESSES_RESTRICTED bool = resources.outputs.sourceAddressesRestricted
