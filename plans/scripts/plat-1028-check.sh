#!/bin/bash
# nightshift-script: plat-1028-check
#
# Checks how an app of App Service may be deployed to by FTP, by a read of the app's configuration. Changes nothing.
#
# Environment: PARAM_GROUP, PARAM_APP, PARAM_TO; PARAM_FROM is not used.
# Prints, and leaves as outputs: {"app":"…","ftp":"…"}
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
expect_word PARAM_APP "${PARAM_APP:-}"
expect_word PARAM_TO "${PARAM_TO:-}"

found=$(az webapp config show --resource-group "$PARAM_GROUP" --name "$PARAM_APP" --query ftpsState --output tsv)
[ "$found" = "$PARAM_TO" ] || refuse 1 "FTP of $PARAM_APP is ${found:-unknown}; expected $PARAM_TO"

printf '{"app":"%s","ftp":"%s"}\n' "$PARAM_APP" "$found" | tee "${AZ_SCRIPTS_OUTPUT_PATH:-/dev/null}"
