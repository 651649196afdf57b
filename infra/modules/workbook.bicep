// An overview of the application: Application Insights > Workbooks > Marketplace notifications.

param location string
param tags object
param applicationInsightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, 'marketplace-notifications')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Marketplace notifications'
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: loadTextContent('../workbook.json')
  }
}
