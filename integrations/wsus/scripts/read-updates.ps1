# nightshift-script: wsus/read-updates
<#
.SYNOPSIS
Says which updates this server lacks, which it has, when it booted, and whether a restart is pending.

.DESCRIPTION
Changes nothing. What is lacking is asked of the update source that the server is set to (WSUS); what is there is read
from the component store's own list and not from the installer's answer, so that each can be held against the other.
Prints at most the 40 newest installed updates: Azure keeps the last 4 KB of a script's output.
Exit codes: 0 read, 1 could not be read.

.PARAMETER Classifications
Names from the table below, separated by commas.

.OUTPUTS
{"computer":"…","build":"10.0.17763.6659","bootedAt":"…Z","pendingReboot":false,"pending":["KB…"],"installed":["KB…"]}
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [ValidatePattern('^(critical|security|rollups|updates|definitions|service-packs)(,(critical|security|rollups|updates|definitions|service-packs))*$')]
    [string] $Classifications
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Ids of Microsoft's update classifications; their titles are translated, the ids are not. The same as in install-updates.ps1.
$classificationIds = @{
    'critical'      = 'e6cf1350-c01b-414d-a61f-263d14d133b4'
    'security'      = '0fa1201d-4330-4fa8-8ae9-b877473b6441'
    'rollups'       = '28bc880e-0592-4cbf-8f95-c79b17911d5f'
    'updates'       = 'cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83'
    'definitions'   = 'e0789628-ce08-4437-be74-2495b842f43b'
    'service-packs' = '68c5b0a3-d1a6-4553-ae49-01d3a7827828'
}

function Get-UpdateName {
    param($Update)
    if ($Update.KBArticleIDs.Count -gt 0) { return 'KB{0}' -f $Update.KBArticleIDs.Item(0) }
    return $Update.Identity.UpdateID
}

function Test-PendingReboot {
    $keys = @(
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
    )
    # Pending file renames are left out: antivirus updates leave them behind every day.
    foreach ($key in $keys) {
        if (Test-Path -LiteralPath $key) { return $true }
    }
    return $false
}

try {
    $wanted = @($Classifications -split ',' | ForEach-Object { $classificationIds[$_] })
    $session = New-Object -ComObject Microsoft.Update.Session
    $found = $session.CreateUpdateSearcher().Search("IsInstalled=0 and IsHidden=0 and Type='Software'")
    $pending = @(
        foreach ($update in $found.Updates) {
            $ids = @($update.Categories | ForEach-Object { $_.CategoryID })
            if (@($ids | Where-Object { $wanted -contains $_ }).Count -gt 0) { Get-UpdateName -Update $update }
        }
    )
    $installed = @(Get-HotFix | Sort-Object -Property InstalledOn -Descending | Select-Object -First 40 | ForEach-Object { $_.HotFixID })
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $revision = (Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').UBR
    [pscustomobject] @{
        computer      = $env:COMPUTERNAME
        build         = '{0}.{1}' -f $system.Version, $revision
        bootedAt      = $system.LastBootUpTime.ToUniversalTime().ToString('o')
        pendingReboot = Test-PendingReboot
        pending       = $pending
        installed     = $installed
    } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
