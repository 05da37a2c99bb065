#!/bin/bash
set -e
chown postgres /wal || true
exec docker-entrypoint.sh "$@"
