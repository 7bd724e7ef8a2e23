# nightshift-script: wsus/read-membership
<#
.SYNOPSIS
Says which WSUS target groups list a computer.

.DESCRIPTION
Runs on the WSUS server and changes nothing. It asks each group for its computers, where move-computer.ps1 asks the
computer for its groups: the one checks the other.
Exit codes: 0 read, 1 failed, 2 no such computer.

.PARAMETER ComputerName
The computer's name, without its domain.

.OUTPUTS
{"computer":"ic-mcc1.example.local","groups":["…"]}
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9-]{0,62}$')]
    [string] $ComputerName
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$unassigned = 'Unassigned Computers'
$managedByWsus = @('All Computers', 'Downstream Servers')

try {
    $server = Get-WsusServer
    $fullName = ''
    $groups = @(
        foreach ($group in $server.GetComputerTargetGroups() | Where-Object { $managedByWsus -notcontains $_.Name }) {
            foreach ($computer in $group.GetComputerTargets()) {
                if (($computer.FullDomainName -split '\.')[0] -eq $ComputerName) {
                    $fullName = $computer.FullDomainName
                    $group.Name
                }
            }
        }
    )
    if ($fullName -eq '') {
        [Console]::Error.WriteLine("no WSUS target group lists a computer named $ComputerName, not even $unassigned")
        exit 2
    }
    [pscustomobject] @{
        computer = $fullName
        groups   = @($groups | Sort-Object -Unique)
    } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
