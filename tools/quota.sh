#!/usr/bin/env bash
# Runs a command as on a slower machine: it and all that it starts get a part of the CPU, and so does
# a cluster on this computer. kind's runs under docker, and is not slowed. Takes root, and version 1
# of cgroups.
#
#   tools/quota.sh 0.8 npx vitest run test/e2e
set -euo pipefail

if [ $# -lt 2 ]; then
  echo "usage: tools/quota.sh CPUS COMMAND…, as in: tools/quota.sh 0.8 npx vitest run test/e2e" >&2
  exit 2
fi
hierarchy=/sys/fs/cgroup/cpu
if [ ! -w "$hierarchy/cpu.shares" ] && [ ! -w "$hierarchy/cgroup.procs" ]; then
  echo "quota.sh: $hierarchy is no hierarchy of version 1 that $(id -un) may write to" >&2
  exit 1
fi

periodUs=100000
quotaUs=$(awk -v cpus="$1" -v period="$periodUs" 'BEGIN { printf "%d", cpus * period }')
shift
cgroup=$hierarchy/weir-quota-$$
mkdir "$cgroup"
# What the command leaves behind ends a moment after it.
trap 'for try in $(seq 50); do find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.2; done' EXIT
echo "$periodUs" > "$cgroup/cpu.cfs_period_us"
echo "$quotaUs" > "$cgroup/cpu.cfs_quota_us"

# Its cgroup is the root of the hierarchy to the command: the cgroups that a kubelet makes are below.
enter='echo $$ > "$0/cgroup.procs"; exec unshare --cgroup --mount sh -euc "$1" "$0" "$@"'
inside='mount --bind "$0" "${0%/*}"; shift; exec "$@"'
sh -euc "$enter" "$cgroup" "$inside" "$@"
