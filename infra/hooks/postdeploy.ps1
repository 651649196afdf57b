# Creates the function key 'cyclr' if it does not exist, prints the URL for Cyclr when it does so, then sends a probe through the app.
# Needs azd. The key is never in a log, an argument of a process, an azd value or a deployment output.
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
$timeout = if ($env:POSTDEPLOY_TIMEOUT_SECONDS) { [int]$env:POSTDEPLOY_TIMEOUT_SECONDS } else { 300 }
$requestTimeout = if ($env:POSTDEPLOY_REQUEST_TIMEOUT_SECONDS) { [int]$env:POSTDEPLOY_REQUEST_TIMEOUT_SECONDS } else { 60 }
$pause = if ($env:POSTDEPLOY_PAUSE_SECONDS) { [int]$env:POSTDEPLOY_PAUSE_SECONDS } else { 10 }
$root = Resolve-Path (Join-Path $PSScriptRoot '../..')

# The subscription may belong to another tenant than the one that azd signed in to.
$token = (azd auth token --tenant-id $env:AZURE_TENANT_ID --output json | ConvertFrom-Json).token
if (-not $token) { Stop-Hook "azd has no token: run 'azd auth login'." }

# The response, or null if Azure did not accept the call: then $script:reason says why. 401 and 403 do not change by waiting.
function Invoke-Arm([string] $method, [string] $path, [string] $body) {
    $status = 0
    try {
        $response = Invoke-RestMethod -Method $method -Uri ($functionUrl + $path + '?api-version=2024-04-01') -Body $body `
            -ContentType 'application/json' -Headers @{ Authorization = "Bearer $token" } -TimeoutSec $requestTimeout `
            -SkipHttpErrorCheck -StatusCodeVariable status
    }
    catch {
        $script:reason = 'no response'
        return $null
    }
    if ($status -in 200, 201) { return $response }
    $code = if ($response.error.code) { $response.error.code } else { $response.Code }
    $script:reason = "HTTP $status $code".TrimEnd()
    if ($status -eq 401) { Stop-Hook "Azure does not accept the sign-in for $method $path ($reason): run 'azd auth login'." }
    if ($status -eq 403) {
        Stop-Hook "Azure refuses $method $path ($reason): the deployer needs the role Website Contributor (or Contributor) on the app."
    }
    return $null
}

# A new app lists its functions some time after its package was uploaded.
$key = $null
$created = $false
$watch = [Diagnostics.Stopwatch]::StartNew()
while ($true) {
    $failed = 'does not list the function ReceiveNotification'
    $keys = Invoke-Arm POST '/listkeys' ''
    if ($keys) {
        $key = $keys.cyclr
        if (-not $key) {
            # Also if this call gets no response, the key is new when it appears.
            $created = $true
            $failed = "did not create the key 'cyclr'"
            $new = Invoke-Arm PUT '/keys/cyclr' '{"properties":{"name":"cyclr"}}'
            if ($new) { $key = if ($new.properties.value) { $new.properties.value } else { $new.value } }
        }
    }
    if ($key) { break }
    if ($watch.Elapsed.TotalSeconds -ge $timeout) {
        Stop-Hook "Azure $failed after $timeout s ($reason). In the Portal: the app > Functions; if the function is missing, Diagnose and solve problems. Then run 'azd deploy' again."
    }
    Start-Sleep -Seconds $pause
}

$url = $env:FUNCTION_APP_URL + '/api/cyclr/marketplace?code=' + [Uri]::EscapeDataString($key)
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
$env:WEBHOOK_URL = $url
dotnet run --project (Join-Path $root 'MarketplaceWebhook.Cli') -- probe @readable
exit $LASTEXITCODE
