import { KubeError } from "./kubeError.ts";

/** etcd holds objects of 1.5 MiB; a longer line is none of an API server, and would fill memory. */
const LINE_CHARS_MAX = 16 * 1024 * 1024;

/**
 * The values of a stream with one JSON text on each line, each as soon as its line has ended. The
 * beginning of a line that never ended is dropped: the stream was cut there.
 *
 * @throws KubeError at a line that is no JSON or has no end; what the stream throws
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    begun += first;
    for (const line of others) {
      if (begun !== "") yield jsonOf(begun);
      begun = line;
    }
    if (begun.length > LINE_CHARS_MAX) {
      throw new KubeError(`a line of the stream has more than ${LINE_CHARS_MAX} characters`);
    }
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    // The line may be a Secret: nothing of it is told.
    throw new KubeError("a line of the stream is not JSON", { cause });
  }
}
