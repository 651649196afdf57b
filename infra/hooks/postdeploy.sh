#!/bin/sh
# Creates the function key 'cyclr' if it does not exist, prints the URL for Cyclr when it does so, then sends a probe through the app.
# Needs azd and curl. The key is never in a log, an argument of curl, an azd value or a deployment output.
set -eu

: "${FUNCTION_APP_ID:?"run 'azd provision' first"}" "${FUNCTION_APP_URL:?"run 'azd provision' first"}"
: "${AZURE_STORAGE_ACCOUNT_NAME:?"run 'azd provision' first"}" "${AZURE_TENANT_ID:?"run 'azd provision' first"}"
arm="${AZURE_RESOURCE_MANAGER_ENDPOINT:-https://management.azure.com/}"
function_url="${arm%/}${FUNCTION_APP_ID}/functions/ReceiveNotification"
timeout="${POSTDEPLOY_TIMEOUT_SECONDS:-300}"
pause="${POSTDEPLOY_PAUSE_SECONDS:-10}"
root="$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"

# The subscription may belong to another tenant than the one that azd signed in to.
token="$(azd auth token --tenant-id "$AZURE_TENANT_ID" --output json | tr -d '\r\n' | sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p')"
[ -n "$token" ] || { echo "azd has no token: run 'azd auth login'." >&2; exit 1; }

# arm METHOD PATH [BODY]: the token is passed on standard input, so that no process list shows it.
arm() {
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --fail --config - --request "$1" --header 'Content-Type: application/json' --data "${3:-}" \
      "$function_url$2?api-version=2024-04-01"
}

read_key() {
  keys="$(arm POST /listkeys)" || return 1
  printf '%s' "$keys" | tr -d '\r\n' | sed -n 's/.*"cyclr" *: *"\([^"]*\)".*/\1/p'
}

# A new app lists its functions some time after its package was uploaded.
waited=0
until key="$(read_key)"; do
  if [ "$waited" -ge "$timeout" ]; then
    echo "Azure does not list the function ReceiveNotification after $timeout s: see the app's log stream in the Portal." >&2
    exit 1
  fi
  sleep "$pause"
  waited=$((waited + pause))
done

created=no
if [ -z "$key" ]; then
  arm PUT /keys/cyclr '{"properties":{"name":"cyclr"}}' > /dev/null ||
    { echo "Azure did not accept the key: the deployer needs the role Website Contributor (or Contributor) on the app." >&2; exit 1; }
  key="$(read_key)"
  created=yes
fi
[ -n "$key" ] || { echo "The key 'cyclr' was created but cannot be read back: run 'azd deploy' again." >&2; exit 1; }

encoded="$(printf '%s' "$key" | sed -e 's/%/%25/g' -e 's/+/%2B/g' -e 's|/|%2F|g' -e 's/=/%3D/g' -e 's/&/%26/g' -e 's/#/%23/g')"
url="$FUNCTION_APP_URL/api/cyclr/marketplace?code=$encoded"
where="the Portal (the app > Functions > ReceiveNotification > Function keys > cyclr)"

# Written to the terminal itself: redirected or recorded output never contains it.
if [ "$created" = no ]; then
  echo "The key 'cyclr' already exists. To read it again: $where."
elif [ -z "${CI:-}${TF_BUILD:-}" ] && (: > "${POSTDEPLOY_TERMINAL:-/dev/tty}") 2> /dev/null; then
  {
    echo
    echo "The URL for Cyclr (Embedding > Marketplaces > Settings > Marketplace Notification URL). It is a secret and is printed only once:"
    echo "  $url"
    echo
  } > "${POSTDEPLOY_TERMINAL:-/dev/tty}"
else
  echo "The key 'cyclr' was created. It is a secret, so it is not printed here. To read it: $where."
fi

if [ "${SOURCE_ADDRESSES_RESTRICTED:-false}" = true ]; then
  echo "Source addresses are restricted: no probe is sent from here (it would be blocked unless this address is allowed)."
  exit 0
fi

echo "Sending a probe. New role assignments can take up to 10 minutes ..."
set -- probe --url "$url"
# Storage in a virtual network cannot be read from here: the probe ends when it is accepted.
[ "${STORAGE_IS_PRIVATE:-false}" = true ] || set -- "$@" --storage "$AZURE_STORAGE_ACCOUNT_NAME"
dotnet run --project "$root/MarketplaceWebhook.Cli" -- "$@"
