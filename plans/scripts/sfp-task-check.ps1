# nightshift-script: sfp-task-check
<#
.SYNOPSIS
Checks that a scheduled task is disabled. Changes nothing.

.DESCRIPTION
It reads the task's own definition, where sfp-task-off.ps1 reads its state.
Exit codes: 0 it is disabled, 1 it is not, or it is not there.

.PARAMETER TaskName
Name of the task.

.PARAMETER TaskPath
Folder of the task, e.g. \Operations\.

.OUTPUTS
{"task":"\\SFP","enabled":false}
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

try {
    $definition = [xml] (Export-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath)
    # A definition that does not say so is enabled.
    $said = $definition.SelectSingleNode('//*[local-name()="Settings"]/*[local-name()="Enabled"]')
    $enabled = $null -eq $said -or $said.InnerText -ne 'false'
    [pscustomobject] @{ task = "$TaskPath$TaskName"; enabled = $enabled } | ConvertTo-Json -Compress
    if ($enabled) {
        [Console]::Error.WriteLine("scheduled task $TaskPath$TaskName is enabled; expected it to be disabled")
        exit 1
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
