#!/bin/sh
# Starts Postgres with the arguments of the container. The first time it makes the data and runs
# the SQL in /docker-entrypoint-initdb.d, as the superuser, while nobody can reach it over TCP.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Under another name until all of it is done: a first start that failed half way is done again.
  new="$PGDATA.new"
  rm -rf "$new"
  initdb --pgdata="$new" --username=postgres --encoding=UTF8 --locale=C --no-sync \
    --auth-local=trust --auth-host="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
  postgres -D "$new" "$@" -c listen_addresses= -p 5432 &
  server=$!
  until pg_isready --quiet --port=5432; do
    kill -0 "$server"
    sleep 0.1
  done
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ -e "$file" ] || continue
    psql --set=ON_ERROR_STOP=1 --no-psqlrc --no-password --quiet \
      --username=postgres --dbname=postgres --port=5432 --file="$file"
  done
  kill -INT "$server"
  wait "$server"
  mv "$new" "$PGDATA"
fi

exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
