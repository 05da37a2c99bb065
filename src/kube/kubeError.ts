/** What went wrong between weir and a cluster, in one line for people, without any credential. */
export class KubeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KubeError";
  }
}

/** An API server answered, and refused. */
export class KubeRefusal extends KubeError {
  /** HTTP's, also where it stands in an event: 410 when what was asked for is too old. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = "KubeRefusal";
    this.status = status;
  }
}
