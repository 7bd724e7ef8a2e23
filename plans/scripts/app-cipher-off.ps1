# nightshift-script: app-cipher-off
<#
.SYNOPSIS
Disables a cipher of Schannel, the TLS of Windows.

.DESCRIPTION
How it was before is noted in the registry, for app-cipher-on.ps1; a note that is there already is kept. Programs follow
when they start anew, at the latest with the next restart of the server.
Exit codes: 0 done or already so, 1 failed.

.PARAMETER Cipher
Name of the cipher, as Schannel spells it.

.OUTPUTS
{"cipher":"Triple DES 168","before":"not set","after":"0"}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^(Triple DES 168|RC4 (40|56|64|128)/128|DES 56/56|NULL)$')]
    [string] $Cipher = 'Triple DES 168'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$notes = 'HKLM:\SOFTWARE\Nightshift\app-cipher'
$ciphers = 'SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers'

try {
    # By .NET: the names of these keys have slashes, which PowerShell's paths take for folders.
    $parent = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey($ciphers)
    $key = $parent.CreateSubKey($Cipher)
    $value = $key.GetValue('Enabled')
    $before = if ($null -eq $value) { 'not set' } else { [string] $value }
    if ($before -ne '0') {
        if (-not (Test-Path -LiteralPath $notes)) {
            New-Item -Path $notes -Force | Out-Null
            Set-ItemProperty -LiteralPath $notes -Name 'cipher' -Value $Cipher
            Set-ItemProperty -LiteralPath $notes -Name 'before' -Value $before
        }
        $key.SetValue('Enabled', 0, [Microsoft.Win32.RegistryValueKind]::DWord)
    }
    $after = [string] $key.GetValue('Enabled')
    $key.Close()
    $parent.Close()
    [pscustomobject] @{ cipher = $Cipher; before = $before; after = $after } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
