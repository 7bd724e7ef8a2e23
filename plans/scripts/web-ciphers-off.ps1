# nightshift-script: web-ciphers-off
<#
.SYNOPSIS
Takes cipher suites out of what this server offers in TLS.

.DESCRIPTION
For servers that are out of their pool. Which ones it took out, and at which place of the order, is noted in the registry
for web-ciphers-on.ps1; a note that is there already is kept and added to.
Exit codes: 0 done or already so, 1 failed, 2 no suite would be left.

.PARAMETER Suites
Names of cipher suites, separated by commas.

.OUTPUTS
{"removed":["TLS_RSA_WITH_3DES_EDE_CBC_SHA"],"left":17}
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
    $unwanted = @($Suites -split ',')
    $offered = @(Get-TlsCipherSuite | ForEach-Object { $_.Name })
    $found = @($offered | Where-Object { $unwanted -contains $_ })
    if ($offered.Count -eq $found.Count) {
        [Console]::Error.WriteLine('this would leave no cipher suite at all')
        exit 2
    }
    if ($found.Count -gt 0) {
        if (-not (Test-Path -LiteralPath $notes)) { New-Item -Path $notes -Force | Out-Null }
        # Noted before, so that the way back is known when this is cut off. Values are places in the order as it was.
        foreach ($name in $found) { Set-ItemProperty -LiteralPath $notes -Name $name -Value ([Array]::IndexOf($offered, $name)) }
        foreach ($name in $found) { Disable-TlsCipherSuite -Name $name }
    }
    $left = @(Get-TlsCipherSuite | ForEach-Object { $_.Name })
    $staying = @($left | Where-Object { $unwanted -contains $_ })
    if ($staying.Count -gt 0) { throw "$($staying -join ', ') are still offered" }
    [pscustomobject] @{ removed = $found; left = $left.Count } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
