// Who may read and write the data of a storage account. Account keys are disabled, so these roles are the only access.
// SECURITY.md says what the holder of each role can do; a test compares it with this file.

param accountName string

@description('People get blob roles on this container only: the host keeps its keys in another one, unencrypted.')
param containerName string

@description('The roles of the app, on the account.')
param appRoles string[]
param appPrincipalId string

@description('Who deploys: probe and the CLI read and write. Empty: nobody.')
param deployerPrincipalId string

@description('Who looks into tables, queues and payloads in the Portal. They see webhook URLs in clear text.')
param operatorPrincipalIds string[]

@description('The account has tables.')
param hasTables bool

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
@export()
var roleIds = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  queueDataReader: '19e7f393-937e-4f77-808e-94535e297925'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  tableDataReader: '76199698-9eea-4c19-bc75-cec21354c6b6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// union() removes duplicate ids, which Azure would reject as a conflict.
var operators = map(union(operatorPrincipalIds, []), id => {
  id: id
  blobRole: roleIds.blobDataReader
  accountRoles: concat([roleIds.queueDataReader], hasTables ? [roleIds.tableDataReader] : [])
})
var deployers = empty(deployerPrincipalId) ? [] : [
  {
    id: deployerPrincipalId
    blobRole: roleIds.blobDataContributor
    accountRoles: concat([roleIds.queueDataContributor], hasTables ? [roleIds.tableDataContributor] : [])
  }
]
var people = concat(deployers, operators)
var accountAssignments = flatten(map(people, person => map(person.accountRoles, role => { id: person.id, role: role })))

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = { name: containerName }
  }
}

resource appOnAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
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

// No principalType: a person, a group or a pipeline's identity.
resource peopleOnAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for assignment in accountAssignments: {
    scope: account
    name: guid(account.id, assignment.id, assignment.role)
    properties: {
      principalId: assignment.id
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', assignment.role)
    }
  }
]

resource peopleOnContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for person in people: {
    scope: account::blobs::container
    name: guid(account::blobs::container.id, person.id, person.blobRole)
    properties: {
      principalId: person.id
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', person.blobRole)
    }
  }
]
