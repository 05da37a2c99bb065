import type { Runtime } from "../runtime/runtime.ts";
import type { Network } from "./network.ts";

/** What the watchers are given of the world, and whom they tell that they looked at it. */
export interface ObserverOptions {
  readonly runtime: Runtime;
  readonly network: Network;
  /** Each question that was asked of a PgBouncer. */
  readonly onSample: (result: "seen" | "failed") => void;
}
