import { expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

/** The clients of a container with variables that lead to a pooler, and the number of questions. */
function found(image: string, command: string, more = ""): readonly number[] {
  const env = { DB_HOST: "pooler", DB_PORT: "6432", GONE_DB_HOST: "no-such-service" };
  const text = deploymentText(env, `\n          ${command}${more}`).replace(
    /image: .*/,
    `image: ${image}`,
  );
  const { clients, missing } = systemIn(poolerText(APP_INI) + text);
  const ofThem = missing.filter(({ what }) => what.includes("Deployment db/app"));
  return [clients.length, ofThem.length];
}

const NONE = "";

it.each([
  ["nats:2.10-alpine", NONE],
  ["docker.io/library/nats:2", "command: [/bin/sh, /entrypoint.sh]"],
  ["nats:2", "args: [-js, -c, /etc/nats.conf]"],
  ["redis:7", "args: [redis-server, --save, '']"],
  ["redis:7", "args: [sh, -c, 'mkdir -p /data && exec redis-server /usr/local/etc/redis.conf']"],
  ["valkey/valkey:8", NONE],
  ["rabbitmq:3-management", NONE],
  ["mongo:7", "args: [mongod, --replSet, rs0]"],
  ["prom/prometheus:v3", "args: [--config.file=/etc/prometheus/prometheus.yml]"],
  ["busybox:1", "command: [sh, -c, 'until nc -z ${DB_HOST} ${DB_PORT}; do echo x; sleep 2; done']"],
  ["postgres:17", "command: [sh, -c, 'until pg_isready -h $DB_HOST; do sleep 2; done']"],
  ["postgres:17", "command: [pg_isready, -h, pooler]"],
  ["x", "command: [wait-for-it, 'pooler:6432', -t, '30']"],
  // A server of Postgres itself.
  ["postgres:17", NONE],
])("%s %s is no client, whatever it is given", (image, command) => {
  expect(found(image, command)).toEqual([0, 0]);
});

it.each([
  ["app", NONE],
  ["app", "command: [/bin/sh, /entrypoint.sh]"],
  // The entrypoint of an image comes first.
  ["app", "args: [sh, -c, 'sleep 1']"],
  ["nats:2", "command: [/app/serve]", "\n          volumeMounts: [{ name: c, mountPath: /app }]"],
  ["redis:7", "args: [worker]"],
  ["redis:7", "command: [sh, -c, 'redis-server & exec worker']"],
  ["busybox:1", "command: [sh, -c, 'nc -l -p 6432 -e nc $DB_HOST 6432']"],
  ["busybox:1", "command: [sh, -c, 'until nc -z $DB_HOST 6432; do sleep 1; done; exec app']"],
  ["x", "command: [dockerize, -wait, 'tcp://pooler:6432', app]"],
])("%s %s may be one", (image, command, more = "") => {
  const [clients = 0] = found(image, command, more);
  expect(clients).toBeGreaterThan(0);
});
