import type { Adapter } from "../read/adapter.ts";
import { cnpg } from "./cnpg.ts";
import { crunchy } from "./crunchy.ts";
import { keda } from "./keda.ts";
import { PGBOUNCER_IMAGES } from "./pgbouncerImages.ts";
import { argoRollouts, openshift } from "./rollouts.ts";
import { zalando } from "./zalando.ts";

/** Every product that weir knows. Of several images, the first that fits counts. */
export const ADAPTERS: readonly Adapter[] = [
  cnpg,
  zalando,
  crunchy,
  keda,
  argoRollouts,
  openshift,
  ...PGBOUNCER_IMAGES,
];
