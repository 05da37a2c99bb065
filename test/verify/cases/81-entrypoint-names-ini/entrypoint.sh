#!/bin/sh
set -e
CONFIG_FILE="${PGBOUNCER_CONFIG:-/etc/pgbouncer/pgbouncer.ini}"
echo "\"u\" \"p\"" > /etc/pgbouncer/userlist.txt
exec pgbouncer "$CONFIG_FILE"
