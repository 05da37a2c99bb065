import { POOL_LIMIT_ANNOTATION } from "../api/names.ts";
import { fieldOf, itemsOf, textAt, type Fields } from "../kube/fields.ts";

/** A variable of a container whose value is a count; all others are not kept. */
export interface EnvNumber {
  readonly container: string;
  readonly name: string;
  readonly value: number;
}

/** What of a pod, or of a template of pods, may tell the size of a pool. */
export interface PoolHints {
  readonly env: readonly EnvNumber[];
  /** The annotation that a Live pool follows. */
  readonly limit?: number;
}

/** A size, and where it stands. */
export interface PoolMax {
  readonly value: number;
  readonly from: string;
}

const COUNT = /^\d{1,9}$/;

/** Of a pod, or of a workload's `spec.template`. */
export function poolHints(pod: Fields): PoolHints {
  const limit = countIn(fieldOf(fieldOf(pod, "metadata"), "annotations"), POOL_LIMIT_ANNOTATION);
  const env = itemsOf(fieldOf(pod, "spec")["containers"]).flatMap((container) =>
    itemsOf(container["env"]).flatMap((entry): EnvNumber[] => {
      const name = textAt(entry, "name");
      const value = countIn(entry, "value");
      if (name === undefined || value === undefined) return [];
      return [{ container: textAt(container, "name") ?? "", name, value }];
    }),
  );
  return { env, ...(limit !== undefined && { limit }) };
}

/**
 * What a process's pool may grow to. A Live pool follows its annotation, any other the variable;
 * where several containers have it, the largest counts, and within one the last, as kubelet has it.
 */
export function poolMaxOf(
  { env, limit }: PoolHints,
  pool: { readonly resize: "Static" | "Live"; readonly env: { readonly max: string } },
): PoolMax | undefined {
  if (pool.resize === "Live" && limit !== undefined) {
    return { value: limit, from: `annotation ${POOL_LIMIT_ANNOTATION}` };
  }
  const byContainer = new Map(
    env.filter(({ name }) => name === pool.env.max).map((entry) => [entry.container, entry]),
  );
  const [largest] = [...byContainer.values()].toSorted((a, b) => b.value - a.value);
  if (largest === undefined) return undefined;
  const { name, container, value } = largest;
  return { value, from: `env ${name} of container ${container}` };
}

function countIn(value: Fields, field: string): number | undefined {
  const text = textAt(value, field)?.trim();
  return text !== undefined && COUNT.test(text) ? Number(text) : undefined;
}
