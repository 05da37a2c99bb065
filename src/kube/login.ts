import type { AgentOptions, RequestOptions } from "node:https";
import { isDeepStrictEqual } from "node:util";
import {
  HttpMethod,
  KubeConfig,
  RequestContext,
  type Cluster,
  type DispatcherOptions,
} from "@kubernetes/client-node";
import { Agent, type Dispatcher } from "undici";

/** The headers and connections with which the API server accepts a request. */
export interface ClusterLogin {
  readonly headers: Readonly<Record<string, string>>;
  /** The connections that may be used: those of the client certificate, if there is one. */
  readonly dispatcher: Dispatcher;
  /** The kubeconfig of this login; a renewal makes another one. */
  readonly source: KubeConfig;
}

/**
 * The logins of a kubeconfig's current user, as of now: tokens and certificates change while weir
 * runs. The connections are kept as long as the certificates
 * stay the same: the library itself makes an agent for each request.
 */
export function loginsOf(given: KubeConfig, cluster: Cluster) {
  let config = given;
  let underWay: Promise<ClusterLogin> | undefined;
  let settings: DispatcherOptions | undefined;
  let dispatcher: Dispatcher | undefined;
  const dispatchers = new Set<Dispatcher>();

  const login = async (): Promise<ClusterLogin> => {
    const source = config;
    const options: RequestOptions & AgentOptions = {};
    await source.applyToHTTPSOptions(options);
    const wanted = source.createDispatcherOptions(cluster, options);
    if (dispatcher === undefined || !isDeepStrictEqual(wanted, settings)) {
      const old = dispatcher;
      dispatcher = await dispatcherOf(wanted, source, cluster);
      settings = wanted;
      dispatchers.add(dispatcher);
      if (old !== undefined) void retire(old);
    }
    return { headers: headersOf(options), dispatcher, source };
  };
  /** Streams that run stay with their certificate until they end. */
  const retire = async (old: Dispatcher) => {
    await old.close();
    dispatchers.delete(old);
  };
  /**
   * The login for a request that starts now. A request while a login is under way gets the same login,
   * so that a plugin runs once for all.
   *
   * @throws what the library throws: a file that is not there, a plugin that failed
   */
  const current = () => {
    underWay ??= login().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  /** After a 401 for this login: whether another one can be had, which `current` gives then. */
  const renew = ({ source }: ClusterLogin) => {
    const user = config.getCurrentUser();
    if (source !== config) return true;
    if (user?.exec === undefined && user?.authProvider === undefined) return false;
    config = withoutCaches(config);
    underWay = undefined;
    return true;
  };
  /** Cuts all connections. */
  const close = async () => {
    await Promise.all([...dispatchers].map((each) => each.destroy()));
  };
  return { current, renew, close };
}

/**
 * HTTP/1.1: each watch then has a connection of its own, and a watch that hangs delays no other request.
 * A proxy's dispatcher is the library's.
 */
async function dispatcherOf(
  wanted: DispatcherOptions,
  config: KubeConfig,
  cluster: Cluster,
): Promise<Dispatcher> {
  const context = new RequestContext(cluster.server, HttpMethod.GET);
  if (wanted.type === "agent") {
    // Neither is set, and the types differ in whether they may be undefined.
    const { port: _port, timeout: _timeout, ...connect } = wanted.connect;
    return new Agent({ connect, allowH2: false });
  }
  await config.applySecurityAuthentication(context);
  return context.getDispatcher() ?? new Agent({ allowH2: false });
}

function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  // The library sends a token's file as it is, and an end of line can't be sent.
  const said = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    String(value).trim(),
  ]);
  const basic =
    typeof auth !== "string"
      ? {}
      : { authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
  return { ...basic, ...Object.fromEntries(said) };
}

/** The library keeps a plugin's token until its time, and a token's file for a minute. */
function withoutCaches({ clusters, users, contexts, currentContext }: KubeConfig): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({ clusters, users, contexts, currentContext });
  return config;
}
