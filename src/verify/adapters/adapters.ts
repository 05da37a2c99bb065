import type { Adapter } from "../read/adapter.ts";
import { cnpg } from "./cnpg.ts";
import { crunchy, percona } from "./crunchy.ts";
import { keda } from "./keda.ts";
import { kubedb } from "./kubedb.ts";
import { argoRollouts, openshift } from "./rollouts.ts";
import { stackgres } from "./stackgres.ts";
import { zalando } from "./zalando.ts";

/** Every operator that weir knows. */
export const ADAPTERS: readonly Adapter[] = [
  cnpg,
  zalando,
  crunchy,
  percona,
  kubedb,
  stackgres,
  keda,
  argoRollouts,
  openshift,
];
