# Stops when the package is not of the runtime that the app in Azure was provisioned for: it would never start there.
$ErrorActionPreference = 'Stop'

function Stop-Deployment([string] $why) {
    [Console]::Error.WriteLine($why)
    exit 1
}

$provisioned = $env:PROVISIONED_WORKER_RUNTIME
if (-not $provisioned) { Stop-Deployment "This environment is not provisioned yet: run 'azd provision' (or 'azd up')." }

# Written by `dotnet publish` (MarketplaceWebhook.Functions/Directory.Build.targets).
$stamp = Join-Path $PSScriptRoot '../../MarketplaceWebhook.Functions/obj/published-runtime.txt'
if (-not (Test-Path $stamp)) { Stop-Deployment "No package was published from this folder: run 'azd package' here first." }

$packaged = (Get-Content -Raw $stamp).Trim()
if ($packaged -ne $provisioned) {
    Stop-Deployment ("The package is for '$packaged', the app in Azure runs '$provisioned'. " +
        "Choose one with 'azd env set FUNCTIONS_WORKER_RUNTIME $provisioned' (or $packaged), then 'azd up'.")
}
