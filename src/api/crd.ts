import { stringify } from "yaml";
import { fieldOf, type Fields } from "../json/fields.ts";
import { fieldSchemaOf, KINDS, type FieldSchema, type Kind } from "./fieldSchema.ts";
import { GROUP, VERSION } from "./names.ts";
import { structural } from "./structuralSchema.ts";

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `kubectl get -o wide`. */
  readonly priority?: 1;
}

function text(name: string, jsonPath: string): Column {
  return { name, type: "string", jsonPath };
}

function count(name: string, jsonPath: string): Column {
  return { name, type: "integer", jsonPath };
}

function condition(type: string, name = type): Column {
  return text(name, `.status.conditions[?(@.type=="${type}")].status`);
}

/** Why an object is Ready or not, in one word. */
const REASON: Column = {
  ...text("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
  priority: 1,
};

/** The fields of a kind's CRD beside its schema. */
const FACTS = {
  ConnectionBudget: {
    shortName: "cb",
    /** Where `kubectl scale` and autoscalers find the desired number of pods. */
    replicasPath: ".spec.pgbouncer.replicas",
    columns: [
      text("Mode", ".spec.mode"),
      {
        ...count("Clients", ".spec.pgbouncer.maxClientConn"),
        description: "max_client_conn of each PgBouncer process.",
      },
      count("Pods", ".status.replicas"),
      condition("Feasible"),
      // Short names: the row must fit on a screen.
      condition("WithinBudget", "Within"),
      condition("ConfigApplied", "Applied"),
      condition("PostgresGuarded", "Guarded"),
      condition("Ready"),
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      { ...text("Policy", ".spec.policy"), priority: 1 },
      REASON,
    ],
  },
  McpServer: {
    shortName: "mcps",
    replicasPath: ".spec.replicas",
    columns: [
      text("Budget", ".spec.budgetRef.name"),
      count("Pods", ".status.replicas"),
      { ...count("Limit", ".status.limit"), description: "Connections that a process gets." },
      {
        ...count("Grant", ".status.grant"),
        description: "Clients that the server may hold on each PgBouncer process.",
      },
      condition("Admitted"),
      condition("Ready"),
      { ...condition("WithinGrant"), priority: 1 },
      { ...condition("PoolSettingIgnored", "Ignored"), priority: 1 },
      { ...condition("Verified"), priority: 1 },
      REASON,
    ],
  },
} as const satisfies Record<Kind, unknown>;

/** The CustomResourceDefinitions of both kinds, made from the schemas that read a fleet. */
export function crds() {
  return KINDS.map(crdOf);
}

function pluralOf(kind: Kind): string {
  return `${kind.toLowerCase()}s`;
}

function crdOf(kind: Kind) {
  const { shortName, replicasPath, columns } = FACTS[kind];
  const plural = pluralOf(kind);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ["weir"],
      },
      scope: "Namespaced",
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: columns satisfies readonly Column[],
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
function objectSchema(schema: FieldSchema): Fields {
  const { metadata = {}, spec = {}, status = {} } = schema.properties ?? {};
  const { name = {} } = metadata.properties ?? {};
  const known = structural({ ...schema, required: ["spec"], properties: { spec, status } });
  return {
    ...known,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: structural(name) } },
      ...fieldOf(known, "properties"),
    },
  };
}

/** The files of crds/, named as Kubernetes' own tools name them. */
export function crdFiles(): { readonly name: string; readonly text: string }[] {
  return KINDS.map((kind) => ({
    name: `${GROUP}_${pluralOf(kind)}.yaml`,
    text: stringify(crdOf(kind), { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}
