# nightshift-script: wsus/move-computer
<#
.SYNOPSIS
Puts a computer into exactly the given WSUS target groups, and says which it was in before and is in after.

.DESCRIPTION
Runs on the WSUS server. Groups that the computer is in already are left alone, so that a second run changes nothing.
Only groups that WSUS does not manage by itself are touched.
Exit codes: 0 done, 1 failed, 2 no such computer or group (or more than one), 3 the computer is in other groups than expected.

.PARAMETER ComputerName
The computer's name, without its domain.

.PARAMETER Groups
Names of target groups, separated by |. 'Unassigned Computers' alone takes it out of all others.

.PARAMETER Expected
As Groups: the groups that the computer must be in (or those in Groups already). Left out: any.

.OUTPUTS
{"computer":"ic-mcc1.example.local","before":["…"],"after":["…"]}
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9-]{0,62}$')]
    [string] $ComputerName,

    [Parameter(Mandatory)]
    [ValidatePattern('^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,199}(\|[\p{L}\p{N}][\p{L}\p{N} ._-]{0,199})*$')]
    [string] $Groups,

    [ValidatePattern('^([\p{L}\p{N}][\p{L}\p{N} ._-]{0,199}(\|[\p{L}\p{N}][\p{L}\p{N} ._-]{0,199})*)?$')]
    [string] $Expected = ''
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$unassigned = 'Unassigned Computers'
$managedByWsus = @('All Computers', $unassigned, 'Downstream Servers')

function Get-GroupNames {
    param($Computer)
    $names = @($Computer.GetComputerTargetGroups() | ForEach-Object { $_.Name } | Where-Object { $managedByWsus -notcontains $_ } | Sort-Object)
    if ($names.Count -eq 0) { return @($unassigned) }
    return $names
}

function Test-Same {
    param([string[]] $Left, [string[]] $Right)
    return (($Left | Sort-Object) -join '|') -eq (($Right | Sort-Object) -join '|')
}

try {
    $server = Get-WsusServer
    $computers = @($server.SearchComputerTargets($ComputerName) | Where-Object { ($_.FullDomainName -split '\.')[0] -eq $ComputerName })
    if ($computers.Count -ne 1) {
        [Console]::Error.WriteLine("WSUS knows $($computers.Count) computers named $ComputerName; expected 1")
        exit 2
    }
    $computer = $computers[0]
    $wanted = @($Groups -split '\|')
    $before = @(Get-GroupNames -Computer $computer)

    if ($Expected -ne '' -and -not (Test-Same -Left $before -Right @($Expected -split '\|')) -and -not (Test-Same -Left $before -Right $wanted)) {
        [Console]::Error.WriteLine("$ComputerName is in $($before -join ', '); expected $Expected")
        exit 3
    }

    $all = @($server.GetComputerTargetGroups())
    $targets = @(
        foreach ($name in $wanted | Where-Object { $_ -ne $unassigned }) {
            $group = @($all | Where-Object { $_.Name -eq $name })
            if ($group.Count -ne 1) {
                [Console]::Error.WriteLine("WSUS has $($group.Count) target groups named $name; expected 1")
                exit 2
            }
            $group[0]
        }
    )

    # Into the new groups first: between two groups a computer would be offered nothing, in two it is offered both.
    foreach ($group in $targets | Where-Object { $before -notcontains $_.Name }) { $group.AddComputerTarget($computer) }
    foreach ($group in $all | Where-Object { $before -contains $_.Name -and $wanted -notcontains $_.Name -and $managedByWsus -notcontains $_.Name }) {
        $group.RemoveComputerTarget($computer)
    }

    $moved = $server.GetComputerTarget($computer.Id)
    $after = @(Get-GroupNames -Computer $moved)
    [pscustomobject] @{
        computer = $computer.FullDomainName
        before   = $before
        after    = $after
    } | ConvertTo-Json -Compress
    if (-not (Test-Same -Left $after -Right $wanted)) {
        [Console]::Error.WriteLine("$ComputerName is in $($after -join ', ') after the move; expected $Groups")
        exit 1
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
