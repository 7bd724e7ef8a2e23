#!/bin/bash
# nightshift-script: plat-1027-check
#
# Checks that a storage account accepts no lower TLS version than PARAM_TO. It asks the list of the resource group's
# accounts, where plat-1027.sh asks the account. Changes nothing.
#
# Environment: PARAM_GROUP, PARAM_ACCOUNT, PARAM_TO; PARAM_FROM is not used.
# Prints, and leaves as outputs: {"account":"…","lowestTls":"…"}
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
expect_word PARAM_ACCOUNT "${PARAM_ACCOUNT:-}"
expect_word PARAM_TO "${PARAM_TO:-}"

found=$(az storage account list --resource-group "$PARAM_GROUP" --query "[?name=='$PARAM_ACCOUNT'].minimumTlsVersion" --output tsv)
[ "$found" = "$PARAM_TO" ] || refuse 1 "$PARAM_ACCOUNT accepts ${found:-nothing: it is not listed}; expected $PARAM_TO"

printf '{"account":"%s","lowestTls":"%s"}\n' "$PARAM_ACCOUNT" "$found" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
