import type { KubeObject } from "../../../src/kube/list.ts";

/** An object that a cluster has from its start. */
export type AddonObject = KubeObject & {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
};
