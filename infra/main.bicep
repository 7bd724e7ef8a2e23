targetScope = 'subscription'

@minLength(1)
@maxLength(24)
@description('Name of the environment; part of every name.')
param environmentName string

@description('Region of the app.')
param location string

@description('Region of the watchdog: another one than the app\'s, so that it does not share its failure.')
param watchdogLocation string

@description('Principal id of who deploys from a workstation; empty for a pipeline.')
param principalId string = ''

@allowed(['22', '24'])
@description('Major version of Node.js.')
param nodeVersion string = '24'

@description('Durable instances that are kept ready; one on the nights is enough, none between them saves money.')
param readyInstances int = 1

@description('Who is mailed when an alert fires.')
param alertEmails array = []

@description('Client id of the Entra app registration that people sign in with; empty leaves sign-in off.')
param signInClientId string = ''

@description('Where runs are looked at, for links in messages; the run is appended. Empty for the boards of the app itself.')
param reportBaseUrl string = ''

@description('Resource groups in this subscription that windows work on; the app gets its own role on each.')
param estateResourceGroups array = []

@description('Who may come in, see shared/access/settings.ts: viewers, operators, approvers, admins, keys, selfApproval, rehearsedWindows, requestsPerMinute.')
param access object

@description('What connectors need to know, see main.parameters.json. Secrets are names in the vault, never values.')
param vendors object

@description('What the watchdog needs to know besides: names of secrets in its own vault.')
param watchdog object

var names = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var appName = '${names.functionApp}nightshift-${token}'

resource appGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: '${names.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

resource watchdogGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: '${names.resourceGroup}${environmentName}-watchdog'
  location: watchdogLocation
  tags: tags
}

module appIdentity 'app/identity.bicep' = {
  name: 'app-identity'
  scope: appGroup
  params: {
    name: '${names.managedIdentity}nightshift-${token}'
    location: location
    tags: tags
  }
}

module watchdogIdentity 'app/identity.bicep' = {
  name: 'watchdog-identity'
  scope: watchdogGroup
  params: {
    name: '${names.managedIdentity}watchdog-${token}'
    location: watchdogLocation
    tags: tags
  }
}

module appStorage 'app/storage.bicep' = {
  name: 'app-storage'
  scope: appGroup
  params: {
    name: '${names.storageAccount}ns${token}'
    location: location
    tags: tags
    deploymentContainer: 'deployments'
  }
}

module watchdogStorage 'app/storage.bicep' = {
  name: 'watchdog-storage'
  scope: watchdogGroup
  params: {
    name: '${names.storageAccount}wd${token}'
    location: watchdogLocation
    tags: tags
    deploymentContainer: 'deployments'
  }
}

module appVault 'app/vault.bicep' = {
  name: 'app-vault'
  scope: appGroup
  params: {
    name: '${names.keyVault}ns-${token}'
    location: location
    tags: tags
  }
}

module watchdogVault 'app/vault.bicep' = {
  name: 'watchdog-vault'
  scope: watchdogGroup
  params: {
    name: '${names.keyVault}wd-${token}'
    location: watchdogLocation
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: appGroup
  params: {
    workspaceName: '${names.logAnalytics}nightshift-${token}'
    insightsName: '${names.applicationInsights}nightshift-${token}'
    location: location
    tags: tags
    retentionDays: 90
  }
}

module watchdogMonitoring 'app/monitoring.bicep' = {
  name: 'watchdog-monitoring'
  scope: watchdogGroup
  params: {
    workspaceName: '${names.logAnalytics}watchdog-${token}'
    insightsName: '${names.applicationInsights}watchdog-${token}'
    location: watchdogLocation
    tags: tags
    retentionDays: 90
  }
}

module appRoles 'app/roles.bicep' = {
  name: 'app-roles'
  scope: appGroup
  params: {
    storageName: appStorage.outputs.name
    vaultName: appVault.outputs.name
    insightsName: monitoring.outputs.name
    appPrincipalId: appIdentity.outputs.principalId
    readerPrincipalId: watchdogIdentity.outputs.principalId
    deployerPrincipalId: principalId
  }
}

module watchdogRoles 'app/roles.bicep' = {
  name: 'watchdog-roles'
  scope: watchdogGroup
  params: {
    storageName: watchdogStorage.outputs.name
    vaultName: watchdogVault.outputs.name
    insightsName: watchdogMonitoring.outputs.name
    appPrincipalId: watchdogIdentity.outputs.principalId
    deployerPrincipalId: principalId
  }
}

module estateRole 'app/estate-role.bicep' = {
  name: 'estate-role'
  params: {
    roleName: 'Nightshift ${environmentName}'
  }
}

module estateGrants 'app/estate-grant.bicep' = [for (group, number) in estateResourceGroups: {
  name: 'estate-grant-${number}'
  scope: resourceGroup(group)
  params: {
    roleDefinitionId: estateRole.outputs.id
    principalId: appIdentity.outputs.principalId
  }
}]

module app 'app/function-app.bicep' = {
  name: 'app'
  scope: appGroup
  params: {
    name: appName
    planName: '${names.hostingPlan}nightshift-${token}'
    location: location
    tags: union(tags, { 'azd-service-name': 'app' })
    nodeVersion: nodeVersion
    instanceMemory: 2048
    maximumInstances: 40
    alwaysReady: readyInstances == 0 ? [] : [
      {
        name: 'durable'
        instanceCount: readyInstances
      }
    ]
    identityId: appIdentity.outputs.id
    identityClientId: appIdentity.outputs.clientId
    storageName: appStorage.outputs.name
    deploymentUrl: '${appStorage.outputs.blobEndpoint}deployments'
    insightsConnection: monitoring.outputs.connectionString
    appSettings: {
      NIGHTSHIFT_TABLES_URL: appStorage.outputs.tableEndpoint
      NIGHTSHIFT_VAULT_URL: appVault.outputs.uri
      NIGHTSHIFT_IDENTITY_CLIENT_ID: appIdentity.outputs.clientId
      NIGHTSHIFT_REPORT_BASE_URL: empty(reportBaseUrl) ? 'https://${appName}.azurewebsites.net/api/v1/board/' : reportBaseUrl
      NIGHTSHIFT_INVENTORY_FILE: 'plans/inventory.yaml'
      NIGHTSHIFT_SIGN_IN: empty(signInClientId) ? 'false' : 'true'
      NIGHTSHIFT_ACCESS_VIEWERS: access.viewers
      NIGHTSHIFT_ACCESS_OPERATORS: access.operators
      NIGHTSHIFT_ACCESS_APPROVERS: access.approvers
      NIGHTSHIFT_ACCESS_ADMINS: access.admins
      NIGHTSHIFT_ACCESS_TENANT: tenant().tenantId
      NIGHTSHIFT_ACCESS_KEYS: access.keys
      NIGHTSHIFT_ACCESS_SELF_APPROVAL: access.selfApproval
      NIGHTSHIFT_ACCESS_REHEARSED_WINDOWS: access.rehearsedWindows
      NIGHTSHIFT_ACCESS_REQUESTS_PER_MINUTE: access.requestsPerMinute
      NIGHTSHIFT_AZURE_COMPUTE_SCRIPTS_FOLDER: vendors.azureComputeScriptsFolder
      NIGHTSHIFT_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN: vendors.azureDevopsPersonalAccessToken
      NIGHTSHIFT_AZURE_SCRIPTS_IDENTITY: vendors.azureScriptsIdentity
      NIGHTSHIFT_AZURE_SCRIPTS_LOCATION: vendors.azureScriptsLocation
      NIGHTSHIFT_AZURE_SCRIPTS_CLI_VERSION: vendors.azureScriptsCliVersion
      NIGHTSHIFT_BITWARDEN_URL: vendors.bitwardenUrl
      NIGHTSHIFT_CLOUDFLARE_API_TOKEN: vendors.cloudflareApiToken
      NIGHTSHIFT_CONFLUENCE_SITE: vendors.confluenceSite
      NIGHTSHIFT_CONFLUENCE_EMAIL: vendors.confluenceEmail
      NIGHTSHIFT_CONFLUENCE_API_TOKEN: vendors.confluenceApiToken
      NIGHTSHIFT_JIRA_SITE: vendors.jiraSite
      NIGHTSHIFT_JIRA_EMAIL: vendors.jiraEmail
      NIGHTSHIFT_JIRA_API_TOKEN: vendors.jiraApiToken
      NIGHTSHIFT_PAN_OS_ACCOUNT: vendors.panOsAccount
      NIGHTSHIFT_PAN_OS_API_KEY: vendors.panOsApiKey
      NIGHTSHIFT_PAN_OS_READERS_ACCOUNT: vendors.panOsReadersAccount
      NIGHTSHIFT_PAN_OS_READERS_API_KEY: vendors.panOsReadersApiKey
      NIGHTSHIFT_PAN_OS_READER_ROLE: vendors.panOsReaderRole
      NIGHTSHIFT_PAN_OS_AUTHENTICATION_PROFILE: vendors.panOsAuthenticationProfile
      NIGHTSHIFT_PAN_OS_REST_VERSION: vendors.panOsRestVersion
      NIGHTSHIFT_PINGDOM_API_TOKEN: vendors.pingdomApiToken
      NIGHTSHIFT_SLACK_BOT_TOKEN: vendors.slackBotToken
      NIGHTSHIFT_SLACK_SIGNING_SECRET: vendors.slackSigningSecret
      NIGHTSHIFT_SLACK_FALLBACK_CHANNEL: vendors.slackFallbackChannel
      NIGHTSHIFT_TERRAFORM_API_TOKEN: vendors.terraformApiToken
    }
  }
  dependsOn: [
    appRoles
  ]
}

module signIn 'app/sign-in.bicep' = if (!empty(signInClientId)) {
  name: 'sign-in'
  scope: appGroup
  params: {
    appName: app.outputs.name
    clientId: signInClientId
    tenantId: tenant().tenantId
  }
}

module watchdogApp 'app/function-app.bicep' = {
  name: 'watchdog'
  scope: watchdogGroup
  params: {
    name: '${names.functionApp}watchdog-${token}'
    planName: '${names.hostingPlan}watchdog-${token}'
    location: watchdogLocation
    tags: union(tags, { 'azd-service-name': 'watchdog' })
    nodeVersion: nodeVersion
    instanceMemory: 512
    maximumInstances: 40
    alwaysReady: []
    identityId: watchdogIdentity.outputs.id
    identityClientId: watchdogIdentity.outputs.clientId
    storageName: watchdogStorage.outputs.name
    deploymentUrl: '${watchdogStorage.outputs.blobEndpoint}deployments'
    insightsConnection: watchdogMonitoring.outputs.connectionString
    appSettings: {
      NIGHTSHIFT_WATCHDOG_TABLES_URL: watchdogStorage.outputs.tableEndpoint
      NIGHTSHIFT_WATCHDOG_APP_TABLES_URL: appStorage.outputs.tableEndpoint
      NIGHTSHIFT_WATCHDOG_APP_ORIGIN: app.outputs.origin
      NIGHTSHIFT_WATCHDOG_APP_KEY: watchdog.appKey
      NIGHTSHIFT_WATCHDOG_MACHINE_KEY: watchdog.machineKey
      NIGHTSHIFT_WATCHDOG_PAGER_URL: watchdog.pagerUrl
      NIGHTSHIFT_WATCHDOG_VAULT_URL: watchdogVault.outputs.uri
      NIGHTSHIFT_WATCHDOG_IDENTITY_CLIENT_ID: watchdogIdentity.outputs.clientId
      NIGHTSHIFT_WATCHDOG_SLACK_BOT_TOKEN: watchdog.slackBotToken
      NIGHTSHIFT_WATCHDOG_SLACK_FALLBACK_CHANNEL: vendors.slackFallbackChannel
      NIGHTSHIFT_WATCHDOG_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN: vendors.azureDevopsPersonalAccessToken
    }
  }
  dependsOn: [
    watchdogRoles
  ]
}

module alerts 'app/alerts.bicep' = {
  name: 'alerts'
  scope: appGroup
  params: {
    actionGroupName: '${names.actionGroup}nightshift-${token}'
    alertPrefix: '${names.alert}nightshift-'
    location: location
    tags: tags
    insightsId: monitoring.outputs.id
    emails: alertEmails
    source: 'app'
  }
}

module watchdogAlerts 'app/alerts.bicep' = {
  name: 'watchdog-alerts'
  scope: watchdogGroup
  params: {
    actionGroupName: '${names.actionGroup}watchdog-${token}'
    alertPrefix: '${names.alert}watchdog-'
    location: watchdogLocation
    tags: tags
    insightsId: watchdogMonitoring.outputs.id
    emails: alertEmails
    source: 'watchdog'
  }
}

module workbook 'app/workbook.bicep' = {
  name: 'workbook'
  scope: appGroup
  params: {
    displayName: 'Nightshift ${environmentName}'
    location: location
    tags: tags
    insightsId: monitoring.outputs.id
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = appGroup.name
output NIGHTSHIFT_ORIGIN string = app.outputs.origin
output NIGHTSHIFT_VAULT string = appVault.outputs.name
output NIGHTSHIFT_WATCHDOG_VAULT string = watchdogVault.outputs.name
