// Access to the data. Account keys are disabled, so these roles are the only access.

param storageAccountName string
param applicationInsightsName string

@description('The app: the least that works.')
param appPrincipalId string

@description('Who deploys: probe and the CLI read and write. Empty: nobody.')
param deployerPrincipalId string

@description('Who looks into tables, queues and blobs in the Portal. They see webhook URLs in clear text.')
param operatorPrincipalIds string[]

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var queueDataReader = '19e7f393-937e-4f77-808e-94535e297925'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var tableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// The Functions host stores leases and keys in blobs and needs Owner for that, not Contributor.
var appRoles = [blobDataOwner, queueDataContributor, tableDataContributor]
var deployerRoles = empty(deployerPrincipalId) ? [] : [blobDataContributor, queueDataContributor, tableDataContributor]
// union() removes duplicate ids, which Azure would reject as a conflict.
var operatorRoles = flatten(map(union(operatorPrincipalIds, []), id =>
  map([blobDataReader, queueDataReader, tableDataReader], role => { principalId: id, role: role })))

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource appOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
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

resource appOnTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, appPrincipalId, monitoringMetricsPublisher)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

// No principalType: the deployer can be a person, a group or a pipeline's identity.
resource deployerOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in deployerRoles: {
    scope: account
    name: guid(account.id, deployerPrincipalId, role)
    properties: {
      principalId: deployerPrincipalId
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource operatorsOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in operatorRoles: {
    scope: account
    name: guid(account.id, assignment.principalId, assignment.role)
    properties: {
      principalId: assignment.principalId
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', assignment.role)
    }
  }
]
