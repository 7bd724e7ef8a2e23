#!/bin/bash
# nightshift-script: plat-952-check
#
# Checks that a public IP address is gone: no resource of that name in its group, and none with that address in the
# subscription. Changes nothing.
#
# Environment: PARAM_GROUP, PARAM_NAME, PARAM_ADDRESS.
# Prints, and leaves as outputs: {"name":"…","address":"…","gone":true}
# Exit codes: 0 it is so, 1 it is not, 2 a parameter is not as it should be.
set -euo pipefail
LC_ALL=C

refuse() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

expect_word() {
  case "${2:-}" in
    '' | -* | *[!A-Za-z0-9._-]*) refuse 2 "$1 is missing, or is not letters, digits, . _ and - only" ;;
  esac
}

expect_word PARAM_GROUP "${PARAM_GROUP:-}"
expect_word PARAM_NAME "${PARAM_NAME:-}"
expect_word PARAM_ADDRESS "${PARAM_ADDRESS:-}"

named=$(az network public-ip list --resource-group "$PARAM_GROUP" --query "[?name=='$PARAM_NAME'].id" --output tsv)
[ -z "$named" ] || refuse 1 "$named is still there"
addressed=$(az network public-ip list --query "[?ipAddress=='$PARAM_ADDRESS'].id" --output tsv)
[ -z "$addressed" ] || refuse 1 "$addressed has the address $PARAM_ADDRESS"

printf '{"name":"%s","address":"%s","gone":true}\n' "$PARAM_NAME" "$PARAM_ADDRESS" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
