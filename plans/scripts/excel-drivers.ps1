# nightshift-script: excel-drivers
<#
.SYNOPSIS
Installs the 64-bit driver by which programs read Excel files (Access Database Engine), unless it is there.

.DESCRIPTION
The installer must be signed by Microsoft. That it was installed by this script is noted in the registry, so that
excel-drivers-undo.ps1 takes away nothing that was there before.
Exit codes: 0 done or already so, 1 failed, 2 the installer is not there or not Microsoft's, 3 a 32-bit driver stands in its way.

.PARAMETER Installer
Full path of the installer on this server.

.OUTPUTS
{"provider":"Microsoft.ACE.OLEDB.16.0","installed":true,"restartNeeded":false}
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
$x86Driver = 'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Office\16.0\Access Connectivity Engine\Engines'
# What an installer says when all is well but for a restart.
$restartNeeded = 3010

function Test-Provider {
    return @((New-Object System.Data.OleDb.OleDbEnumerator).GetElements().Rows | Where-Object { $_['SOURCES_NAME'] -eq $provider }).Count -gt 0
}

try {
    if (-not [Environment]::Is64BitProcess) { throw 'this is a 32-bit PowerShell, which cannot see 64-bit drivers' }
    if (Test-Provider) {
        [pscustomobject] @{ provider = $provider; installed = $false; restartNeeded = $false } | ConvertTo-Json -Compress
        exit 0
    }
    if (Test-Path -LiteralPath $x86Driver) {
        [Console]::Error.WriteLine('a 32-bit Access Database Engine is installed; the two do not go together')
        exit 3
    }
    if (-not (Test-Path -LiteralPath $Installer -PathType Leaf)) {
        [Console]::Error.WriteLine("there is no installer $Installer")
        exit 2
    }
    $signature = Get-AuthenticodeSignature -LiteralPath $Installer
    if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
        [Console]::Error.WriteLine("the signature of $Installer is $($signature.Status); expected a valid one of Microsoft")
        exit 2
    }

    # Noted before, so that the undo script knows of an installation that was cut off.
    New-Item -Path $notes -Force | Out-Null
    Set-ItemProperty -LiteralPath $notes -Name 'provider' -Value $provider
    $process = Start-Process -FilePath $Installer -ArgumentList '/quiet', '/norestart' -Wait -PassThru
    if ($process.ExitCode -ne 0 -and $process.ExitCode -ne $restartNeeded) {
        throw "the installer ended with exit code $($process.ExitCode); expected 0 or $restartNeeded"
    }
    if (-not (Test-Provider)) { throw "$provider is not there after the installation" }
    [pscustomobject] @{ provider = $provider; installed = $true; restartNeeded = $process.ExitCode -eq $restartNeeded } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    exit 1
}
