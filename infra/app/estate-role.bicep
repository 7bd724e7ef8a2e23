targetScope = 'subscription'

@description('Name of the role, as people see it.')
param roleName string

// What the slices' READMEs ask for on the team's own resources, and nothing else: a test compares. The role is assigned on the
// resource groups that a window touches (estate-grant.bicep).
var actions = [
  'Microsoft.ClassicNetwork/virtualNetworks/delete'
  'Microsoft.ClassicStorage/storageAccounts/delete'
  'Microsoft.Compute/virtualMachines/delete'
  'Microsoft.Compute/virtualMachines/read'
  'Microsoft.Compute/virtualMachines/runCommands/delete'
  'Microsoft.Compute/virtualMachines/runCommands/read'
  'Microsoft.Compute/virtualMachines/runCommands/write'
  'Microsoft.ContainerInstance/containerGroups/*'
  'Microsoft.ContainerService/managedClusters/agentPools/read'
  'Microsoft.ContainerService/managedClusters/read'
  'Microsoft.ContainerService/managedClusters/upgradeProfiles/read'
  'Microsoft.Insights/eventtypes/values/read'
  'Microsoft.KeyVault/vaults/read'
  'Microsoft.KeyVault/vaults/write'
  'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'
  'Microsoft.Network/applicationGateways/backendAddressPools/join/action'
  'Microsoft.Network/applicationGateways/backendhealth/action'
  'Microsoft.Network/applicationGateways/read'
  'Microsoft.Network/loadBalancers/backendAddressPools/join/action'
  'Microsoft.Network/loadBalancers/backendAddressPools/read'
  'Microsoft.Network/loadBalancers/backendAddressPools/write'
  'Microsoft.Network/loadBalancers/loadBalancingRules/health/action'
  'Microsoft.Network/loadBalancers/loadBalancingRules/read'
  'Microsoft.Network/networkInterfaces/read'
  'Microsoft.Network/networkInterfaces/write'
  'Microsoft.Network/networkSecurityGroups/join/action'
  'Microsoft.Network/virtualNetworks/subnets/join/action'
  'Microsoft.Resources/deploymentScripts/delete'
  'Microsoft.Resources/deploymentScripts/logs/read'
  'Microsoft.Resources/deploymentScripts/read'
  'Microsoft.Resources/deploymentScripts/write'
  'Microsoft.Resources/subscriptions/providers/read'
  'Microsoft.Resources/subscriptions/resourceGroups/moveResources/action'
  'Microsoft.Resources/subscriptions/resourceGroups/read'
  'Microsoft.Resources/subscriptions/resourceGroups/resources/read'
  'Microsoft.Resources/subscriptions/resourceGroups/validateMoveResources/action'
  'Microsoft.Resources/subscriptions/resourceGroups/write'
  'Microsoft.Storage/storageAccounts/*'
]

var here = subscription().id

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, roleName)
  properties: {
    roleName: roleName
    description: 'What Nightshift does to the resources of a maintenance window.'
    type: 'CustomRole'
    assignableScopes: [
      here
    ]
    permissions: [
      {
        actions: actions
      }
    ]
  }
}

output id string = role.id
