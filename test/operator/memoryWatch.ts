import type { Runtime } from "../../src/runtime/runtime.ts";
import type { MemoryObjects } from "./memoryObjects.ts";

/** As often as a real API server says how far a watch has come. */
const BOOKMARK_MS = 60_000;

/** What is watched, and how. */
interface MemoryWatch {
  readonly plural: string;
  /** From which version on, and after what time it ends. */
  readonly query: URLSearchParams;
}

/**
 * The stream of a watch: what was written since, then each write as it comes, and bookmarks. It ends
 * after the time that was asked for, on this runtime.
 *
 * @throws the signal's reason when that ends it
 */
export async function* memoryWatch(
  objects: MemoryObjects,
  runtime: Runtime,
  { plural, query }: MemoryWatch,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const lines: string[] = [];
  let isOver = false;
  let wake = nothing;
  const tell = (line: string) => {
    lines.push(line);
    wake();
  };
  const end = () => {
    isOver = true;
    wake();
  };
  // Writes to any other kind move it on, too: those of a lease do all the time.
  const bookmark = () => {
    const object = { metadata: { resourceVersion: `${objects.version()}` } };
    tell(JSON.stringify({ type: "BOOKMARK", object }));
    forgetBookmark = runtime.after(BOOKMARK_MS, bookmark);
  };
  let forgetBookmark = runtime.after(BOOKMARK_MS, bookmark);
  const forgetEnd = runtime.after(1000 * Number(query.get("timeoutSeconds")), end);
  const unfollow = objects.follow(plural, Number(query.get("resourceVersion")), tell);
  signal.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        yield new TextEncoder().encode(`${line}\n`);
      }
      signal.throwIfAborted();
      if (isOver) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unfollow();
    signal.removeEventListener("abort", end);
    forgetBookmark();
    forgetEnd();
  }
}

function nothing(): void {}
