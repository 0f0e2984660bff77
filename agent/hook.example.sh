#!/bin/sh
# An exec hook that refuses what is older than what it last took: the order of an agent that was killed
# while its hook ran, or of a second agent for the same workload.
#
#   actuator: {type: exec, command: [./hook.example.sh, deployment/worker]}
#
# STATE is a folder of this workload alone, on a disk that all of its agents share.
set -eu
state=${STATE:-/var/lib/scaleiq-hook}

# Held until this process ends, which the agent sees to.
exec 9>>"$state/lock"
flock 9

last=$(cat "$state/last" 2>/dev/null || echo 0)
if [ "$SCALEIQ_ID" -lt "$last" ]; then
    echo "order $SCALEIQ_ID is older than $last: refused" >&2
    exit 0
fi
# Noted before it is done: whatever becomes of it, nothing older comes after it.
echo "$SCALEIQ_ID" >"$state/last.new"
mv "$state/last.new" "$state/last"
kubectl scale "$1" --replicas="$SCALEIQ_JOBS"
