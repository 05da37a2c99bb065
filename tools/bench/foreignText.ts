/** Applications in one namespace, behind one PgBouncer. */
const APPS_A_NAMESPACE = 100;

/**
 * Manifests as charts write them, of so many applications: four objects each, of which one has a text
 * over several lines, and for each hundred of them a PgBouncer and a Postgres.
 */
export function foreignText(apps: number): string {
  const documents: string[] = [];
  for (let index = 0; index < apps; index += 1) {
    const namespace = `team-${String(Math.floor(index / APPS_A_NAMESPACE)).padStart(3, "0")}`;
    if (index % APPS_A_NAMESPACE === 0) documents.push(databaseText(namespace));
    documents.push(appText(namespace, `app-${String(index % APPS_A_NAMESPACE).padStart(2, "0")}`));
  }
  return documents.join("---\n");
}

/** Room for applications of two pods each, whose pools have 4. */
function databaseText(namespace: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: pgbouncer
  namespace: ${namespace}
data:
  pgbouncer.ini: |
    [databases]
    ${namespace} = host=postgres port=5432 user=app
    [pgbouncer]
    listen_port = 6432
    max_client_conn = ${APPS_A_NAMESPACE * 12}
    default_pool_size = 40
---
${workloadText("Deployment", namespace, "pgbouncer", 6432, "edoburu/pgbouncer:v1.24.1-p1")}
          volumeMounts:
            - name: config
              mountPath: /etc/pgbouncer
      volumes:
        - name: config
          configMap:
            name: pgbouncer
---
${serviceText(namespace, "pgbouncer", 6432)}
---
${workloadText("StatefulSet", namespace, "postgres", 5432, "postgres:17")}
          args: ["-c", "max_connections=200"]
---
${serviceText(namespace, "postgres", 5432)}
`;
}

function appText(namespace: string, name: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: ${namespace}
${labelsText(name, "  ")}
data:
  LOG_LEVEL: info
  app.yaml: |
${Array.from({ length: 44 }, (_, line) => `    feature-${line}: { enabled: ${line % 2 === 0}, owners: [team-${line}, platform] }`).join("\n")}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
  namespace: ${namespace}
${labelsText(name, "  ")}
---
${serviceText(namespace, name, 8080)}
---
${workloadText("Deployment", namespace, name, 8080, `registry.example.com/${namespace}/${name}:1.4.2`)}
          envFrom:
            - configMapRef:
                name: ${name}
          env:
            - name: DATABASE_URL
              value: postgresql://app:none@pgbouncer:6432/${namespace}
            - name: DB_POOL_MAX
              value: "4"
            - name: OTEL_SERVICE_NAME
              value: "${name}"
          readinessProbe:
            httpGet: { path: /ready, port: http }
            periodSeconds: 10
          livenessProbe:
            httpGet: { path: /live, port: http }
            periodSeconds: 20
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: ["ALL"] }
`;
}

function serviceText(namespace: string, name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
${labelsText(name, "  ")}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: main
      port: ${port}
      targetPort: ${port}
      protocol: TCP`;
}

/** A workload of one container, which ends the text. */
function workloadText(
  kind: "Deployment" | "StatefulSet",
  namespace: string,
  name: string,
  port: number,
  image: string,
): string {
  return `apiVersion: apps/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: ${namespace}
${labelsText(name, "  ")}
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
${labelsText(name, "      ")}
    spec:
      serviceAccountName: ${name}
      containers:
        - name: ${name}
          image: "${image}"
          ports:
            - name: http
              containerPort: ${port}`;
}

function labelsText(name: string, indent: string): string {
  return `labels:
  app.kubernetes.io/name: ${name}
  app.kubernetes.io/instance: ${name}
  app.kubernetes.io/version: "1.4.2"
  app.kubernetes.io/managed-by: Helm
  helm.sh/chart: ${name}-0.9.1
annotations:
  meta.helm.sh/release-name: ${name}
  checksum/config: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
    .split("\n")
    .map((line) => indent + line)
    .join("\n");
}
