import { z } from "zod";

/**
 * The pieces of Kubernetes' own API that users write inside weir's objects. What weir only hands
 * on (an affinity, a probe) is checked by the API server, not here: it is any object.
 */

/** Text of one form; `allowed` says in words what the pattern means. */
export function textLike(pattern: RegExp, allowed: string) {
  return z.string().regex(pattern).meta({ allowed });
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  return z.int().min(least).max(most);
}

/** A name that serves as object, Service and PgBouncer line: RFC 1035 label. */
export function nameSchema(maxLength: number) {
  return textLike(
    /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    "lower case letters, digits and '-' that begin with a letter and end with a letter or digit",
  ).max(maxLength);
}

/** The name of a Kubernetes object of another kind: RFC 1123 subdomain. */
export const objectNameSchema = textLike(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "lower case letters, digits, '-' and '.' that begin and end with a letter or digit",
).max(253);

/** Host name, also with a last dot, or IP address; what has two colons is taken for IPv6. */
export const hostSchema = textLike(
  /^([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*)$/,
  "a host name or an IP address, without a port",
).max(253);

export const imageSchema = textLike(/^\S+$/, "an image name without spaces").max(1024);

/** A TCP port. */
export const portSchema = whole(1, 65535);

/** An object of Kubernetes' API that weir hands on as it is. */
export const handedOn = z
  .record(z.string(), z.unknown())
  .meta({ "x-kubernetes-preserve-unknown-fields": true });

export const secretRef = z.strictObject({
  name: objectNameSchema.describe("Name of a Secret in the same namespace."),
});

/** Kubernetes' own form of a quantity, without a sign. */
const quantity = z
  .union([
    whole(0),
    textLike(
      /^([0-9]+(\.[0-9]*)?|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][-+]?[0-9]+))?$/,
      'a quantity such as "500m" or "1Gi"',
    ).max(32),
  ])
  .meta({ "x-kubernetes-int-or-string": true });

const quantities = recordOf(quantity, 20).optional();

/** CPU and memory, as in a pod. */
export const resources = z
  .strictObject({
    limits: quantities.describe("As in a pod."),
    requests: quantities.describe("As in a pod."),
  })
  .describe("CPU and memory, as in a pod.");

/** A mapping of free names with at most `maxProperties` of them. */
export function recordOf<S extends z.ZodType>(value: S, maxProperties: number) {
  return z
    .record(z.string(), value)
    .superRefine((record, context) => {
      const maximum = maxProperties;
      if (Object.keys(record).length <= maximum) return;
      context.addIssue({ code: "too_big", origin: "object", maximum, input: record });
    })
    .meta({ maxProperties });
}

/** Where and how pods may run: the usual scheduling fields of a pod. */
export const scheduling = {
  nodeSelector: recordOf(z.string().max(63), 100).optional().describe("As in a pod."),
  tolerations: z.array(handedOn).max(100).optional().describe("As in a pod."),
  affinity: handedOn.optional().describe("As in a pod."),
  topologySpreadConstraints: z
    .array(handedOn)
    .max(20)
    .optional()
    .describe("As in a pod; replaces the spread that weir sets."),
  priorityClassName: objectNameSchema.optional().describe("As in a pod."),
  imagePullSecrets: z.array(secretRef).max(20).optional().describe("As in a pod."),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional().describe("As in a pod."),
} as const;

/** The fields among these that the scheduler reads. */
export const SCHEDULING = [
  "nodeSelector",
  "tolerations",
  "affinity",
  "topologySpreadConstraints",
  "priorityClassName",
  "imagePullSecrets",
] as const;

/** metadata of an object in a fleet file. A namespace is required: a plan must know it. */
export function metadataSchema(name: z.ZodString) {
  return z.strictObject({
    name: name.describe("Name of the object."),
    namespace: textLike(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      "lower case letters, digits and '-' that begin and end with a letter or digit",
    )
      .max(63)
      .describe("Namespace of the object."),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.int().optional(),
    creationTimestamp: z.string().nullable().optional(),
    deletionTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: z.int().optional(),
    finalizers: z.array(z.string()).optional(),
    ownerReferences: z.array(handedOn).optional(),
    managedFields: z.array(handedOn).optional(),
    generateName: z.string().optional(),
    selfLink: z.string().optional(),
  });
}

/** Kubernetes' own condition type. */
export const conditionSchema = z.strictObject({
  type: z.string().max(316),
  status: z.enum(["True", "False", "Unknown"]),
  observedGeneration: whole(0).optional(),
  lastTransitionTime: z.string().meta({ format: "date-time" }),
  reason: z.string().min(1).max(1024),
  message: z.string().max(32768),
});

/** A condition of an object's status. */
export type Condition = z.output<typeof conditionSchema>;

export const conditions = z
  .array(conditionSchema)
  .max(32)
  .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
  .optional()
  .describe("What the operator found, by type.");
