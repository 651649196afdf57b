#!/bin/sh
# One value decides what is built and what is provisioned: say which, when nobody has.
set -eu

runtime="${FUNCTIONS_WORKER_RUNTIME:-}"
if [ -z "$runtime" ]; then
  runtime=dotnet-isolated
  azd env set FUNCTIONS_WORKER_RUNTIME "$runtime"
fi

case "$runtime" in
  dotnet-isolated | custom) echo "Packaging for the runtime '$runtime'." ;;
  *)
    echo "FUNCTIONS_WORKER_RUNTIME is '$runtime': set it with 'azd env set FUNCTIONS_WORKER_RUNTIME dotnet-isolated' (or custom)." >&2
    exit 1
    ;;
esac
