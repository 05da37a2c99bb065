import { CONNECTS_TO_ANNOTATION, POOL_MAX_ANNOTATION, POSTGRES_PORT } from "../../../api/names.ts";
import { listed } from "../../../text/wording.ts";
import { imagePattern } from "../../knowledge/namePatterns.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { Template } from "../../template.ts";
import { commandLine, runningContainers, type Container, type Workload } from "../../workload.ts";
import { endpointKey, isLoopback, type AddressBook, type Endpoint } from "../objects/addresses.ts";
import { isPgBouncer, runsProgram } from "../poolers/pgbouncerPods.ts";

type ProxyRow = Knowledge["proxies"][number];

/** A container that passes TCP connections on to a pooler or a Postgres. */
export interface TcpProxy {
  readonly product: string;
  readonly workload: Workload;
  readonly container: Container;
  /** The container without what says where it passes connections on: its own ones stand beside that. */
  readonly besides: Container;
  /** Where it listens; none: it is not known. */
  readonly ports: readonly number[];
  /** The one thing that it leads to; undefined: it leads to several, or it is not known where to. */
  readonly endpoint?: Exclude<Endpoint, { kind: "unread" }>;
  /** What it leads to, for people. */
  readonly leads: readonly string[];
}

/** What a proxy may lead to. */
interface ProxyTargets {
  readonly book: AddressBook;
  /** Addresses of the Postgres that the poolers' lines lead to. */
  readonly behind: ReadonlySet<string>;
  /** What the pods of a workload run themselves, at their own ports. */
  readonly own: readonly {
    readonly workload?: Workload;
    readonly ports: readonly number[];
    readonly endpoint: Endpoint;
  }[];
}

/**
 * The proxies that lead to a pooler or a Postgres, also by another proxy; those that lead elsewhere are
 * none.
 *
 * @param add gives one an address, which leads to `to`
 */
export function tcpProxies(
  workloads: readonly Workload[],
  targets: ProxyTargets,
  knowledge: Knowledge,
  add: (proxy: TcpProxy, to: Endpoint) => void,
): readonly TcpProxy[] {
  const found = new Map<Container, TcpProxy>();
  for (let depth = 0; depth < PROXIES_MAX; depth += 1) {
    const more = proxiesIn(workloads, targets, knowledge).filter(
      ({ container }) => !found.has(container),
    );
    if (more.length === 0) break;
    for (const proxy of more) {
      found.set(proxy.container, proxy);
      add(proxy, proxy.endpoint ?? { kind: "unread", key: proxy.workload.key });
    }
  }
  targets.book.reached.clear();
  return [...found.values()];
}

/** Proxies before each other. */
const PROXIES_MAX = 4;

function proxiesIn(
  workloads: readonly Workload[],
  targets: ProxyTargets,
  knowledge: Knowledge,
): readonly TcpProxy[] {
  const rows = knowledge.proxies.map((row) => ({ row, images: imagePattern(row.images) }));
  return workloads.flatMap((workload) =>
    runningContainers(workload).flatMap((container) => {
      const found = rows.find(
        ({ row: { programs = [] }, images }) =>
          images.test(container.image) ||
          programs.some((program) => runsProgram(container, program)),
      );
      if (found === undefined || isPgBouncer(container, knowledge)) return [];
      return proxyIn(workload, container, found.row, targets) ?? [];
    }),
  );
}

function proxyIn(
  workload: Workload,
  container: Container,
  row: ProxyRow,
  targets: ProxyTargets,
): TcpProxy | undefined {
  const files = [...container.files.files].map(([path, file]) => ({
    path,
    text: Template.of(file.text.replaceAll(/^[ \t]*#.*$/gm, "")),
  }));
  const command = commandLine(container);
  const all = [...files, { path: undefined, text: command }];
  const own = all.map((one) => ({ ...one, upstreams: upstreamsIn(one.text, row) }));
  const leading = own.filter(({ upstreams }) => upstreams.length > 0);
  const found = leading.flatMap(({ upstreams }) =>
    upstreams.flatMap((upstream) => endpointsOf(upstream, workload, targets)),
  );
  const endpoints = [...new Map(found.map((one) => [endpointKey(one), one])).values()];
  const isHidden =
    leading.length === 0 && all.some(({ text }) => matches(row.passes, text).length > 0);
  const [first, another] = endpoints;
  if (first === undefined && !isHidden) return undefined;
  const written = new Set(leading.map(({ path }) => path));
  const ports = all
    .flatMap(({ text }) => matches(row.listens, text))
    .map(([, port]) => Number(port?.known))
    .filter((port) => Number.isInteger(port));
  const isOne = first !== undefined && another === undefined;
  return {
    product: row.name,
    workload,
    container,
    besides: {
      ...container,
      ...(written.has(undefined) || isHidden ? { command: [], args: [] } : {}),
      files: {
        ...container.files,
        files: new Map([...container.files.files].filter(([path]) => !written.has(path))),
      },
    },
    ports: [...new Set(ports)],
    ...(isOne ? { endpoint: { ...first, proxy: workload.key } } : {}),
    leads: endpoints.map((one) => (one.kind === "pooler" ? one.name : one.address)),
  };
}

interface Upstream {
  readonly host: string;
  readonly port: number | undefined;
}

function upstreamsIn(text: Template, row: ProxyRow): readonly Upstream[] {
  return matches(row.upstreams, text).flatMap(([, host, port]) =>
    host?.known === undefined
      ? []
      : [{ host: host.known, port: port?.known === undefined ? undefined : Number(port.known) }],
  );
}

function matches(
  patterns: readonly string[] = [],
  text: Template,
): readonly (readonly (Template | undefined)[])[] {
  return patterns.flatMap((pattern) => text.matchAll(new RegExp(pattern, "gim")));
}

function endpointsOf(
  { host, port }: Upstream,
  workload: Workload,
  { book, behind, own }: ProxyTargets,
): readonly Exclude<Endpoint, { kind: "unread" }>[] {
  if (isLoopback(host) && workload.loopback === undefined) {
    return own
      .filter(
        (one) => one.workload === workload && (port === undefined || one.ports.includes(port)),
      )
      .map(({ endpoint }) => endpoint)
      .filter(isRead);
  }
  const resolved = book.resolve(
    isLoopback(host) ? (workload.loopback ?? host) : host,
    port,
    workload.namespace,
  );
  if (resolved.kind === "found") return resolved.endpoints.filter(isRead);
  const address = book.postgresAt(host, port ?? POSTGRES_PORT, workload.namespace);
  const isPostgres =
    behind.has(address) || (port === POSTGRES_PORT && resolved.kind !== "elsewhere");
  return isPostgres ? [{ kind: "postgres", address }] : [];
}

function isRead(one: Endpoint): one is Exclude<Endpoint, { kind: "unread" }> {
  return one.kind !== "unread";
}

/** What is missing of a proxy that does not lead to one thing. */
export function unreadProxy({
  product,
  workload,
  container,
  endpoint,
  leads,
}: TcpProxy): readonly MissingQuantity[] {
  if (endpoint !== undefined) return [];
  const where =
    leads.length === 0
      ? "of which weir can't read where it leads"
      : `which leads to ${listed(leads)}`;
  const what = `what the clients of ${workload.key} open, and where: its container ${container.name} runs ${product}, ${where}`;
  return [missing(what, container.place, remedyFor())];
}

/** What is missing of a proxy that nothing among the objects connects to. */
export function unusedProxy(
  { product, workload, container, leads }: TcpProxy,
  reached: ReadonlySet<string>,
): readonly MissingQuantity[] {
  if (reached.has(workload.key) || workload.annotation(CONNECTS_TO_ANNOTATION)) return [];
  const what = `who connects to ${workload.key}, whose container ${container.name} runs ${product} and leads to ${listed(leads)}: nothing among the objects does`;
  return [missing(what, container.place, remedyFor())];
}

function remedyFor(): string {
  return `annotate its pods with ${CONNECTS_TO_ANNOTATION} (where its clients' connections lead, or "none") and ${POOL_MAX_ANNOTATION}, the most that they open together through a pod of it`;
}
