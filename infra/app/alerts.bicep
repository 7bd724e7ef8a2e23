@description('Name of the action group.')
param actionGroupName string

@description('Names of the alerts begin with it.')
param alertPrefix string
param location string
param tags object

@description('Resource id of the Application Insights component whose events are asked.')
param insightsId string

@description('Who is mailed.')
param emails array

@allowed(['app', 'watchdog'])
@description('Whose events are asked: each has its own, and its own alerts.')
param source string

// Each asks for events by the names of shared/ports/telemetry.ts; a test compares. `none` alerts when there is no row.
var allAlerts = [
  {
    name: 'step-held'
    source: 'app'
    text: 'A step waits for a person'
    severity: 1
    query: 'customEvents | where name == "step.held" | project timestamp, run = tostring(customDimensions.run), step = tostring(customDimensions.step), why = tostring(customDimensions.why)'
    none: false
    every: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'prework-late'
    source: 'app'
    text: 'A window was started late'
    severity: 0
    query: 'customEvents | where name == "prework.late" | project timestamp, run = tostring(customDimensions.run), step = tostring(customDimensions.step), lateMs = todouble(customMeasurements.lateMs)'
    none: false
    every: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'still-open'
    source: 'app'
    text: 'Something is open that should be closed: the maintenance page, a pool, a monitor'
    severity: 0
    query: 'customEvents | where name == "obligation.open" | project timestamp, run = tostring(customDimensions.run), obligation = tostring(customDimensions.obligation), ageMs = todouble(customMeasurements.ageMs)'
    none: false
    every: 'PT5M'
    window: 'PT10M'
  }
  {
    name: 'kickoff-late'
    source: 'watchdog'
    text: 'A kickoff is late and nobody has it in hand'
    severity: 0
    query: 'customEvents | where name == "kickoff.late" | project timestamp, run = tostring(customDimensions.run), step = tostring(customDimensions.step), rung = tostring(customDimensions.rung), lateMs = todouble(customMeasurements.lateMs)'
    none: false
    every: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'guard-silent'
    source: 'app'
    text: 'The guard has not looked at the runs for a quarter of an hour'
    severity: 1
    query: 'customEvents | where name == "guard.beat"'
    none: true
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'watchdog-silent'
    source: 'watchdog'
    text: 'The watchdog has not looked at the kickoffs for ten minutes'
    severity: 1
    query: 'customEvents | where name == "watchdog.beat"'
    none: true
    every: 'PT5M'
    window: 'PT10M'
  }
]
var alerts = filter(allAlerts, alert => alert.source == source)

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'nightshift'
    emailReceivers: [for (email, number) in emails: {
      name: 'mail-${number}'
      emailAddress: email
      useCommonAlertSchema: true
    }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
  name: '${alertPrefix}${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.text
    description: alert.text
    enabled: true
    severity: alert.severity
    scopes: [
      insightsId
    ]
    evaluationFrequency: alert.every
    windowSize: alert.window
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: alert.none ? 'LessThan' : 'GreaterThan'
          threshold: alert.none ? 1 : 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]
