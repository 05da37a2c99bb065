/** A pod's program (podPrograms.ts), and where its connections go. */
export interface PodProgramSpec {
  /** `namespace/name` of the pod. */
  readonly pod: string;
  /** What it listens on, and connects from. */
  readonly address: string;
  /** Where it answers MCP. */
  readonly port: number;
  readonly path: string;
  readonly serverName: string;
  /** PgBouncer processes; connections go to them in turn. */
  readonly targets: readonly { readonly host: string; readonly port: number }[];
  readonly login: {
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
}

/** What a pod's program does with its connections. */
export interface ConnectionLoad {
  /** How many it holds. One that is refused or lost is tried again and again. */
  readonly open: number;
  /** How many of them run one short transaction after another; the others are idle. */
  readonly busy: number;
}

/** What the process of all pods' programs can be told over IPC. */
export type PodOrder =
  | { readonly does: "start"; readonly program: PodProgramSpec }
  /** Closes its connections as a program that is killed does, and listens no more. */
  | { readonly does: "stop"; readonly pod: string }
  /** Answered when every connection that is missing was tried once. */
  | { readonly does: "load"; readonly pod: string; readonly load: ConnectionLoad }
  | { readonly does: "report"; readonly pod: string };

/** What it answers, of that pod. */
export interface PodReport {
  readonly open: number;
  /** Transactions that were done. */
  readonly done: number;
  /** Logins that failed, by message. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Connections that ended without being asked to, and queries that failed, by message. */
  readonly losses: Readonly<Record<string, number>>;
}

/** An order on its way, and the answer to it. */
export interface NumberedOrder {
  readonly id: number;
  readonly order: PodOrder;
}
export interface Answered {
  readonly id: number;
  readonly report?: PodReport;
  readonly error?: string;
}
