import { counted, listed } from "../../../text/wording.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { fluxLayer, isFluxKustomization, kustomizeLayer, Layers } from "./kustomizations.ts";

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
 * @param all the objects of all files
 * @param kustomizations those of Kustomize, which are no objects
 * @param isApplied whether a file's objects are applied: only they are placed
 * @param given the namespace of all that name none
 */
export function placedObjects(
  all: readonly ManifestObject[],
  kustomizations: readonly ManifestObject[],
  given: string | undefined,
  isApplied: (file: string) => boolean = () => true,
): PlacedObjects {
  const objects = all.filter(({ file }) => isApplied(file));
  const files = new Set([...all, ...kustomizations].map(({ file }) => file));
  // Also one that is left out may have been applied by hand.
  const flux = all.filter(isFluxKustomization).map((object) => fluxLayer(object, files));
  const layers = new Layers([...kustomizations.map(kustomizeLayer), ...flux]);
  const put = (object: ManifestObject): string | undefined => {
    const [namespace, ...others] = layers.namespacesOf(object.file);
    return others.length === 0 ? namespace : undefined;
  };
  const placed = objects.map((object) => {
    if (WITHOUT_NAMESPACE.test(object.kind)) return object;
    const own = isNamed(object) ? object.namespace : given;
    return inNamespace(object, put(object) ?? own);
  });
  const unnamed = objects.filter(
    (object) =>
      !isNamed(object) && !WITHOUT_NAMESPACE.test(object.kind) && put(object) === undefined,
  );
  const ambiguous = [...placedSeveralTimes(objects, layers), ...layers.changes()];
  const [first] = unnamed;
  if (given !== undefined || first === undefined) return { objects: placed, missing: ambiguous };

  const reasons = new Map([
    ...flux.flatMap(({ object, namespace, members }): (readonly [string, string])[] =>
      namespace === undefined || members.size > 0
        ? []
        : [[namespace, `${objectOf({ object })} puts what it applies there`]],
    ),
    ...hostNamespaces(objects, unnamed),
  ]);
  const [namespace = "default", ...others] = reasons.keys();
  if (others.length === 0 && namespace === "default")
    return { objects: placed, missing: ambiguous };
  const who = `the ${counted(unnamed.length, "object")} that ${unnamed.length === 1 ? "names" : "name"} none`;
  const why = [...reasons].map(([name, reason]) => `${name} (${reason})`);
  const options = [...reasons.keys()].map((name) => `--namespace ${name}`);
  const question = missing(
    `in which namespace ${who} will be: perhaps ${why.join(", or ")}`,
    Field.of(first).place(),
    `say ${options.join(" or ")}`,
  );
  if (others.length > 0) return { objects: placed, missing: [...ambiguous, question] };
  const isUnnamed = new Set(unnamed);
  return {
    objects: objects.map((object, index) =>
      isUnnamed.has(object) ? inNamespace(object, namespace) : (placed[index] ?? object),
    ),
    missing: ambiguous,
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

/** Files whose objects several kustomizations put into different namespaces: one question for each set. */
function placedSeveralTimes(
  objects: readonly ManifestObject[],
  layers: Layers,
): readonly MissingQuantity[] {
  const several = objects.filter(({ file }) => layers.namespacesOf(file).size > 1);
  const bySet = Map.groupBy(several, ({ file }) =>
    [...layers.namespacesOf(file)]
      .map((name) => name ?? "their own")
      .toSorted()
      .join(", "),
  );
  return [...bySet].flatMap(([names, [first, ...more]]) => {
    if (first === undefined) return [];
    const files = new Set([first, ...more].map(({ file }) => file));
    const what = `which objects there are of ${listed([...files])}: kustomizations put them into several namespaces (${names})`;
    const remedy =
      "give what each kustomization makes instead: kubectl kustomize DIR | weir verify -";
    return [missing(what, Field.of(first).place(), remedy)];
  });
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
