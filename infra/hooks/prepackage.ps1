# One value decides what is built and what is provisioned: say which, when nobody has.
$ErrorActionPreference = 'Stop'

$runtime = $env:FUNCTIONS_WORKER_RUNTIME
if (-not $runtime) {
    $runtime = 'dotnet-isolated'
    azd env set FUNCTIONS_WORKER_RUNTIME $runtime
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

if ($runtime -notin 'dotnet-isolated', 'custom') {
    [Console]::Error.WriteLine("FUNCTIONS_WORKER_RUNTIME is '$runtime': set it with 'azd env set FUNCTIONS_WORKER_RUNTIME dotnet-isolated' (or custom).")
    exit 1
}

# A zip made on Windows has no executable bit, and Azure could not start the handler.
if ($runtime -eq 'custom' -and $IsWindows) {
    [Console]::Error.WriteLine("The runtime 'custom' is deployed from Linux, macOS, WSL or the Deploy workflow: a package made on Windows has no executable bit. Or: azd env set FUNCTIONS_WORKER_RUNTIME dotnet-isolated")
    exit 1
}

Write-Host "Packaging for the runtime '$runtime'."
