#!/bin/sh
# nightshift-script: azure-compute/restart
#
# Restarts this server in a minute, so that the run command that asks for it still ends well.
# Prints when the server had booted before: whoever reads a later boot time knows that the restart has happened.
# Exit codes: 0 the restart is ordered, anything else: it could not be.
set -eu

booted_at=$(date --utc --date="$(uptime --since)" +%Y-%m-%dT%H:%M:%SZ)
shutdown --reboot +1 'Nightshift restarts this server for updates'
printf '{"bootedAt":"%s","restartsInSeconds":60}\n' "$booted_at"
