export { BadPoolSetting, PoolClosed, PoolTimeout, type PoolState } from "./errors.ts";
export type { PoolLog, PoolLogLine } from "./log.ts";
export { pool, type Pool, type PoolOptions, type PoolQuery } from "./pool.ts";
export type { PoolRuntime } from "./runtime.ts";
export { PoolRefused, type RefusingLimit } from "./refusal.ts";
