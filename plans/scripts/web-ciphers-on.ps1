# nightshift-script: web-ciphers-on
<#
.SYNOPSIS
Offers the cipher suites again that web-ciphers-off.ps1 took out, at their places in the order.

.DESCRIPTION
Without that script's note in the registry there is nothing to put back. A second run changes nothing.
Exit codes: 0 done or nothing to do, 1 failed.

.PARAMETER Suites
Names of cipher suites, separated by commas; of these, those that are noted are put back.

.OUTPUTS
{"restored":["TLS_RSA_WITH_3DES_EDE_CBC_SHA"],"left":18}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^TLS_[A-Z0-9_]{1,80}(,TLS_[A-Z0-9_]{1,80})*$')]
    [string] $Suites = 'TLS_RSA_WITH_3DES_EDE_CBC_SHA,TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_WITH_AES_256_CBC_SHA'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$notes = 'HKLM:\SOFTWARE\Nightshift\web-ciphers'

try {
    $restored = @()
    if (Test-Path -LiteralPath $notes) {
        $wanted = @($Suites -split ',')
        $key = Get-Item -LiteralPath $notes
        # From the front, so that each place counts those that are back already.
        $noted = @($key.GetValueNames() | Where-Object { $wanted -contains $_ } | Sort-Object { [int] $key.GetValue($_) })
        $offered = @(Get-TlsCipherSuite | ForEach-Object { $_.Name })
        foreach ($name in $noted) {
            if ($offered -notcontains $name) {
                Enable-TlsCipherSuite -Name $name -Position ([int] $key.GetValue($name))
                $restored += $name
            }
            Remove-ItemProperty -LiteralPath $notes -Name $name
        }
        if ((Get-Item -LiteralPath $notes).ValueCount -eq 0) { Remove-Item -LiteralPath $notes }
    }
    $left = @(Get-TlsCipherSuite)
    [pscustomobject] @{ restored = $restored; left = $left.Count } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
