import { CONNECTS_TO_ANNOTATION, PGBOUNCER_PORT, POOL_MAX_ANNOTATION } from "../../api/names.ts";
import { isZero, missing, type MissingQuantity } from "../quantity.ts";
import type { FoundPooler } from "../read/poolers/poolers.ts";
import { objectOf } from "../sourcePosition.ts";
import type { System } from "../system.ts";
import { asMapping } from "./composeMerge.ts";
import type { ComposeService } from "./composeService.ts";

/**
 * Services that depend on a pooler's service, or link to it, while nothing says where they connect:
 * the pooler's name stands in their image or in a file that is not there.
 *
 * @param system what is known and asked of the services
 */
export function dependentServices(
  services: readonly ComposeService[],
  poolers: readonly FoundPooler[],
  { clients, missing: asked }: Pick<System, "clients" | "missing">,
): readonly MissingQuantity[] {
  const settled = new Set([
    ...clients.map(({ workload }) => workload),
    ...asked.map(({ place }) => objectOf(place)),
    ...poolers.flatMap(({ workload }) => workload?.key ?? []),
  ]);
  return services.flatMap(({ value, workload }) => {
    if (settled.has(workload.key) || isZero(workload.pods)) return [];
    if (workload.annotation(CONNECTS_TO_ANNOTATION) !== undefined) return [];
    const needs = asMapping(value.at("depends_on"), "depends_on").entries.map(([name]) => name);
    const links = value.at("links").items.map(({ text }) => text?.render().replace(/:.*$/, ""));
    const named = new Set([...needs, ...links]);
    return poolers.flatMap((pooler): readonly MissingQuantity[] => {
      const own = services.find((service) => service.workload === pooler.workload);
      if (own === undefined || !named.has(own.name)) return [];
      const target = `${own.name}:${pooler.ports[0] ?? PGBOUNCER_PORT}/database?user=login`;
      const place = value.at(needs.includes(own.name) ? "depends_on" : "links");
      const question = missing(
        `whether ${workload.key} connects to ${pooler.name}, which it depends on, and with how many connections: nothing that weir reads says so`,
        place.placeIn(workload.object),
        `label the service with ${CONNECTS_TO_ANNOTATION}: "${target}" and ${POOL_MAX_ANNOTATION}: "N", or with ${CONNECTS_TO_ANNOTATION}: "none"`,
      );
      const answer = { object: workload.key, annotation: CONNECTS_TO_ANNOTATION, value: target };
      return [{ ...question, answer, pooler: pooler.name }];
    });
  });
}
