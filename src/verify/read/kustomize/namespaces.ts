import { counted } from "../../../text/wording.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { AppliedObjects } from "./appliedObjects.ts";
import { generatedData } from "./generatedData.ts";

/** Objects, each in its namespace. */
interface PlacedObjects {
  readonly objects: readonly ManifestObject[];
  /** Where it can't be known. */
  readonly missing: readonly MissingQuantity[];
  /** What is assumed of those that name no namespace, and the question that would settle it. */
  readonly assumed?: { readonly note: string; readonly question: MissingQuantity };
}

/** Kinds of Kubernetes that have no namespace; others call theirs ClusterIssuer, ClusterPolicy, …. */
const WITHOUT_NAMESPACE =
  /^(?:Namespace|Node|PersistentVolume|StorageClass|VolumeAttachment|CSIDriver|CSINode|CustomResourceDefinition|APIService|PriorityClass|RuntimeClass|IngressClass|GatewayClass|CertificateSigningRequest|FlowSchema|PriorityLevelConfiguration|(?:Mutating|Validating)(?:WebhookConfiguration|AdmissionPolicy(?:Binding)?)|Cluster[A-Z]\w*)$/;

/**
 * The objects in the namespaces where they will be applied: Kustomize's and Flux's namespace comes
 * before an object's own; what names none is in the given one, else where its own host names lead
 * (as `helm template` prints a chart), else in `default`.
 *
 * @param read the objects of all files
 * @param kustomizations those of Kustomize, which are no objects
 * @param given the namespace of all that name none
 * @param isApplied whether a file's objects are applied: only they are placed
 * @param texts of all files, by name
 */
export function placedObjects(
  read: readonly ManifestObject[],
  kustomizations: readonly ManifestObject[],
  given: string | undefined,
  {
    isApplied = () => true,
    texts = new Map(),
  }: {
    readonly isApplied?: (file: string) => boolean;
    readonly texts?: ReadonlyMap<string, string>;
  } = {},
): PlacedObjects {
  const all = [...read, ...generatedData(kustomizations, texts)];
  const applied = new AppliedObjects(all, kustomizations, { texts, isApplied });
  const forms = all
    .filter(({ file }) => isApplied(file))
    .flatMap((object) => applied.of(object))
    .map(({ object, namespace }) => {
      if (WITHOUT_NAMESPACE.test(object.kind)) return { object, isUnnamed: false };
      const own = isNamed(object) ? object.namespace : given;
      const isUnnamed = namespace === undefined && !isNamed(object);
      return { object: inNamespace(object, namespace ?? own), isUnnamed };
    });
  const placed = forms.map(({ object }) => object);
  const unnamed = forms.flatMap(({ object, isUnnamed }) => (isUnnamed ? [object] : []));
  const { flux, unapplied } = applied;
  const [first] = unnamed;
  if (given !== undefined || first === undefined) return { objects: placed, missing: unapplied };

  const reasons = new Map([
    ...flux.flatMap(({ object, namespace, members }): (readonly [string, string])[] =>
      namespace === undefined || members.size > 0
        ? []
        : [[namespace, `${objectOf({ object })} puts what it applies there`]],
    ),
    ...hostNamespaces(placed, unnamed),
  ]);
  if (reasons.size === 0) {
    for (const [name, reason] of sharedNamespaces(placed, unnamed)) reasons.set(name, reason);
  }
  const [namespace = "default", ...others] = reasons.keys();
  if (others.length === 0 && namespace === "default")
    return { objects: placed, missing: unapplied };
  const who = `the ${counted(unnamed.length, "object")} that ${unnamed.length === 1 ? "names" : "name"} none`;
  const why = [...reasons].map(([name, reason]) => `${name} (${reason})`);
  const options = [...reasons.keys()].map((name) => `--namespace ${name}`);
  const question = missing(
    `in which namespace ${who} will be: perhaps ${why.join(", or ")}`,
    Field.of(first).place(),
    `say ${options.join(" or ")}`,
  );
  if (others.length > 0) return { objects: placed, missing: [...unapplied, question] };
  const isUnnamed = new Set(unnamed);
  return {
    objects: placed.map((object) =>
      isUnnamed.has(object) ? inNamespace(object, namespace) : object,
    ),
    missing: unapplied,
    assumed: {
      note: `Assuming that ${who} will be in namespace ${why.join("")}: --namespace NAME says otherwise`,
      question,
    },
  };
}

function isNamed(object: ManifestObject): boolean {
  return (Field.of(object).text("metadata", "namespace") ?? "") !== "";
}

function inNamespace(object: ManifestObject, namespace = "default"): ManifestObject {
  return object.namespace === namespace ? object : { ...object, namespace };
}

/** The full name of a Service; also without .svc, with a port. */
const SERVICE_NAME =
  /(?<![\w.-])([a-z0-9][-a-z0-9]*)\.([a-z0-9][-a-z0-9]*)(?:\.svc(?![\w-])|:\d{2,5}(?!\d))/g;

/** Namespaces in which the objects say that something of the unnamed ones is, each with the host. */
function hostNamespaces(
  objects: readonly ManifestObject[],
  unnamed: readonly ManifestObject[],
): ReadonlyMap<string, string> {
  const services = unnamed.filter(({ kind }) => kind === "Service");
  // An operator's Services are called after its object: pg-rw.
  const operators = unnamed.filter(({ apiVersion }) => apiVersion.includes("."));
  const names = new Set([...services, ...operators].map(({ name }) => name));
  const named = new Set(
    objects.filter(isNamed).map(({ namespace, name }) => `${namespace}/${name}`),
  );
  const found = new Map<string, string>();
  for (const object of objects) {
    const text = JSON.stringify(object.value);
    for (const [host, service = "", namespace = ""] of text.matchAll(SERVICE_NAME)) {
      const isOne =
        names.has(service) || operators.some(({ name }) => service.startsWith(`${name}-`));
      if (isOne && !named.has(`${namespace}/${service}`)) {
        found.set(namespace, `the host ${host} names it`);
      }
    }
  }
  return found;
}

/** A Service's name alone, where a host stands: in a URL, with a port, as a value. */
const SHORT_NAME =
  /(?:[@/]|"value":")([a-z][-a-z0-9]*)(?=[:/"?])|(?<![\w.-])([a-z][-a-z0-9]*):\d{2,5}/g;

/**
 * Namespaces whose objects and the unnamed ones call each other's Services by their names alone, as only
 * objects of one namespace do; each with the name.
 */
function sharedNamespaces(
  objects: readonly ManifestObject[],
  unnamed: readonly ManifestObject[],
): ReadonlyMap<string, string> {
  if (objects.length === unnamed.length) return new Map();
  const isUnnamed = new Set(unnamed);
  const byService = Map.groupBy(
    objects.filter(({ kind }) => kind === "Service"),
    ({ name }) => name,
  );
  const found = new Map<string, string>();
  for (const object of objects) {
    const isOne = isUnnamed.has(object);
    if (WITHOUT_NAMESPACE.test(object.kind)) continue;
    const who = isOne ? `${object.kind} ${object.name}` : objectOf({ object });
    for (const match of JSON.stringify(object.value).matchAll(SHORT_NAME)) {
      const name = match[1] ?? match[2] ?? "";
      const services = byService.get(name) ?? [];
      const there = services.filter((one) => isUnnamed.has(one) !== isOne);
      // One of its own is meant first.
      if (there.length !== services.length) continue;
      for (const { namespace } of isOne ? there : there.slice(0, 1)) {
        found.set(
          isOne ? namespace : object.namespace,
          `${who} calls Service ${name} by its name alone`,
        );
      }
    }
  }
  return found;
}
