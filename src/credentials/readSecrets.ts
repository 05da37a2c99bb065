import type { KubeClient, KubeAnswer } from "../kube/client.ts";
import { isObject, KUBE_NAME, refusalOf } from "../kube/kubeAnswer.ts";
import { KubeError } from "../kube/kubeError.ts";
import type { SecretName } from "./secret.ts";

/** Requests under way at the same time. */
const CONCURRENCY = 8;

/**
 * Reads Secrets by name, `get` alone: whoever may list Secrets may read all of them.
 *
 * @returns the data of each, base64 by key, in the order of the names; undefined: there is none
 * @throws KubeError at the first that can't be read
 */
export async function readSecrets(
  client: KubeClient,
  names: readonly SecretName[],
): Promise<readonly (Readonly<Record<string, string>> | undefined)[]> {
  const found = names.map((): Readonly<Record<string, string>> | undefined => undefined);
  const waiting = names.entries();
  let failed = false;
  const work = async () => {
    for (const [index, name] of waiting) {
      if (failed) return;
      try {
        found[index] = await readSecret(client, name);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return found;
}

async function readSecret(
  client: KubeClient,
  { namespace, name }: SecretName,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (!KUBE_NAME.test(name) || !KUBE_NAME.test(namespace)) {
    throw new KubeError(`${namespace}/${name} is no name that a Secret can have`);
  }
  const answer = await client.get(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  if (isAbsent(answer)) return undefined;
  const data = dataOf(answer);
  if (data !== undefined) return data;
  throw new KubeError(
    `can't read Secret ${namespace}/${name} from ${client.server}: ${refusalOf(answer)}`,
  );
}

/** Only an API server says this: what else answers 404 would have every password made anew. */
function isAbsent({ status, body }: KubeAnswer): boolean {
  return (
    status === 404 && isObject(body) && body["kind"] === "Status" && body["reason"] === "NotFound"
  );
}

function dataOf({ status, body }: KubeAnswer): Readonly<Record<string, string>> | undefined {
  if (status !== 200 || !isObject(body) || body["kind"] !== "Secret") return undefined;
  const data = body["data"] ?? {};
  return isObject(data) && isTexts(data) ? data : undefined;
}

function isTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((each) => typeof each === "string");
}
