# nightshift-script: excel-drivers-check
<#
.SYNOPSIS
Checks that the 64-bit driver for Excel files can be loaded. Changes nothing.

.DESCRIPTION
It loads the driver by its class, where excel-drivers.ps1 reads the list of providers.
Exit codes: 0 it can be loaded, 1 it cannot.

.PARAMETER Installer
Not used; both scripts get the same parameters.

.OUTPUTS
{"provider":"Microsoft.ACE.OLEDB.16.0","library":"C:\\…\\ACEOLEDB.DLL","version":"16.0.…"}
#>
[CmdletBinding()]
param(
    [ValidatePattern('^[A-Za-z]:\\(?!.*\.\.)([A-Za-z0-9][A-Za-z0-9 ._-]*\\)*[A-Za-z0-9][A-Za-z0-9 ._-]*\.exe$')]
    [string] $Installer = 'D:\Packages\AccessDatabaseEngine_X64.exe'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$provider = 'Microsoft.ACE.OLEDB.16.0'

try {
    if (-not [Environment]::Is64BitProcess) { throw 'this is a 32-bit PowerShell, which cannot see 64-bit drivers' }
    $class = (Get-ItemProperty -LiteralPath "Registry::HKEY_CLASSES_ROOT\$provider\CLSID").'(default)'
    $library = (Get-ItemProperty -LiteralPath "Registry::HKEY_CLASSES_ROOT\CLSID\$class\InprocServer32").'(default)'
    $instance = [Activator]::CreateInstance([Type]::GetTypeFromCLSID([Guid] $class))
    [void] [Runtime.InteropServices.Marshal]::ReleaseComObject($instance)
    [pscustomobject] @{
        provider = $provider
        library  = $library
        version  = (Get-Item -LiteralPath $library).VersionInfo.FileVersion
    } | ConvertTo-Json -Compress
    exit 0
}
catch {
    [Console]::Error.WriteLine("$provider cannot be loaded: $($_.Exception.Message)")
    exit 1
}
