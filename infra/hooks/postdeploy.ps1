# Makes the key 'cyclr' once, shows the URL for Cyclr once, then sends a probe through the deployed app.
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

# The subscription may be of another tenant than the one azd signed in to.
$token = (azd auth token --tenant-id $env:AZURE_TENANT_ID --output json | ConvertFrom-Json).token
if (-not $token) { Stop-Hook "azd has no token: run 'azd auth login'." }

function Invoke-Arm([string] $method, [string] $path, [string] $body) {
    Invoke-RestMethod -Method $method -Uri ($functionUrl + $path + '?api-version=2024-04-01') -Body $body `
        -ContentType 'application/json' -Headers @{ Authorization = "Bearer $token" }
}

# A fresh app shows its functions a while after its package has arrived.
$keys = $null
$patience = if ($env:POSTDEPLOY_PATIENCE_SECONDS) { [int]$env:POSTDEPLOY_PATIENCE_SECONDS } else { 300 }
$pause = if ($env:POSTDEPLOY_PAUSE_SECONDS) { [int]$env:POSTDEPLOY_PAUSE_SECONDS } else { 10 }
for ($waited = 0; ; $waited += $pause) {
    try { $keys = Invoke-Arm POST '/listkeys' ''; break }
    catch {
        if ($waited -ge $patience) { Stop-Hook "Azure does not show the function ReceiveNotification after $patience s: see the app's log stream in the Portal." }
        Start-Sleep -Seconds $pause
    }
}

$made = -not $keys.cyclr
if ($made) {
    try { Invoke-Arm PUT '/keys/cyclr' '{"properties":{"name":"cyclr"}}' | Out-Null }
    catch { Stop-Hook 'Azure did not take the key: the deployer needs the role Website Contributor (or Contributor) on the app.' }
    $keys = Invoke-Arm POST '/listkeys' ''
}
if (-not $keys.cyclr) { Stop-Hook "The key 'cyclr' was made but cannot be read back: run 'azd deploy' again." }

$url = $env:FUNCTION_APP_URL + '/api/cyclr/marketplace?code=' + [Uri]::EscapeDataString($keys.cyclr)
$where = 'the Portal (the app > Functions > ReceiveNotification > Function keys > cyclr)'

# Straight to the console: what is redirected or recorded never has it.
if (-not $made) {
    Write-Host "The key 'cyclr' is there already. To read it again: $where."
}
elseif (-not $env:CI -and -not $env:TF_BUILD -and -not [Console]::IsOutputRedirected) {
    [Console]::WriteLine()
    [Console]::WriteLine('The URL to give to Cyclr (Embedding > Marketplaces > Settings > Marketplace Notification URL). It is a secret, shown once:')
    [Console]::WriteLine("  $url")
    [Console]::WriteLine()
}
else {
    Write-Host "The key 'cyclr' was made. It is a secret, so it is not printed here. To read it: $where."
}

if ($env:SOURCE_ADDRESSES_RESTRICTED -eq 'true') {
    Write-Host 'Source addresses are restricted: no probe from here (it would be shut out unless this address is allowed).'
    exit 0
}

Write-Host 'Sending a probe. Fresh roles can take up to 10 minutes ...'
# The tool is built for this machine, whatever the app's runtime is.
$env:FUNCTIONS_WORKER_RUNTIME = 'custom'
dotnet run --project (Join-Path $root 'MarketplaceWebhook.Cli') -- probe --url $url --storage $env:AZURE_STORAGE_ACCOUNT_NAME
exit $LASTEXITCODE
