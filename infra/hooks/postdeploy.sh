#!/bin/sh
# Creates the function key 'cyclr' if it does not exist, prints the URL for Cyclr when it does so, then sends a probe through the app.
# Needs azd and curl. The key is never in a log, an argument of a process, an azd value or a deployment output.
set -eu

: "${FUNCTION_APP_ID:?"run 'azd provision' first"}" "${FUNCTION_APP_URL:?"run 'azd provision' first"}"
: "${AZURE_STORAGE_ACCOUNT_NAME:?"run 'azd provision' first"}" "${AZURE_TENANT_ID:?"run 'azd provision' first"}"
arm="${AZURE_RESOURCE_MANAGER_ENDPOINT:-https://management.azure.com/}"
function_url="${arm%/}${FUNCTION_APP_ID}/functions/ReceiveNotification"
timeout="${POSTDEPLOY_TIMEOUT_SECONDS:-300}"
request_timeout="${POSTDEPLOY_REQUEST_TIMEOUT_SECONDS:-60}"
pause="${POSTDEPLOY_PAUSE_SECONDS:-10}"
root="$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"

stop() {
  echo "$1" >&2
  exit 1
}

# The subscription may belong to another tenant than the one that azd signed in to.
token="$(azd auth token --tenant-id "$AZURE_TENANT_ID" --output json | tr -d '\r\n' | sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p')"
[ -n "$token" ] || stop "azd has no token: run 'azd auth login'."

# value_of NAME: the first text of that name in the response.
value_of() {
  printf '%s' "$response" | tr -d '\r\n' | grep -io "\"$1\" *: *\"[^\"]*\"" | head -n 1 | sed 's/^[^:]*: *"\(.*\)"$/\1/'
}

# arm METHOD PATH [BODY]: sets response and status (000: none), and fails unless Azure accepted the call. 401 and 403 do not change by
# waiting. The token is passed on standard input, so that no process list shows it.
arm() {
  response="$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --max-time "$request_timeout" --config - --request "$1" --header 'Content-Type: application/json' \
      --data "${3:-}" --write-out '\n%{http_code}' "$function_url$2?api-version=2024-04-01" || true)"
  status="${response##*
}"
  response="${response%
*}"
  reason="HTTP $status $(value_of code)"
  [ "$status" != 000 ] || reason="no response"
  reason="${reason% }"
  case "$status" in
    200 | 201) return 0 ;;
    401) stop "Azure does not accept the sign-in for $1 $2 ($reason): run 'azd auth login'." ;;
    403) stop "Azure refuses $1 $2 ($reason): the deployer needs the role Website Contributor (or Contributor) on the app." ;;
    *) return 1 ;;
  esac
}

# Sets key. Fails with the step that failed in failed.
read_or_create_key() {
  failed="does not list the function ReceiveNotification"
  arm POST /listkeys || return 1
  key="$(value_of cyclr)"
  [ -z "$key" ] || return 0
  # Also if this call gets no response, the key is new when it appears.
  created=yes
  failed="did not create the key 'cyclr'"
  arm PUT /keys/cyclr '{"properties":{"name":"cyclr"}}' || return 1
  key="$(value_of value)"
  [ -n "$key" ]
}

# A new app lists its functions some time after its package was uploaded.
created=no
started="$(date +%s)"
until read_or_create_key; do
  [ $(($(date +%s) - started)) -lt "$timeout" ] ||
    stop "Azure $failed after $timeout s ($reason). In the Portal: the app > Functions; if the function is missing, Diagnose and solve problems. Then run 'azd deploy' again."
  sleep "$pause"
done

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
set -- probe
# Storage in a virtual network cannot be read from here: the probe ends when it is accepted.
[ "${STORAGE_IS_PRIVATE:-false}" = true ] || set -- "$@" --storage "$AZURE_STORAGE_ACCOUNT_NAME"
WEBHOOK_URL="$url" dotnet run --project "$root/MarketplaceWebhook.Cli" -- "$@"
