# nightshift-script: sfp-task-on
<#
.SYNOPSIS
Enables a scheduled task again, if sfp-task-off.ps1 disabled it.

.DESCRIPTION
Without that script's note in the registry the task was off before, and stays so. A second run changes nothing.
Exit codes: 0 done or nothing to do, 1 failed, 2 no such task, 3 the note is about another task.

.PARAMETER TaskName
Name of the task.

.PARAMETER TaskPath
Folder of the task, e.g. \Operations\.

.OUTPUTS
{"task":"\\SFP","before":"Disabled","after":"Ready"}
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
    if (Test-Path -LiteralPath $notes) {
        $noted = (Get-ItemProperty -LiteralPath $notes -Name 'task').task
        if ($noted -ne "$TaskPath$TaskName") {
            [Console]::Error.WriteLine("the task that was disabled is $noted; expected $TaskPath$TaskName")
            exit 3
        }
        if ($before -eq 'Disabled') { Enable-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath | Out-Null }
        Remove-Item -LiteralPath $notes
    }
    $after = [string] (Get-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath).State
    [pscustomobject] @{ task = "$TaskPath$TaskName"; before = $before; after = $after } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
