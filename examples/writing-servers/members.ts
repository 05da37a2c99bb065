import { author } from "./servers/author.ts";
import { bookPlanning } from "./servers/bookPlanning.ts";
import { chapterPlanning } from "./servers/chapterPlanning.ts";
import { characterPlanning } from "./servers/characterPlanning.ts";
import { coreContinuity } from "./servers/coreContinuity.ts";
import { databaseAdmin } from "./servers/databaseAdmin.ts";
import { reporting } from "./servers/reporting.ts";
import { review } from "./servers/review.ts";
import { scene } from "./servers/scene.ts";
import { seriesPlanning } from "./servers/seriesPlanning.ts";
import type { Tool } from "./tool.ts";

/** One of the ten servers: a name as in ACTIVE_MCP_SERVERS, and its tools. */
export interface Member {
  readonly name: string;
  /** Their names are distinct among all members: several can be served at one path. */
  readonly tools: readonly Tool[];
}

/** All servers that this program can be, in the order of their ports. */
export const MEMBERS: readonly Member[] = [
  bookPlanning,
  seriesPlanning,
  chapterPlanning,
  characterPlanning,
  scene,
  coreContinuity,
  review,
  reporting,
  author,
  databaseAdmin,
];
