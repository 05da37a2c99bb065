#!/usr/bin/env bash
# What only a long run shows: an operator of 500 servers that is idle for five real minutes, then the
# end-to-end suite three times in a row with 0.8 of a core. It takes about an hour and a half, root,
# and version 1 of cgroups, and stops at the first run that fails.
#
#   npm run soak
set -euo pipefail
cd "$(dirname "$0")/.."

WEIR_IDLE_MINUTES=5 npx vitest run test/operator/scale.test.ts
for round in 1 2 3; do
  echo "soak: the end-to-end suite, round $round of 3"
  tools/quota.sh 0.8 npx vitest run test/e2e
done
