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
import type { Member } from "./tool.ts";

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
