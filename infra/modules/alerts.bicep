// Alert rules. The queries are in infra/queries; docs/operations.md says what to do for each alert.

param location string
param tags object
param workspaceId string
param applicationInsightsId string
param healthUrl string
param changeFeed string
param alertEmail string
@secure()
param alertWebhookUrl string
@description('There is a fallback storage to watch.')
param fallbackStorage bool
@description('Call the health endpoint.')
param availabilityTest bool
param availabilityTestSeconds int

type rule = {
  name: string
  displayName: string
  severity: int
  query: string
  column: string
  frequency: string
  window: string

  @description('Columns that each get an alert of their own.')
  dimensions: object[]?

  @description('False: nothing to watch, so the rule is disabled.')
  applies: bool?

  @description('Stateful: resolves when the query finds nothing more.')
  resolves: bool?

  @description('The time that the query reads, if it is not the window.')
  timeRange: string?
}

// Each event is reported once: a rule that fired is muted for as long as its window. Windows are longer than the evaluation
// frequency, so that telemetry that arrives late is still included. A rule that resolves does so when its rows leave the time that its
// query reads: what can wait for long is read for the longest time that Azure allows, 2 days.
//
// Every rule is always deployed: deployments delete nothing, so one that no longer applies would stay, and fire. It is disabled instead.
var rules rule[] = [
  {
    name: 'poisoned'
    displayName: 'A message was moved to the poison queue'
    severity: 1
    query: loadTextContent('../queries/poisoned.kql')
    column: 'Messages'
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'dead-letters'
    displayName: 'A notification became a dead letter'
    severity: 2
    query: loadTextContent('../queries/deadLetters.kql')
    column: 'DeadLetters'
    dimensions: [{ name: 'Reason', operator: 'Include', values: ['*'] }]
    frequency: 'PT15M'
    window: 'PT30M'
  }
  {
    name: 'installs-with-errors'
    displayName: 'A package was installed with errors'
    severity: 3
    query: loadTextContent('../queries/installsWithErrors.kql')
    column: 'Installs'
    frequency: 'PT15M'
    window: 'PT30M'
  }
  {
    name: 'stuck'
    displayName: 'Notifications are received but not projected'
    severity: 1
    query: loadTextContent('../queries/stuck.kql')
    column: 'Waiting'
    frequency: 'PT5M'
    window: 'PT45M'
    resolves: true
    timeRange: 'P2D'
  }
  {
    name: 'server-errors'
    displayName: 'Cyclr received 5xx'
    severity: 1
    query: loadTextContent('../queries/serverErrors.kql')
    column: 'Responses'
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'unauthorized'
    displayName: 'Requests were rejected with 401'
    severity: 2
    query: loadTextContent('../queries/unauthorized.kql')
    column: 'Requests'
    frequency: 'PT15M'
    window: 'PT30M'
  }
  {
    name: 'fallback-used'
    displayName: 'A notification was accepted by the fallback storage'
    severity: 2
    query: loadTextContent('../queries/fallbackUsed.kql')
    column: 'Notifications'
    frequency: 'PT15M'
    window: 'PT30M'
    applies: fallbackStorage
  }
  {
    name: 'fallback-pending'
    displayName: 'Notifications stay in the fallback storage'
    severity: 1
    query: loadTextContent('../queries/fallbackPending.kql')
    column: 'Attempts'
    frequency: 'PT5M'
    window: 'PT15M'
    applies: fallbackStorage
    resolves: true
  }
  {
    name: 'fallback-failing'
    displayName: 'The fallback storage fails'
    severity: 1
    query: loadTextContent('../queries/fallbackFailing.kql')
    column: 'Failures'
    frequency: 'PT5M'
    window: 'PT15M'
    applies: fallbackStorage
    resolves: true
  }
  {
    name: 'change-feed'
    displayName: 'Changes are passed on but not received'
    severity: 2
    query: replace(loadTextContent('../queries/changeFeed.kql'), 'CHANGE_FEED', changeFeed)
    column: 'Messages'
    frequency: 'PT1H'
    window: 'PT6H'
    applies: !empty(changeFeed)
    resolves: true
    timeRange: 'P2D'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'marketplace-webhook'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'marketplace'
    emailReceivers: empty(alertEmail)
      ? []
      : [{ name: 'operators', emailAddress: alertEmail, useCommonAlertSchema: true }]
    webhookReceivers: empty(alertWebhookUrl)
      ? []
      : [{ name: 'webhook', serviceUri: alertWebhookUrl, useCommonAlertSchema: true }]
  }
}

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.displayName
      description: 'What to do: docs/operations.md, "Alerts".'
      severity: rule.severity
      enabled: rule.?applies ?? true
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      overrideQueryTimeRange: rule.?timeRange
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.column
            timeAggregation: 'Total'
            dimensions: rule.?dimensions ?? []
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: rule.?resolves ?? false
      muteActionsDuration: rule.?resolves ?? false ? null : rule.window
      // A workspace has the tables of storage and telemetry only after their first row; the queries read them as if they were empty.
      skipQueryValidation: true
      actions: { actionGroups: [actionGroup.id] }
    }
  }
]

resource healthTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'health'
  location: location
  // The tag by which Application Insights finds its tests.
  tags: union(tags, { 'hidden-link:${applicationInsightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'health'
    Name: 'Marketplace webhook: health'
    Description: 'GET /api/health from outside.'
    Enabled: availabilityTest
    Kind: 'standard'
    Frequency: availabilityTestSeconds
    Timeout: 60
    RetryEnabled: true
    Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }, { Id: 'apac-sg-sin-azr' }]
    Request: { RequestUrl: healthUrl, HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource healthAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'unavailable'
  location: 'global'
  tags: tags
  properties: {
    description: 'The health endpoint fails from two locations or more. What to do: docs/operations.md, "Alerts".'
    severity: 1
    enabled: availabilityTest
    scopes: [healthTest.id, applicationInsightsId]
    evaluationFrequency: 'PT1M'
    windowSize: availabilityTestSeconds == 300 ? 'PT5M' : 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: healthTest.id
      componentId: applicationInsightsId
      failedLocationCount: 2
    }
    autoMitigate: true
    actions: [{ actionGroupId: actionGroup.id }]
  }
}
