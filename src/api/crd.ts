import { stringify } from "yaml";
import { fieldSchemaOf, KINDS, type FieldSchema, type Kind } from "./fieldSchema.ts";
import { GROUP, VERSION } from "./names.ts";
import { structural, type StructuralSchema } from "./structuralSchema.ts";

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `kubectl get -o wide`. */
  readonly priority?: 1;
}

/** What a CRD says of a kind beside its schema. */
interface KindFacts {
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  /** Where `kubectl scale` and autoscalers find the desired number of pods. */
  readonly replicasPath: string;
  readonly columns: readonly Column[];
}

const FACTS: Readonly<Record<Kind, KindFacts>> = {
  ConnectionBudget: {
    plural: "connectionbudgets",
    singular: "connectionbudget",
    shortName: "cb",
    replicasPath: ".spec.pgbouncer.replicas",
    columns: [
      { name: "Mode", type: "string", jsonPath: ".spec.mode" },
      {
        name: "Clients",
        type: "integer",
        jsonPath: ".spec.pgbouncer.maxClientConn",
        description: "max_client_conn of each PgBouncer process.",
      },
      { name: "Pods", type: "integer", jsonPath: ".status.replicas" },
      condition("Feasible"),
      // Short names: the row must fit on a screen.
      condition("WithinBudget", "Within"),
      condition("ConfigApplied", "Applied"),
      condition("PostgresGuarded", "Guarded"),
      condition("Ready"),
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      { name: "Policy", type: "string", jsonPath: ".spec.policy", priority: 1 },
      reason("Ready"),
    ],
  },
  McpServer: {
    plural: "mcpservers",
    singular: "mcpserver",
    shortName: "mcps",
    replicasPath: ".spec.replicas",
    columns: [
      { name: "Budget", type: "string", jsonPath: ".spec.budgetRef.name" },
      { name: "Pods", type: "integer", jsonPath: ".status.replicas" },
      {
        name: "Limit",
        type: "integer",
        jsonPath: ".status.limit",
        description: "Connections that a process gets.",
      },
      {
        name: "Grant",
        type: "integer",
        jsonPath: ".status.grant",
        description: "Clients that the server may hold on each PgBouncer process.",
      },
      condition("Admitted"),
      condition("Ready"),
      { ...condition("WithinGrant"), priority: 1 },
      { ...condition("PoolSettingIgnored", "Ignored"), priority: 1 },
      { ...condition("Verified"), priority: 1 },
      reason("Ready"),
    ],
  },
};

/** A CustomResourceDefinition. */
export interface Crd {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

/** The CustomResourceDefinitions of both kinds, made from the schemas that read a fleet. */
export function crds(): readonly Crd[] {
  return KINDS.map(crdOf);
}

/** The name of a kind's CRD: `mcpservers.weir.dev`. */
function crdName(kind: Kind): string {
  return `${FACTS[kind].plural}.${GROUP}`;
}

function crdOf(kind: Kind): Crd {
  const { plural, singular, shortName, replicasPath, columns } = FACTS[kind];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: crdName(kind) },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ["weir"],
      },
      scope: "Namespaced",
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: replicasPath,
              statusReplicasPath: ".status.replicas",
              labelSelectorPath: ".status.selector",
            },
          },
          schema: { openAPIV3Schema: objectSchema(fieldSchemaOf(kind)) },
        },
      ],
    },
  };
}

/** Of metadata a CRD may restrict the name alone; the API server knows the rest. */
function objectSchema(schema: FieldSchema): StructuralSchema {
  const { metadata = {}, spec = {}, status = {} } = schema.properties ?? {};
  const { name = {} } = metadata.properties ?? {};
  const known = structural({ ...schema, required: ["spec"], properties: { spec, status } });
  return {
    ...known,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: structural(name) } },
      ...known.properties,
    },
  };
}

function condition(type: string, name = type): Column {
  const jsonPath = `.status.conditions[?(@.type=="${type}")].status`;
  return { name, type: "string", jsonPath };
}

/** Why a condition is what it is, in one word. */
function reason(type: string): Column {
  const jsonPath = `.status.conditions[?(@.type=="${type}")].reason`;
  return { name: "Reason", type: "string", jsonPath, priority: 1 };
}

/** The files of crds/, named as Kubernetes' own tools name them. */
export function crdFiles(): { readonly name: string; readonly text: string }[] {
  return KINDS.map((kind) => ({
    name: `${GROUP}_${FACTS[kind].plural}.yaml`,
    text: stringify(crdOf(kind), { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}
