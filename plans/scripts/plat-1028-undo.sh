#!/bin/bash
# nightshift-script: plat-1028-undo
#
# Sets how an app of App Service may be deployed to by FTP back from PARAM_TO to PARAM_FROM.
#
# Environment, output and exit codes are those of plat-1028.sh; "before" and "after" are of this script.
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

expect_state() {
  case "${2:-}" in
    AllAllowed | FtpsOnly | Disabled) ;;
    *) refuse 2 "$1 is missing, or is none of AllAllowed, FtpsOnly, Disabled" ;;
  esac
}

expect_word PARAM_GROUP "${PARAM_GROUP:-}"
expect_word PARAM_APP "${PARAM_APP:-}"
expect_state PARAM_FROM "${PARAM_FROM:-}"
expect_state PARAM_TO "${PARAM_TO:-}"

ftp_state() {
  az webapp config show --resource-group "$PARAM_GROUP" --name "$PARAM_APP" --query ftpsState --output tsv
}

before=$(ftp_state)
case "$before" in
  "$PARAM_FROM") ;;
  "$PARAM_TO")
    az webapp config set --resource-group "$PARAM_GROUP" --name "$PARAM_APP" --ftps-state "$PARAM_FROM" --output none
    ;;
  *) refuse 3 "conflict: FTP of $PARAM_APP is $before; expected $PARAM_TO" ;;
esac
after=$(ftp_state)
[ "$after" = "$PARAM_FROM" ] || refuse 1 "FTP of $PARAM_APP is $after after the change; expected $PARAM_FROM"

printf '{"app":"%s","before":"%s","after":"%s"}\n' "$PARAM_APP" "$before" "$after" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
