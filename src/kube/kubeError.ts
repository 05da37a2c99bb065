/** What went wrong between weir and a cluster, in one line for people, without any credential. */
export class KubeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KubeError";
  }
}

/** The first line of a message that others wrote: of an API server, a library, a login program. */
export function firstLine(text: string): string {
  return text.trim().split(/[\r\n]/, 1)[0] ?? "";
}
