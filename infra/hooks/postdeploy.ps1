# Creates the function key 'cyclr' if it does not exist, prints the URL for Cyclr when it does so, then sends a probe through the app.
# Needs azd. The key is never in a log, an azd value or a deployment output.
$ErrorActionPreference = 'Stop'

function Stop-Hook([string] $why) {
    [Console]::Error.WriteLine($why)
    exit 1
}

foreach ($name in 'FUNCTION_APP_ID', 'FUNCTION_APP_URL', 'AZURE_STORAGE_ACCOUNT_NAME', 'AZURE_TENANT_ID') {
    if (-not [Environment]::GetEnvironmentVariable($name)) { Stop-Hook "$name is not set: run 'azd provision' first." }
}

$arm = if ($env:AZURE_RESOURCE_MANAGER_ENDPOINT) { $env:AZURE_RESOURCE_MANAGER_ENDPOINT } else { 'https://management.azure.com/' }
$functionUrl = $arm.TrimEnd('/') + $env:FUNCTION_APP_ID + '/functions/ReceiveNotification'
$root = Resolve-Path (Join-Path $PSScriptRoot '../..')

# The subscription may belong to another tenant than the one that azd signed in to.
$token = (azd auth token --tenant-id $env:AZURE_TENANT_ID --output json | ConvertFrom-Json).token
if (-not $token) { Stop-Hook "azd has no token: run 'azd auth login'." }

function Invoke-Arm([string] $method, [string] $path, [string] $body) {
    Invoke-RestMethod -Method $method -Uri ($functionUrl + $path + '?api-version=2024-04-01') -Body $body `
        -ContentType 'application/json' -Headers @{ Authorization = "Bearer $token" }
}

# A new app lists its functions some time after its package was uploaded.
$keys = $null
$timeout = if ($env:POSTDEPLOY_TIMEOUT_SECONDS) { [int]$env:POSTDEPLOY_TIMEOUT_SECONDS } else { 300 }
$pause = if ($env:POSTDEPLOY_PAUSE_SECONDS) { [int]$env:POSTDEPLOY_PAUSE_SECONDS } else { 10 }
for ($waited = 0; ; $waited += $pause) {
    try { $keys = Invoke-Arm POST '/listkeys' ''; break }
    catch {
        if ($waited -ge $timeout) { Stop-Hook "Azure does not list the function ReceiveNotification after $timeout s: see the app's log stream in the Portal." }
        Start-Sleep -Seconds $pause
    }
}

$created = -not $keys.cyclr
if ($created) {
    try { Invoke-Arm PUT '/keys/cyclr' '{"properties":{"name":"cyclr"}}' | Out-Null }
    catch { Stop-Hook 'Azure did not accept the key: the deployer needs the role Website Contributor (or Contributor) on the app.' }
    $keys = Invoke-Arm POST '/listkeys' ''
}
if (-not $keys.cyclr) { Stop-Hook "The key 'cyclr' was created but cannot be read back: run 'azd deploy' again." }

$url = $env:FUNCTION_APP_URL + '/api/cyclr/marketplace?code=' + [Uri]::EscapeDataString($keys.cyclr)
$where = 'the Portal (the app > Functions > ReceiveNotification > Function keys > cyclr)'

# Written to the console itself: redirected or recorded output never contains it.
if (-not $created) {
    Write-Host "The key 'cyclr' already exists. To read it again: $where."
}
elseif (-not $env:CI -and -not $env:TF_BUILD -and -not [Console]::IsOutputRedirected) {
    [Console]::WriteLine()
    [Console]::WriteLine('The URL for Cyclr (Embedding > Marketplaces > Settings > Marketplace Notification URL). It is a secret and is printed only once:')
    [Console]::WriteLine("  $url")
    [Console]::WriteLine()
}
else {
    Write-Host "The key 'cyclr' was created. It is a secret, so it is not printed here. To read it: $where."
}

if ($env:SOURCE_ADDRESSES_RESTRICTED -eq 'true') {
    Write-Host 'Source addresses are restricted: no probe is sent from here (it would be blocked unless this address is allowed).'
    exit 0
}

Write-Host 'Sending a probe. New role assignments can take up to 10 minutes ...'
# Storage in a virtual network cannot be read from here: the probe ends when it is accepted.
$readable = if ($env:STORAGE_IS_PRIVATE -eq 'true') { @() } else { @('--storage', $env:AZURE_STORAGE_ACCOUNT_NAME) }
dotnet run --project (Join-Path $root 'MarketplaceWebhook.Cli') -- probe --url $url @readable
exit $LASTEXITCODE
