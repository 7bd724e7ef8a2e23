# nightshift-script: excel-drivers-undo
<#
.SYNOPSIS
Takes the 64-bit driver for Excel files away again, if excel-drivers.ps1 installed it.

.DESCRIPTION
Without that script's note in the registry the driver was there before, and stays. A second run changes nothing.
Exit codes: 0 done or nothing to do, 1 failed, 3 more than one such product is installed.

.PARAMETER Installer
Not used; both scripts get the same parameters.

.OUTPUTS
{"provider":"Microsoft.ACE.OLEDB.16.0","removed":true}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^[A-Za-z]:\\(?!.*\.\.)([A-Za-z0-9][A-Za-z0-9 ._-]*\\)*[A-Za-z0-9][A-Za-z0-9 ._-]*\.exe$')]
    [string] $Installer = 'D:\Packages\AccessDatabaseEngine_X64.exe'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$provider = 'Microsoft.ACE.OLEDB.16.0'
$notes = 'HKLM:\SOFTWARE\Nightshift\excel-drivers'
$products = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
$restartNeeded = 3010

try {
    $removed = $false
    if (Test-Path -LiteralPath $notes) {
        $found = @(
            Get-ChildItem -LiteralPath $products |
                Where-Object { $_.PSChildName -match '^\{[0-9A-F-]{36}\}$' -and [string] $_.GetValue('DisplayName') -like 'Microsoft Access database engine*' }
        )
        if ($found.Count -gt 1) {
            [Console]::Error.WriteLine("$($found.Count) Access Database Engines are installed; expected 1")
            exit 3
        }
        if ($found.Count -eq 1) {
            $process = Start-Process -FilePath (Join-Path -Path $env:SystemRoot -ChildPath 'System32\msiexec.exe') -ArgumentList '/x', $found[0].PSChildName, '/quiet', '/norestart' -Wait -PassThru
            if ($process.ExitCode -ne 0 -and $process.ExitCode -ne $restartNeeded) {
                throw "msiexec.exe ended with exit code $($process.ExitCode); expected 0 or $restartNeeded"
            }
            $removed = $true
        }
        Remove-Item -LiteralPath $notes
    }
    [pscustomobject] @{ provider = $provider; removed = $removed } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
