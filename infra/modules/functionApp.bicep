// The Flex Consumption plan and the app.

param location string
param tags object
param name string
param identityId string
param identityClientId string
param storageAccountName string
@description('The second account. Null: there is no fallback.')
param fallbackStorageAccountName string?
param deploymentContainerUrl string
param applicationInsightsConnectionString string

@allowed(['dotnet-isolated', 'custom'])
param functionsWorkerRuntime string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyHttp int
param alwaysReadyProjection int
param allowedSourceAddresses string[]
param changeFeed string
param pauseProjection bool

@secure()
@description('Settings besides those of this file, which win.')
param extraAppSettings object

@description('The subnet of requests that the app sends. Null: none.')
param subnetId string?

// The version that Flex Consumption expects, and the service of azure.yaml that deploys the runtime.
var runtimes = {
  'dotnet-isolated': { version: '10.0', azdService: 'marketplace-webhook' }
  custom: { version: '1.0', azdService: 'marketplace-webhook-native' }
}

// HTTP functions share their instances; every other function has its own.
var alwaysReady = filter(
  [
    { name: 'http', instanceCount: alwaysReadyHttp }
    { name: 'function:ProjectNotification', instanceCount: alwaysReadyProjection }
  ],
  group => group.instanceCount > 0
)

var restrictions = [
  for (address, i) in allowedSourceAddresses: {
    name: 'source-${i}'
    action: 'Allow'
    priority: 100 + i
    ipAddress: contains(address, '/') ? address : (contains(address, ':') ? '${address}/128' : '${address}/32')
  }
]

var settings = {
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  // A missing connection would be an error at every start, even of a function that is disabled.
  FallbackStorage__accountName: fallbackStorageAccountName ?? storageAccountName
  FallbackStorage__credential: 'managedidentity'
  FallbackStorage__clientId: identityClientId
  'AzureWebJobs.ProjectNotification.Disabled': pauseProjection ? 'true' : 'false'
  // Without a fallback their queues do not exist; each poll would be a failed call.
  'AzureWebJobs.MoveFallback.Disabled': fallbackStorageAccountName == null ? 'true' : 'false'
  'AzureWebJobs.RetryFallback.Disabled': fallbackStorageAccountName == null ? 'true' : 'false'
  // Empty: off.
  ChangeFeed: changeFeed
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  // Host and app both report as the app's identity.
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  // azd finds the app of a service by this tag.
  tags: union(tags, { 'azd-service-name': runtimes[functionsWorkerRuntime].azdService })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      // Replaces the app setting FUNCTIONS_WORKER_RUNTIME, which Flex Consumption rejects.
      runtime: {
        name: functionsWorkerRuntime
        version: runtimes[functionsWorkerRuntime].version
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictions: restrictions
      ipSecurityRestrictionsDefaultAction: empty(allowedSourceAddresses) ? 'Allow' : 'Deny'
      // The deployment endpoint always requires an Entra identity; restricting it would block the pipeline.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    // Replaces every setting of the app: one that was set by hand, and is not in extraAppSettings, is removed.
    properties: union(extraAppSettings, settings)
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noScmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
