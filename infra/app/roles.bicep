@description('Storage account of the app that is given its roles here.')
param storageName string

@description('Its vault.')
param vaultName string

@description('Its Application Insights component.')
param insightsName string

@description('Principal id of the app.')
param appPrincipalId string

@description('Principal id of who may look at its plans and do nothing else; empty for nobody.')
param readerPrincipalId string = ''

@description('Principal id of who deploys; empty where the pipeline is given its rights elsewhere.')
param deployerPrincipalId string = ''

// The one table of built-in roles; a test compares the ids with Azure's.
var roleIds = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  storageTableDataReader: '76199698-9eea-4c19-bc75-cec21354c6b6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
}

// Who gets what on which of the three: blobs, queues and tables are the host's and the journal's.
var onStorage = [
  { who: appPrincipalId, role: roleIds.storageBlobDataOwner, kind: 'ServicePrincipal' }
  { who: appPrincipalId, role: roleIds.storageQueueDataContributor, kind: 'ServicePrincipal' }
  { who: appPrincipalId, role: roleIds.storageTableDataContributor, kind: 'ServicePrincipal' }
]
var readers = empty(readerPrincipalId) ? [] : [
  { who: readerPrincipalId, role: roleIds.storageTableDataReader, kind: 'ServicePrincipal' }
]
var deployers = empty(deployerPrincipalId) ? [] : [
  { who: deployerPrincipalId, role: roleIds.storageBlobDataOwner, kind: 'User' }
]
var allOnStorage = concat(onStorage, readers, deployers)
var onVault = [
  { who: appPrincipalId, role: roleIds.keyVaultSecretsUser, kind: 'ServicePrincipal' }
]
var onInsights = [
  { who: appPrincipalId, role: roleIds.monitoringMetricsPublisher, kind: 'ServicePrincipal' }
]

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in allOnStorage: {
  name: guid(storage.id, grant.who, grant.role)
  scope: storage
  properties: {
    principalId: grant.who
    principalType: grant.kind
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
  }
}]

resource vaultGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in onVault: {
  name: guid(vault.id, grant.who, grant.role)
  scope: vault
  properties: {
    principalId: grant.who
    principalType: grant.kind
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
  }
}]

resource insightsGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in onInsights: {
  name: guid(insights.id, grant.who, grant.role)
  scope: insights
  properties: {
    principalId: grant.who
    principalType: grant.kind
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
  }
}]
