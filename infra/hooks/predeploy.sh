#!/bin/sh
# Stops when the package is not of the runtime that the app in Azure was provisioned for: it would never start there.
set -eu

provisioned="${PROVISIONED_WORKER_RUNTIME:-}"
if [ -z "$provisioned" ]; then
  echo "This environment is not provisioned yet: run 'azd provision' (or 'azd up')." >&2
  exit 1
fi

# Written by `dotnet publish` (MarketplaceWebhook.Functions/Directory.Build.targets).
stamp="$(dirname -- "$0")/../../MarketplaceWebhook.Functions/obj/published-runtime.txt"
if [ ! -f "$stamp" ]; then
  echo "No package was published from this folder: run 'azd package' here first." >&2
  exit 1
fi

packaged="$(tr -d '\r\n' < "$stamp")"
if [ "$packaged" != "$provisioned" ]; then
  echo "The package is for '$packaged', the app in Azure runs '$provisioned'." >&2
  echo "Choose one with 'azd env set FUNCTIONS_WORKER_RUNTIME $provisioned' (or $packaged), then 'azd up'." >&2
  exit 1
fi
