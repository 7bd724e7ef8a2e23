# nightshift-script: app-cipher-check
<#
.SYNOPSIS
Checks that a cipher of Schannel is disabled. Changes nothing.

.DESCRIPTION
Exit codes: 0 it is disabled, 1 it is not.

.PARAMETER Cipher
Name of the cipher, as Schannel spells it.

.OUTPUTS
{"cipher":"Triple DES 168","enabled":"0"}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^(Triple DES 168|RC4 (40|56|64|128)/128|DES 56/56|NULL)$')]
    [string] $Cipher = 'Triple DES 168'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$ciphers = 'SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Ciphers'

try {
    $parent = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($ciphers)
    $key = if ($null -eq $parent) { $null } else { $parent.OpenSubKey($Cipher) }
    $value = if ($null -eq $key) { $null } else { $key.GetValue('Enabled') }
    $enabled = if ($null -eq $value) { 'not set' } else { [string] $value }
    [pscustomobject] @{ cipher = $Cipher; enabled = $enabled } | ConvertTo-Json -Compress
    if ($enabled -ne '0') {
        [Console]::Error.WriteLine("$Cipher is $enabled; expected 0")
        exit 1
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
