# nightshift-script: web-ciphers-check
<#
.SYNOPSIS
Checks that cipher suites are not offered in TLS. Changes nothing.

.DESCRIPTION
It asks for each suite by name, and reads a group policy's order too, which would win.
Exit codes: 0 none is offered, 1 some are, or a group policy brings them back.

.PARAMETER Suites
Names of cipher suites, separated by commas.

.OUTPUTS
{"offered":[],"left":17}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^TLS_[A-Z0-9_]{1,80}(,TLS_[A-Z0-9_]{1,80})*$')]
    [string] $Suites = 'TLS_RSA_WITH_3DES_EDE_CBC_SHA,TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_WITH_AES_256_CBC_SHA'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002'

try {
    $unwanted = @($Suites -split ',')
    # By name the cmdlet finds every suite whose name holds it, so the names are compared.
    $offered = @($unwanted | Where-Object { $name = $_; @(Get-TlsCipherSuite -Name $name | Where-Object { $_.Name -eq $name }).Count -gt 0 })
    if (Test-Path -LiteralPath $policy) {
        $order = @(@((Get-Item -LiteralPath $policy).GetValue('Functions', '')) -join ',' -split ',')
        $offered = @($offered + @($order | Where-Object { $unwanted -contains $_ }) | Sort-Object -Unique)
    }
    [pscustomobject] @{ offered = $offered; left = @(Get-TlsCipherSuite).Count } | ConvertTo-Json -Compress
    if ($offered.Count -gt 0) {
        [Console]::Error.WriteLine("$($offered -join ', ') are offered; expected none of them")
        exit 1
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
