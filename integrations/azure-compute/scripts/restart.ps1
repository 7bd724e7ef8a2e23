# nightshift-script: azure-compute/restart
<#
.SYNOPSIS
Restarts this server in a few seconds, so that the run command that asks for it still ends well.

.DESCRIPTION
Prints when the server had booted before: whoever reads a later boot time knows that the restart has happened.
Exit codes: 0 the restart is ordered, 1 it could not be.

.OUTPUTS
{"bootedAt":"2024-12-08T02:11:09.0000000Z","restartsInSeconds":15}
#>
[CmdletBinding()]
param(
    [ValidateRange(5, 600)]
    [int] $DelaySeconds = 15
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# A restart is under way already: what was asked for will happen.
$alreadyOrdered = 1190

try {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $shutdown = Join-Path -Path $env:SystemRoot -ChildPath 'System32\shutdown.exe'
    # p:2:17 is "planned: operating system: hot fix" in the event log.
    & $shutdown /r /t $DelaySeconds /d p:2:17 /c 'Nightshift restarts this server for updates'
    if ($LASTEXITCODE -ne 0 -and $LASTEXITCODE -ne $alreadyOrdered) {
        throw "shutdown.exe ended with exit code $LASTEXITCODE; expected 0"
    }
    [pscustomobject] @{
        bootedAt          = $system.LastBootUpTime.ToUniversalTime().ToString('o')
        restartsInSeconds = $DelaySeconds
    } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
