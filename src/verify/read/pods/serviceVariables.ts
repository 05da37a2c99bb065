import { Field } from "../objects/field.ts";
import type { Inventory } from "../objects/inventory.ts";

/** What Kubernetes puts into each container for a Service of its namespace. */
const NAME =
  /^([A-Z][A-Z0-9_]*?)_(?:SERVICE_HOST|PORT_\d+_TCP_ADDR|SERVICE_PORT|PORT_(\d+)_TCP_PORT)$/;

/**
 * The value of a variable that Kubernetes makes of a Service (`POOLER_SERVICE_HOST`), with the
 * Service's name for its address; undefined for any other variable.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function serviceVariable(
  name: string,
  namespace: string,
  inventory: Inventory,
): string | undefined {
  const [, beginning, port] = NAME.exec(name) ?? [];
  if (beginning === undefined) return undefined;
  if (port !== undefined) return port;
  const service = inventory
    .ofKind("", "Service")
    .find(
      (one) =>
        one.namespace === namespace && one.name.toUpperCase().replaceAll("-", "_") === beginning,
    );
  if (name.endsWith("_SERVICE_PORT")) {
    return service && Field.of(service).scalar("spec", "ports", 0, "port");
  }
  // An operator's Service need not be among the objects.
  return service?.name ?? beginning.toLowerCase().replaceAll("_", "-");
}
