#!/bin/bash
# nightshift-script: plat-952
#
# Deletes a public IP address that nothing uses. The address itself cannot be had back, so no script takes this back.
#
# Environment: PARAM_GROUP, PARAM_NAME: the resource; PARAM_ADDRESS: the address that it must have, e.g. 203.0.113.9.
# Prints, and leaves as outputs: {"name":"…","address":"…","deleted":true}; false where it was gone before.
# Exit codes: 0 done or gone before, 2 a parameter is not as it should be, 3 it is in use or has another address.
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

# The list tells what is not there from what could not be asked for, which a failing show does not.
read_field() {
  az network public-ip list --resource-group "$PARAM_GROUP" --query "[?name=='$PARAM_NAME'].$1" --output tsv
}

address=$(read_field ipAddress)
deleted=false
if [ -n "$address" ]; then
  [ "$address" = "$PARAM_ADDRESS" ] || refuse 3 "conflict: $PARAM_NAME is $address; expected $PARAM_ADDRESS"
  user=$(read_field ipConfiguration.id)
  [ -z "$user" ] || refuse 3 "conflict: $PARAM_NAME is used by $user; expected it to be unused"
  az network public-ip delete --resource-group "$PARAM_GROUP" --name "$PARAM_NAME" --output none
  deleted=true
fi

printf '{"name":"%s","address":"%s","deleted":%s}\n' "$PARAM_NAME" "$PARAM_ADDRESS" "$deleted" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
