# nightshift-script: wsus/install-updates
<#
.SYNOPSIS
Downloads and installs the updates of the given classifications that this server's update source offers it.

.DESCRIPTION
Does not restart the server. Updates that ask a person something are left out. What is installed already is not offered
and so not installed again.
Exit codes: 0 all installed (or none offered), 1 some could not be; the output then says which.

.PARAMETER Classifications
Names from the table below, separated by commas.

.OUTPUTS
{"installed":["KB…"],"failed":[{"id":"KB…","code":"0x80070643"}],"rebootRequired":true}
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [ValidatePattern('^(critical|security|rollups|updates|definitions|service-packs)(,(critical|security|rollups|updates|definitions|service-packs))*$')]
    [string] $Classifications
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Ids of Microsoft's update classifications; their titles are translated, the ids are not. The same as in read-updates.ps1.
$classificationIds = @{
    'critical'      = 'e6cf1350-c01b-414d-a61f-263d14d133b4'
    'security'      = '0fa1201d-4330-4fa8-8ae9-b877473b6441'
    'rollups'       = '28bc880e-0592-4cbf-8f95-c79b17911d5f'
    'updates'       = 'cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83'
    'definitions'   = 'e0789628-ce08-4437-be74-2495b842f43b'
    'service-packs' = '68c5b0a3-d1a6-4553-ae49-01d3a7827828'
}
# OperationResultCode of the Windows Update Agent.
$succeeded = 2

function Get-UpdateName {
    param($Update)
    if ($Update.KBArticleIDs.Count -gt 0) { return 'KB{0}' -f $Update.KBArticleIDs.Item(0) }
    return $Update.Identity.UpdateID
}

try {
    $wanted = @($Classifications -split ',' | ForEach-Object { $classificationIds[$_] })
    $session = New-Object -ComObject Microsoft.Update.Session
    $session.ClientApplicationID = 'Nightshift'
    $found = $session.CreateUpdateSearcher().Search("IsInstalled=0 and IsHidden=0 and Type='Software'")
    $chosen = New-Object -ComObject Microsoft.Update.UpdateColl
    foreach ($update in $found.Updates) {
        $ids = @($update.Categories | ForEach-Object { $_.CategoryID })
        $isWanted = @($ids | Where-Object { $wanted -contains $_ }).Count -gt 0
        if ($isWanted -and -not $update.InstallationBehavior.CanRequestUserInput) {
            if (-not $update.EulaAccepted) { $update.AcceptEula() }
            [void] $chosen.Add($update)
        }
    }

    $installed = @()
    $failed = @()
    $rebootRequired = $false
    if ($chosen.Count -gt 0) {
        $downloader = $session.CreateUpdateDownloader()
        $downloader.Updates = $chosen
        [void] $downloader.Download()
        $installer = $session.CreateUpdateInstaller()
        $installer.Updates = $chosen
        $result = $installer.Install()
        $rebootRequired = [bool] $result.RebootRequired
        for ($index = 0; $index -lt $chosen.Count; $index++) {
            $name = Get-UpdateName -Update $chosen.Item($index)
            $one = $result.GetUpdateResult($index)
            if ($one.ResultCode -eq $succeeded) { $installed += $name }
            else { $failed += [pscustomobject] @{ id = $name; code = '0x{0:X8}' -f $one.HResult } }
        }
    }

    [pscustomobject] @{
        installed      = @($installed)
        failed         = @($failed)
        rebootRequired = $rebootRequired
    } | ConvertTo-Json -Compress -Depth 3
    if ($failed.Count -gt 0) { exit 1 }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
