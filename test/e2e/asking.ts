import { expect } from "vitest";
import { POSTGRES_POD, callOf } from "./fleets.ts";
import { KUBECTL_TIMEOUT, answered, eventually } from "./eventually.ts";
import { couldNotAsk } from "./couldNotAsk.ts";
import type { RunningFleet } from "./runningFleet.ts";
import type { FleetPods } from "./fleetPods.ts";
import type { AskReport } from "./programs/ask.ts";
import { idleObjects, runTool, toolCommand } from "./tools.ts";
import { POOL_PORT } from "../../src/api/names.ts";
import { isMapping } from "../../src/json/fields.ts";

/** Of what a cluster that is busy may break. */
const TRIES_MAX = 20;

/** Each server answers tools/list and calls of its tools, through its Service. */
export async function expectAnswers(fleet: RunningFleet): Promise<void> {
  const asked = fleet.servers.flatMap(({ url, members }) =>
    members.map(async (member) => {
      const { name, args } = callOf(member);
      const ask = async () => {
        const said = await runTool(fleet, "ask.ts", url, name, JSON.stringify(args));
        const { tools, isError, result }: AskReport = JSON.parse(said);
        return { member, hasTool: tools.includes(name), isError, result };
      };
      const result = expect.any(Object);
      await eventually(ask, { member, hasTool: true, isError: false, result });
    }),
  );
  await Promise.all(asked);
}

/**
 * The clients of each line, as all PgBouncers together show them, are the connections that the
 * pods of its server say they have: pod by pod. (That no line has more than its grant, each sample says.)
 */
export async function expectSameCount(fleet: RunningFleet, pods: FleetPods): Promise<void> {
  await eventually(() => countsThatDiffer(fleet, pods), []);
}

/** A sentence for each pod that says another number than PgBouncer. */
async function countsThatDiffer(fleet: RunningFleet, pods: FleetPods): Promise<readonly string[]> {
  const opened = await Promise.all(
    pods.ofServers().map(async (pod) => ({ ...pod, open: (await askPool(fleet, pod.name))?.open })),
  );
  const shown = await clientsShown(fleet);
  const ofPod = ({ server, ip }: { readonly server: string; readonly ip: string | undefined }) =>
    shown.flat().filter((client) => client.line === server && client.ip === ip).length;
  const silent = fleet.servers.filter(
    ({ name }) => !opened.some(({ server, open = 0 }) => server === name && open > 0),
  );
  return [
    ...silent.map(({ name }) => `${name} has no connection`),
    ...opened
      .filter((pod) => ofPod(pod) !== pod.open)
      .map((pod) => `${pod.name} says ${pod.open}, PgBouncer ${ofPod(pod)}`),
  ];
}

/** Of each PgBouncer, the clients of all lines. */
async function clientsShown(
  fleet: RunningFleet,
): Promise<readonly (readonly { readonly line: unknown; readonly ip: unknown }[])[]> {
  const text = await runTool(fleet, "clients.ts", ...fleet.poolers.values());
  const shown: readonly (readonly Record<string, unknown>[])[] = JSON.parse(text);
  return shown.map((rows) => rows.map(({ database, addr }) => ({ line: database, ip: addr })));
}

/** PgBouncer is reached from a pod that its budget's label lets in, and from no other. */
export async function expectOutsidersShutOut(fleet: RunningFleet): Promise<void> {
  const { environment, namespace } = fleet;
  const [host = ""] = fleet.poolers.values();
  const knock = toolCommand("knock.ts", host, "6432");
  await eventually(() => runTool(fleet, "knock.ts", host, "6432"), "open");
  const elsewhere = `${namespace}-outside`;
  await environment.claimNamespace(elsewhere);
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: elsewhere } };
  await environment.kubectl(["apply", "--filename=-"], JSON.stringify(object));
  await environment.kubectl([
    "wait",
    "--for=create",
    KUBECTL_TIMEOUT,
    "serviceaccount/default",
    "-n",
    elsewhere,
  ]);
  const outsiders = [
    { namespace, name: "e2e-unlabelled", labels: {} },
    // A label counts in the budget's own namespace alone.
    { namespace: elsewhere, name: "e2e-outsider", labels: { "weir.dev/maintenance": "writing" } },
  ];
  for (const outsider of outsiders) {
    const inPod = ["--namespace", outsider.namespace];
    await environment.kubectl(
      ["apply", "--filename=-"],
      JSON.stringify(await idleObjects(outsider)),
    );
    await environment.kubectl([
      ...inPod,
      "wait",
      "--for=condition=Ready",
      KUBECTL_TIMEOUT,
      `pod/${outsider.name}`,
    ]);
    const exec = [...inPod, "exec", outsider.name, "--", ...knock];
    await expectShutOut(fleet, outsider.name, {
      outside: () => answered(() => environment.kubectl(exec)),
      inside: () => runTool(fleet, "knock.ts", host, "6432").catch(String),
    });
    await environment.kubectl([
      ...inPod,
      "delete",
      "pod",
      outsider.name,
      "--wait=false",
      "--ignore-not-found",
    ]);
  }
}

/** Three seconds of silence count only where whoever is let in knocks right after, and gets in. */
async function expectShutOut(
  { namespace }: RunningFleet,
  outsider: string,
  knocks: { readonly outside: () => Promise<string>; readonly inside: () => Promise<string> },
): Promise<void> {
  for (let pairs = 1; ; pairs++) {
    expect(await knocks.outside()).toMatch(/no answer|ECONNREFUSED/);
    const inside = await knocks.inside();
    if (inside === "open") return;
    process.stdout.write(
      `e2e: ${namespace}: after ${outsider} the tools' pod is told: ${inside}\n`,
    );
    if (pairs === TRIES_MAX) expect(inside).toBe("open");
  }
}

/** `weir verify` proves the sums of what is in the cluster at this moment, whatever goes on. */
export async function expectVerified({ shell, namespace }: RunningFleet): Promise<void> {
  const kinds = "deployments,statefulsets,horizontalpodautoscalers,configmaps,services";
  const said = await shell(
    `kubectl --namespace ${namespace} get ${kinds} --output yaml | npx weir verify -`,
  );
  expect(said).toMatch(/^✓/);
}

/**
 * `weir diagnose`, as its page tells, finds no cause: it ends with 0. Only when somebody could not be
 * asked it looks again.
 */
export async function expectDiagnosedWell({
  namespace,
  shell,
  poolers,
}: RunningFleet): Promise<void> {
  const block = diagnoseBlock(namespace, [...poolers.keys(), POSTGRES_POD]);
  let said = await shell(block);
  for (let looks = 1; looks < TRIES_MAX && couldNotAsk(said); looks++) {
    const why = /^weir diagnose: .*$/m.exec(said)?.[0] ?? said;
    process.stdout.write(`e2e: ${namespace}: look ${looks}: ${why}\n`);
    said = await shell(block);
  }
  // On a busy machine it says first for whom it waits.
  const verdict = said.replaceAll(/^weir diagnose: waits for .*\n/gm, "");
  expect(verdict).toMatch(/^✓[\s\S]*\nended with 0\n$/);
}

/** The commands of docs/diagnose.md, with all PgBouncers and Postgres at ports of their own. */
function diagnoseBlock(namespace: string, pods: readonly string[]): string {
  const forwards = pods.map((pod, index) => {
    const port = pod === POSTGRES_POD ? 5432 : 6432;
    return `forward pod/${pod} ${port} forward-${index}
port${index}=$(sed -nE 's/.*127.0.0.1:([0-9]+) .*/\\1/p' forward-${index} | head -1)`;
  });
  const poolerUrls = pods
    .slice(0, -1)
    .map((_, index) => `postgres://weir_stats@127.0.0.1:$port${index}/pgbouncer`);
  // What an earlier step's kubectl said would be read as this one's port. One may end before it
  // listens, a few times, and all may have ended before they are told to.
  return `rm -f forward-*
forwards=
trap 'kill $forwards || :' EXIT
forward() {
  for try in $(seq ${TRIES_MAX}); do
    : > "$3"
    kubectl --namespace ${namespace} port-forward "$1" ":$2" >> "$3" &
    forwards="$forwards $!"
    for look in $(seq 600); do
      ! grep -q 'Forwarding from 127' "$3" || return 0
      kill -0 $! || break
      sleep 0.1
    done
    kill $! || :
    sleep 1
  done
  echo "no port-forward to $1 in ${TRIES_MAX} tries" >&2
  return 1
}
${forwards.join("\n")}
password() {
  kubectl --namespace ${namespace} get secret "$1" -o go-template='{{.data.password | base64decode}}'
}
status=0
PGPASSWORD="$(password writing-stats)" npx weir diagnose --namespace ${namespace} \\
  --pgbouncer ${poolerUrls.join(" ")} \\
  --postgres "postgres://writing:$(password writing-postgres)@127.0.0.1:$port${pods.length - 1}/writing" \\
  2>&1 || status=$?
echo "ended with $status"
`;
}

/** What a pod's pool says at this moment; undefined when it gives no answer. */
async function askPool(
  { environment, namespace }: RunningFleet,
  pod: string,
): Promise<{ readonly limit: number; readonly open: number } | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${POOL_PORT}/proxy/limit`;
  const answer = await environment.client.get(path).catch(() => undefined);
  if (answer?.status !== 200 || !isMapping(answer.body)) return undefined;
  return { limit: Number(answer.body["limit"]), open: Number(answer.body["open"]) };
}
