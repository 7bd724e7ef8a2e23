#!/bin/bash
# nightshift-script: plat-1027-undo
#
# Sets the lowest TLS version of a storage account back from PARAM_TO to PARAM_FROM.
#
# Environment, output and exit codes are those of plat-1027.sh; "before" and "after" are of this script.
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

expect_version() {
  case "${2:-}" in
    TLS1_0 | TLS1_1 | TLS1_2) ;;
    *) refuse 2 "$1 is missing, or is none of TLS1_0, TLS1_1, TLS1_2" ;;
  esac
}

expect_word PARAM_GROUP "${PARAM_GROUP:-}"
expect_word PARAM_ACCOUNT "${PARAM_ACCOUNT:-}"
expect_version PARAM_FROM "${PARAM_FROM:-}"
expect_version PARAM_TO "${PARAM_TO:-}"

lowest_tls() {
  az storage account show --resource-group "$PARAM_GROUP" --name "$PARAM_ACCOUNT" --query minimumTlsVersion --output tsv
}

before=$(lowest_tls)
case "$before" in
  "$PARAM_FROM") ;;
  "$PARAM_TO")
    az storage account update --resource-group "$PARAM_GROUP" --name "$PARAM_ACCOUNT" --min-tls-version "$PARAM_FROM" --output none
    ;;
  *) refuse 3 "conflict: $PARAM_ACCOUNT accepts $before; expected $PARAM_TO" ;;
esac
after=$(lowest_tls)
[ "$after" = "$PARAM_FROM" ] || refuse 1 "$PARAM_ACCOUNT accepts $after after the change; expected $PARAM_FROM"

printf '{"account":"%s","before":"%s","after":"%s"}\n' "$PARAM_ACCOUNT" "$before" "$after" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
