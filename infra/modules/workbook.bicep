// An overview of the application: Application Insights > Workbooks > Marketplace notifications.

param location string
param tags object
param applicationInsightsId string
param storageAccountName string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, 'marketplace-notifications')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Marketplace notifications'
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: replace(
      loadTextContent('../workbook.json'), 'STORAGE_BROWSER', '${environment().portal}/#resource${account.id}/storagebrowser')
  }
}
