@description('The function app that people sign in to.')
param appName string

@description('Client id of the app registration in Entra ID.')
param clientId string

@description('Tenant that people must come from.')
param tenantId string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

// Machines come with a key of their own, Slack with a signature, so requests without a sign-in are let through to the app, which
// refuses whoever has none of the three.
resource auth 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
