# nightshift-script: app-cipher-on
<#
.SYNOPSIS
Sets a cipher of Schannel back to how it was before app-cipher-off.ps1.

.DESCRIPTION
Without that script's note in the registry the cipher was off before, and stays so. A second run changes nothing.
Exit codes: 0 done or nothing to do, 1 failed, 3 the note is about another cipher, or somebody set it since.

.PARAMETER Cipher
Name of the cipher, as Schannel spells it.

.OUTPUTS
{"cipher":"Triple DES 168","before":"0","after":"not set"}
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
    $parent = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey($ciphers)
    $key = $parent.CreateSubKey($Cipher)
    $value = $key.GetValue('Enabled')
    $before = if ($null -eq $value) { 'not set' } else { [string] $value }
    if (Test-Path -LiteralPath $notes) {
        $noted = Get-ItemProperty -LiteralPath $notes
        if ($noted.cipher -ne $Cipher) {
            [Console]::Error.WriteLine("the cipher that was disabled is $($noted.cipher); expected $Cipher")
            exit 3
        }
        if ($before -ne '0' -and $before -ne $noted.before) {
            [Console]::Error.WriteLine("$Cipher is $before; expected 0, as it was left")
            exit 3
        }
        # The registry shows 0xffffffff, which means on, as -1.
        if ($noted.before -ne 'not set') { $key.SetValue('Enabled', [int] $noted.before, [Microsoft.Win32.RegistryValueKind]::DWord) }
        else { $key.DeleteValue('Enabled', $false) }
        Remove-Item -LiteralPath $notes
    }
    $left = $key.GetValue('Enabled')
    $after = if ($null -eq $left) { 'not set' } else { [string] $left }
    $key.Close()
    $parent.Close()
    [pscustomobject] @{ cipher = $Cipher; before = $before; after = $after } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
