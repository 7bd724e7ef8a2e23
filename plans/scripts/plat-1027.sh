#!/bin/bash
# nightshift-script: plat-1027
#
# Sets the lowest TLS version that a storage account accepts.
#
# Environment: PARAM_GROUP, PARAM_ACCOUNT; PARAM_FROM and PARAM_TO, each TLS1_0, TLS1_1 or TLS1_2.
# Prints, and leaves as outputs: {"account":"…","before":"…","after":"…"}
# Exit codes: 0 done or already so, 2 a parameter is not as it should be, 3 the account is as somebody else made it.
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
  "$PARAM_TO") ;;
  "$PARAM_FROM")
    az storage account update --resource-group "$PARAM_GROUP" --name "$PARAM_ACCOUNT" --min-tls-version "$PARAM_TO" --output none
    ;;
  *) refuse 3 "conflict: $PARAM_ACCOUNT accepts $before; expected $PARAM_FROM" ;;
esac
after=$(lowest_tls)
[ "$after" = "$PARAM_TO" ] || refuse 1 "$PARAM_ACCOUNT accepts $after after the change; expected $PARAM_TO"

printf '{"account":"%s","before":"%s","after":"%s"}\n' "$PARAM_ACCOUNT" "$before" "$after" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
