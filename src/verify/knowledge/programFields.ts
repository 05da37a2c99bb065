import { z } from "zod";

const WORDS = z.array(z.string().min(1)).min(1);

/** How many of something a program's own flags, variables and files say. */
const COUNT = z.strictObject({
  /** The first of them that is given. */
  flags: WORDS.optional(),
  /** The first of them that is set, where no flag is given. */
  variables: WORDS.optional(),
  /** Flags, or words of the command, that name a file which may say it. */
  files: WORDS.optional(),
  /** What says it in such a file, where that is mounted. */
  settings: WORDS.optional(),
  /** Flags, with their values, that make it 1 whatever else is said. */
  oneWith: WORDS.optional(),
  /** Flags, with their values, of which one must be given for it to be more than 1. */
  oneWithout: WORDS.optional(),
  /** Flags, and settings of that file, that add to the number: it is asked. */
  asks: WORDS.optional(),
  /** A file of the image that may say it without a flag: what no flag says is an assumption. */
  unseen: z.string().min(1).optional(),
  /** What comes on top of the number. */
  more: z.int().positive().optional(),
  /** What a number of 0 means; absent: it is asked. */
  zero: z.int().positive().optional(),
  /** Where nothing says it: the number, or why it is asked. */
  otherwise: z.union([z.int().positive(), z.string().min(1)]),
});

/** The fields of a row of knowledge/programs.yaml. */
export const PROGRAM_FIELDS = {
  calls: WORDS.optional(),
  images: WORDS.optional(),
  signs: WORDS.optional(),
  wordsFrom: z.string().min(1).optional(),
  processes: z.union([z.literal(1), COUNT]).optional(),
  connections: z.union([z.int().min(0), COUNT]).optional(),
  neverClient: z.literal(true).optional(),
  asTold: z.literal(true).optional(),
  keepsFiles: z.literal(true).optional(),
  database: z.string().min(1).optional(),
  everyDatabase: z.union([z.literal(true), WORDS]).optional(),
  probes: z.union([z.literal(true), WORDS]).optional(),
  target: z
    .strictObject({
      host: WORDS,
      port: WORDS,
      user: WORDS,
      database: WORDS,
      values: WORDS.optional(),
    })
    .optional(),
};

/** The fields of a row of knowledge/wrappers.yaml. */
export const WRAPPER_FIELDS = {
  calls: WORDS,
  arguments: z.int().positive().optional(),
  values: WORDS.optional(),
  stops: WORDS.optional(),
  scripts: WORDS.optional(),
  flagless: z.literal(true).optional(),
  entrypoint: z.literal(true).optional(),
  dashes: z.literal(true).optional(),
  waits: z.literal(true).optional(),
};

/** The fields of a row of knowledge/workers.yaml. */
export const WORKER_FIELDS = {
  flags: WORDS.optional(),
  variables: WORDS.optional(),
  threads: z.literal(true).optional(),
};
