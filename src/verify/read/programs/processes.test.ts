import { describe, expect, it } from "vitest";
import { prove } from "../../proof/prove.ts";
import {
  APP_INI,
  deploymentText,
  figure,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = { DATABASE_URL: "postgres://app@pooler:6432/app" };

const SEEMS_MANY =
  "how many processes open connections, and how many each, in container server, which seems to run many programs:";

/** What is assumed of the processes of a command. */
function assumes(command: string): unknown {
  const text = deploymentText({ ...URL, DB_POOL_MAX: "1" }, `\n          command: ${command}`);
  const count = systemIn(POOLER + text).clients[0]?.processesPerPod;
  return count?.known === true && count.assuming?.map(({ what }) => what);
}

describe("the processes of a pod", () => {
  const NO_COUNT = "how many processes container server runs";
  const BY_FILE = "its configuration file may say it";

  it.each([
    [{}, "", 1],
    [{ WEB_CONCURRENCY: "3" }, "", 3],
    [{ UVICORN_WORKERS: "2" }, "", 2],
    [{ WEB_CONCURRENCY: "3" }, `command: [gunicorn, app, --workers, "4"]`, 4],
    [{}, `args: ["gunicorn", "app", "--workers=4"]`, 4],
    [{}, `command: [sh, -c, "exec uvicorn app:app --workers 2 --port 80"]`, 2],
    [{ N: "6" }, `command: [gunicorn, app, -w, "$(N)"]`, 6],
    [{}, `command: [pm2-runtime, app.js, -i, "2"]`, 2],
    [
      {},
      `command: [pm2-runtime, app.js, -i, max]`,
      `${NO_COUNT}: its command gives no number of them`,
    ],
    [{ WEB_CONCURRENCY: "auto" }, "", `${NO_COUNT}: WEB_CONCURRENCY is no positive whole number`],
    [{}, `command: [celery, -A, app, worker, --concurrency=8]`, 8],
    // What runs it has flags whose values are words of their own.
    [{}, `command: [opentelemetry-instrument, --log_level, debug, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [chrt, -f, "50", gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [ionice, -c, "2", gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [conda, run, -n, e, --cwd, /app, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [uv, run, --no-group, dev, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [dotenv, -f, x.env, run, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [sudo, -D, /app, -u, app, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [dumb-init, gunicorn, a, -w, "4", --, b]`, 4],
    [{}, `command: [tini, -g, --, gunicorn, a, -w, "4"]`, 4],
    [{}, `command: [elasticapm-run, --config, "a.b=c", gunicorn, a, -w, "4"]`, 4],
    [
      {},
      `command: [dockerize, -template, "/a.tmpl:/a", -wait, "tcp://x:1", gunicorn, a, -w, "4"]`,
      4,
    ],
    [{}, `command: [celery, -A, app, worker, -c, "3", -Q, mail]`, 3],
    [{}, `args: [celery, -A, app, worker, --autoscale=10, "2"]`, 10],
    [{}, `command: [celery, -A, app, worker, -P, threads, -c, "8"]`, 1],
    [{}, `command: [celery, -A, app, beat]`, 1],
    [{ CELERY_WORKER_CONCURRENCY: "4" }, `command: [celery, -A, app, worker]`, 4],
    // Celery doesn't read it.
    [
      { CELERYD_CONCURRENCY: "4" },
      `command: [celery, -A, app, worker]`,
      `${NO_COUNT}: it starts as many as there are cores`,
    ],
    // The program's own variable counts, whatever all share.
    [{ WEB_CONCURRENCY: "1", UVICORN_WORKERS: "4" }, `command: [uvicorn, "app:app"]`, 4],
    [{ HASURA_GRAPHQL_PG_STRIPES: "3" }, `command: [graphql-engine, serve]`, 3],
    [{}, `command: [celery, -A, app, worker]`, `${NO_COUNT}: it starts as many as there are cores`],
    // Web servers' variable, from a ConfigMap that all share.
    [
      { WEB_CONCURRENCY: "2" },
      `command: [celery, -A, app, worker]`,
      `${NO_COUNT}: it starts as many as there are cores`,
    ],
    [{}, `command: [uwsgi, --http, ":80", --processes, "6"]`, 6],
    [{ UWSGI_PROCESSES: "5" }, `command: [uwsgi, --ini, app.ini]`, 5],
    [{}, `command: [uwsgi, --ini, app.ini]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [uwsgi, --http, ":80"]`, 1],
    [{}, `command: [gunicorn, -c, gunicorn.conf.py, app]`, `${NO_COUNT}: ${BY_FILE}`],
    [{ WEB_CONCURRENCY: "2" }, `command: [gunicorn, -c, gunicorn.conf.py, app]`, 2],
    [{}, `command: [pm2-runtime, ecosystem.config.js]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [celery, -A, app, worker, -c, "2", --autoscale=10]`, 10],
    [{ CELERYD_CONCURRENCY: "4" }, `command: [celery, -A, app, worker, --pool=solo]`, 1],
    [{}, `command: [python, -m, celery, -A, app, worker, -c8]`, 8],
    [{}, `command: [sh, -c, "exec gunicorn app --config=conf.py"]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [sh, -c, "gunicorn app\\n-c conf.py"]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [gunicorn, -c, conf.py, -w, "3", app]`, 3],
    [{}, `command: [hypercorn, -c, conf.toml, app]`, `${NO_COUNT}: ${BY_FILE}`],
    [{ GUNICORN_CMD_ARGS: "--workers=4" }, "", 4],
    [{ GUNICORN_CMD_ARGS: "--workers=4" }, `command: [celery, -A, app, worker, -c, "2"]`, 2],
    [{}, `command: [bundle, exec, puma, -w, "3"]`, 3],
    [{}, `command: [bundle, exec, puma, -p, "3000"]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [bin/rails, server]`, `${NO_COUNT}: ${BY_FILE}`],
    [{ WEB_CONCURRENCY: "2" }, `command: [bin/rails, server]`, 2],
    [{}, `command: [unicorn, -c, unicorn.rb]`, `${NO_COUNT}: ${BY_FILE}`],
    [{}, `command: [uwsgi, -p, "4"]`, 4],
    // Shared by all; sidekiq's -c is of threads.
    [{ WEB_CONCURRENCY: "3" }, `command: [bundle, exec, sidekiq, -c, "10"]`, 1],
    [{}, `command: [sidekiqswarm]`, `${NO_COUNT}: it starts as many as there are cores`],
    [{}, `command: [php-fpm8.2, -F]`, `${NO_COUNT}: each of its children may hold a connection`],
    [{}, `command: [passenger, start]`, `${NO_COUNT}: it starts them as they are needed`],
    [{}, `command: [sh, -c, "celery -A app worker -c 2 & gunicorn app -w 3"]`, 5],
    // Another program's -w is something else.
    [{}, `command: [psql, -w, "4"]`, 1],
  ])("%j %s", (env, command, expected) => {
    const more = command === "" ? "" : `\n          ${command}`;
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1", ...env }, more);
    const { clients } = systemIn(POOLER + text);
    expect(figure(clients[0]?.processesPerPod)).toBe(expected);
  });

  const AUTHENTIK = `${NO_COUNT}: it has processes of its own beside those that run its tasks`;

  const TASKS = `${NO_COUNT}: each of its tasks is a process of its own and connects`;

  it.each([
    ["php:8.3-fpm-alpine", "", `${NO_COUNT}: each of its children may hold a connection`],
    ["php:8.3-apache", "", `${NO_COUNT}: each of its children may hold a connection`],
    ["php:8.3-fpm", `command: [php, artisan, "queue:work"]`, 1],
    ["bitnami/php-fpm:8.3", "", `${NO_COUNT}: each of its children may hold a connection`],
    ["phusion/passenger-ruby32", "", `${NO_COUNT}: its nginx starts them as they are needed`],
    ["goauthentik/server:2026.2", "args: [worker]", AUTHENTIK],
    ["apache/airflow:3", `command: [/entrypoint, celery, worker]`, TASKS],
    ["apache/airflow:3", `command: [/entrypoint]\n          args: [celery, worker]`, TASKS],
    [
      "apache/airflow:3",
      `command: [dumb-init, --, /entrypoint, bash, -c, exec airflow celery worker]`,
      TASKS,
    ],
    ["apache/airflow:3", `command: [sh, /entrypoint.sh, celery, worker]`, TASKS],
    ["apache/airflow:3", `command: [tini, --, /entrypoint, webserver, -w, "2"]`, 5],
    [
      "apache/airflow:3",
      `command: [/app, celery, worker]`,
      `${NO_COUNT}: it starts as many as there are cores`,
    ],
    [
      "php:8.3-fpm",
      `command: [docker-entrypoint.sh]`,
      `${NO_COUNT}: each of its children may hold a connection`,
    ],
    ["php:8.3-fpm", `command: [docker-php-entrypoint, php, artisan, "queue:work"]`, 1],
    // What an unknown image's entrypoint does besides is not known, but it runs no less than that.
    ["example/app:1", `command: [/entrypoint.sh, sh, -c, "exec gunicorn -w 3 app"]`, 3],
    ["example/app:1", `command: [/entrypoint.sh, gunicorn, -w, "3", app]`, 3],
  ])("image %s %s", (image, command, expected) => {
    const more = command === "" ? "" : `\n          ${command}`;
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1" }, more);
    const { clients } = systemIn(POOLER + text.replace("registry.example/app:1", image));
    expect(figure(clients[0]?.processesPerPod)).toBe(expected);
  });

  it("a file that is mounted over an image's entrypoint is another program", () => {
    const mounts = `
          command: [/entrypoint, celery, worker]
          volumeMounts: [{ name: own, mountPath: /entrypoint, subPath: entrypoint }]
      volumes: [{ name: own, configMap: { name: own } }]`;
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1" }, mounts);
    const own = `---
apiVersion: v1
kind: ConfigMap
metadata: { name: own, namespace: db }
data: { entrypoint: "#!/bin/sh\\nexec gunicorn -w 3 app" }
`;
    const { clients } = systemIn(
      POOLER + text.replace("registry.example/app:1", "apache/airflow:3") + own,
    );
    expect(figure(clients[0]?.processesPerPod)).toBe(3);
  });

  it("by annotation", () => {
    const text = POOLER + deploymentText({ ...URL, WEB_CONCURRENCY: "3" });
    const annotations = { "Deployment db/app": { "weir.dev/processes-per-pod": "5" } };
    expect(figure(systemIn(text, annotations).clients[0]?.processesPerPod)).toBe(5);
  });

  const asked = (why: string): string => `${NO_COUNT}: ${why}`;
  const CORES = asked("it starts as many as there are cores");
  const OCTANE = "its server may start workers for tasks besides those of --workers";

  it.each([
    // What adds to the number.
    ["[uwsgi, --processes, '4', --mule]", asked("--mule adds to them")],
    ["[uwsgi, --processes, '4', --spooler=/tmp/mail]", asked("--spooler adds to them")],
    ["[uwsgi, --processes, '4', --master]", 4],
    ["[celery, -A, app, worker, -c, '4', -B]", asked("-B adds to them")],
    ["[celery, -A, app, worker, -c, '4', -b, 'amqp://mq']", 4],
    [
      "[taskiq, worker, 'app:broker', -w, '3', --use-process-pool]",
      asked("--use-process-pool adds to them"),
    ],
    ["[taskiq, worker, 'app:broker', -w, '3']", 3],
    ["[odoo, --workers=4, --max-cron-threads=5]", asked("--max-cron-threads adds to them")],
    ["[odoo, --workers=4]", 7],
    [
      "[php, artisan, 'schedule:work']",
      asked("each command that it schedules is a process of its own"),
    ],
    ["[php, artisan, 'queue:work']", 1],
    ["[hypercorn, app, -w, '0']", 1],
    ["[dramatiq, app, --processes, '4', --threads, '8']", 4],
    ["[dramatiq, app, -p, '3']", 3],
    ["[dramatiq, app]", CORES],
    ["[huey_consumer, app.huey, -w, '4', -k, process]", 4],
    ["[huey_consumer.py, app.huey, -w, '4', --worker-type=process]", 4],
    ["[python, manage.py, run_huey, -w, '8']", 8],
    ["[python, manage.py, run_huey, -w, '8', -k, thread]", 1],
    ["[python, manage.py, run_huey]", asked("Django's settings may say it")],
    ["[rq, worker-pool, high, -n, '3']", 3],
    ["[rq, worker, high]", 1],
    ["[php, artisan, octane:start, --workers=6]", asked(OCTANE)],
    ["[php, artisan, octane:start, --server=swoole, --workers=6]", asked(OCTANE)],
    ["[php, artisan, octane:start, --server=frankenphp, --workers=6]", 6],
    ["[php, artisan, octane:roadrunner, --workers, '6']", 6],
    ["[php, artisan, octane:start, --server=frankenphp]", CORES],
    ["[frankenphp, run]", asked("each of its threads may hold a connection")],
    ["[temporal-server, start]", asked("each of its services has pools of its own")],
    ["[php, artisan, 'queue:work', --tries=3]", 1],
    ["[php, artisan, horizon]", asked("its configuration file says it")],
    ["[honcho, start]", asked("its Procfile says which programs it starts")],
    ["[supervisord, -n]", `${SEEMS_MANY} its command starts others`],
    ["[/usr/bin/tini, -g, --, gunicorn, app, -w, '3']", 3],
    ["[poetry, run, python, -m, gunicorn, app, --workers=3]", 3],
    ["[env, A=1, ddtrace-run, uvicorn, app, --workers, '2']", 2],
    ["[wait-for-it, 'pg:5432', -t, '9', --, gunicorn, app, -w, '3']", 3],
    ["[gosu, app, gunicorn, app, -w, '3']", 3],
    ["[/entrypoint.sh, gunicorn, app, -w, '3']", 3],
    ["[java, -jar, app.jar, --workers, '4']", 1],
    ["[airflow, webserver]", 7],
    ["[airflow, api-server, --workers, '2']", 3],
    ["[env, -S, 'gunicorn -w 3 app']", 3],
    ["[env, A=1, '--split-string', 'gunicorn -w 3 app']", 3],
    ["[env, gunicorn, -S, -w, '3', app]", 3],
    ["[infisical, run, --env, prod, --command, 'gunicorn -w 3 app']", 3],
    ["[infisical, run, --, gunicorn, -c, python:conf, -w, '3', app]", 3],
    ["[doppler, run, --command, 'gunicorn -w 3 app']", 3],
    ["[runuser, -u, app, -g, app, --, gunicorn, -w, '3', app]", 3],
    ["[su, -s, /bin/sh, app, -c, 'gunicorn -w 3 app']", 3],
    ["[coverage, run, --source, app, -m, gunicorn, -w, '3', app]", 3],
    ["[odoo, --workers=4]", 7],
    ["[odoo, --workers=0]", 1],
    ["[/app, --workers, '4']", 4],
    ["[/app, --workers=4]", 4],
    ["[/app, --workers, auto]", asked("its command gives no number of them")],
    ["[/app, --threads, '4']", 1],
    ["[/app, worker-count]", 1],
    ["[sh, -c, 'exec gunicorn app -w ${N:-4}']", 4],
    ["[sh, -c, 'N=9; exec gunicorn app -w ${N:-4}']", asked("its command gives no number of them")],
    ["[sh, -c, './a & ./a & wait; exec ./b']", 2],
    ["[sh, -c, './a && ./b && exec ./c']", 1],
    ["[sh, -c, 'python manage.py migrate && gunicorn app -w 3']", 3],
    ["[sh, -c, 'nginx & php-fpm']", asked("each of its children may hold a connection")],
    [
      "[sh, -c, 'for i in 1 2 3; do ./a & done; wait']",
      asked("its command starts programs in a loop"),
    ],
    ["[sh, -c, 'seq 4 | xargs -P 4 -n 1 ./a']", asked("it starts several at once")],
    ["[sh, -c, 'while true; do ./a; sleep 5; done']", 1],
  ])("%s", (command, expected) => {
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1" }, `\n          command: ${command}`);
    const { clients } = systemIn(POOLER + text);
    expect(figure(clients[0]?.processesPerPod)).toBe(expected);
  });

  it.each([
    [{ WORKERS: "4" }, 4],
    [{ WEB_WORKERS: "2", MAX_WORKERS: "5" }, 5],
    [{ APP__WORKERS: "3" }, 3],
    [{ STREAMING_CLUSTER_NUM: "3" }, 3],
    [{ WORKERS: "auto" }, asked("WORKERS is no positive whole number")],
    // No counts of processes.
    [{ MAX_THREADS: "4", WORKER_TIMEOUT: "30", WORKERS_ENABLED: "9", MIN_WORKERSX: "3" }, 1],
    [{ USE_WORKERS: "true", API_WORKERS: "0" }, 1],
    // Its workers are threads.
    [{ MAX_WORKERS: "16", JAVA_OPTS: "-Xmx1g" }, 1],
    [{ NUM_WORKERS: "16", GOMAXPROCS: "2" }, 1],
  ])("of a program of the image, with %j", (env, expected) => {
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1", ...env });
    const { clients } = systemIn(POOLER + text);
    expect(figure(clients[0]?.processesPerPod)).toBe(expected);
  });

  it.each([
    ["WORKERS", "broken"],
    ["MAX_CONCURRENT_WORKERS", "unknown"],
    ["SHOP_API_WORKERS", "broken"],
    ["THUMBNAIL_WORKERS", "unknown"],
    ["SPANNER_INSTANCES", "unknown"],
  ])("that only %s says: a sum that they break is %s", (name, verdict) => {
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1", [name]: "1000" });
    expect(prove(systemIn(POOLER + text)).verdict).toBe(verdict);
  });

  it.each([
    [4, 1],
    [15, `${SEEMS_MANY} it has the ports 8001 to 8015`],
  ])("a program that nobody knows, with %i ports", (count, expected) => {
    const ports = Array.from({ length: count }, (_, at) => `{ containerPort: ${8001 + at} }`);
    const more = `\n          ports: [${ports.join(", ")}]`;
    const { clients } = systemIn(POOLER + deploymentText({ ...URL, DB_POOL_MAX: "1" }, more));
    expect(figure(clients[0]?.processesPerPod)).toBe(expected);
  });

  it("a variable that any of several programs may read is asked for", () => {
    const command = `\n          command: [sh, -c, "./a & ./b"]`;
    const text = deploymentText({ ...URL, DB_POOL_MAX: "1", WORKERS: "4" }, command);
    const { clients } = systemIn(POOLER + text);
    expect(figure(clients[0]?.processesPerPod)).toBe(
      asked("WORKERS may be of any of its programs"),
    );
  });

  it("a program that no row tells of is an assumption, a known one is none", () => {
    expect(assumes("[./app]")).toEqual([asked("its program is not known")]);
    expect(assumes("[sh, -c, './a & ./b']")).toEqual([asked("its program is not known")]);
    expect(assumes("[uvicorn, app]")).toBe(undefined);
  });

  it.each(["[sleep, infinity]", "[tail, -f, /dev/null]", "[sh, -c, 'echo on; sleep 9']"])(
    "%s opens nothing",
    (command) => {
      const text = deploymentText({ ...URL }, `\n          command: ${command}`);
      expect(systemIn(POOLER + text).clients).toEqual([]);
    },
  );

  it.each([
    ["[gunicorn, app]", ["its image may have a gunicorn.conf.py that says it"]],
    ["[gunicorn, app, -w, '3']", []],
    ["[uvicorn, app]", []],
  ])("%s is assumed where a file of its image may say more", (command, reasons) => {
    const whats = reasons.map((why) => `how many processes container server runs: ${why}`);
    expect(assumes(command) || []).toEqual(whats);
  });

  it("of a variable that no program of the command reads are not counted", () => {
    const text = deploymentText(
      { ...URL, DB_POOL_MAX: "1", WEB_CONCURRENCY: "4" },
      "\n          command: [granian, app]",
    );
    expect(figure(systemIn(POOLER + text).clients[0]?.processesPerPod)).toBe(1);
  });
});
