import { z } from "zod";

const CONTAINER = z.object({
  name: z.string(),
  image: z.string().default(""),
  args: z.array(z.string()).default([]),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().default(""),
        valueFrom: z
          .object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional() })
          .optional(),
      }),
    )
    .default([]),
  ports: z.array(z.object({ containerPort: z.number() })).default([]),
  restartPolicy: z.string().optional(),
});

const POD = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    generation: z.number().default(1),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    initContainers: z.array(CONTAINER).default([]),
    containers: z.array(CONTAINER),
    volumes: z
      .array(
        z.object({
          name: z.string(),
          configMap: z.object({ name: z.string() }).optional(),
          secret: z.object({ secretName: z.string() }).optional(),
        }),
      )
      .default([]),
  }),
});

/** A pod as the API server has it: what a fake node, and what runs on it, need to know. */
export type PodObject = z.infer<typeof POD>;
export type PodContainer = z.infer<typeof CONTAINER>;

/** @throws when it is no pod of an API server */
export function readPod(object: unknown): PodObject {
  return POD.parse(object);
}

/** `namespace/name`. */
export function podKey({ metadata }: PodObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
