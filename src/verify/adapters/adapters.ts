import type { Adapter } from "../read/adapter.ts";
import { cnpg } from "./cnpg.ts";
import { crunchy } from "./crunchy.ts";
import { keda } from "./keda.ts";
import { argoRollouts, openshift } from "./rollouts.ts";
import { zalando } from "./zalando.ts";

/** Every operator that weir knows. */
export const ADAPTERS: readonly Adapter[] = [cnpg, zalando, crunchy, keda, argoRollouts, openshift];
