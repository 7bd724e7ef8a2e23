# nightshift-script: sfp-task-off
<#
.SYNOPSIS
Disables a scheduled task.

.DESCRIPTION
That it was this script that disabled it is noted in the registry, so that sfp-task-on.ps1 enables no task that was off
before. A run of the task that is under way goes on to its end.
Exit codes: 0 done or already so, 1 failed, 2 no such task.

.PARAMETER TaskName
Name of the task.

.PARAMETER TaskPath
Folder of the task, e.g. \Operations\.

.OUTPUTS
{"task":"\\SFP","before":"Ready","after":"Disabled"}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$')]
    [string] $TaskName = 'SFP',

    [ValidatePattern('^\\([A-Za-z0-9][A-Za-z0-9 ._-]{0,99}\\)*$')]
    [string] $TaskPath = '\'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$notes = 'HKLM:\SOFTWARE\Nightshift\sfp-task'

try {
    $task = Get-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath -ErrorAction SilentlyContinue
    if ($null -eq $task) {
        [Console]::Error.WriteLine("there is no scheduled task $TaskPath$TaskName")
        exit 2
    }
    $before = [string] $task.State
    if ($before -ne 'Disabled') {
        New-Item -Path $notes -Force | Out-Null
        Set-ItemProperty -LiteralPath $notes -Name 'task' -Value "$TaskPath$TaskName"
        Disable-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath | Out-Null
    }
    $after = [string] (Get-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath).State
    [pscustomobject] @{ task = "$TaskPath$TaskName"; before = $before; after = $after } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
