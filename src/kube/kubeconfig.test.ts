import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadKubeconfig } from "./kubeconfig.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "weir-kubeconfig-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

function kubeconfig(name: string, context = name): string {
  return `
current-context: ${context}
clusters: [{ name: ${name}, cluster: { server: https://${name}:6443/, certificate-authority: ca.crt } }]
users: [{ name: ${name}, user: { token: t-${name} } }]
contexts: [{ name: ${name}, context: { cluster: ${name}, user: ${name} } }]
`;
}

test("a file with a token is beside it too, and is read when the token is needed", () => {
  const path = write("config", kubeconfig("one").replace("token: t-one", "tokenFile: token"));

  expect(loadKubeconfig({ KUBECONFIG: path }).getCurrentUser()).toMatchObject({
    authProvider: { name: "tokenFile", config: { tokenFile: join(dir, "token") } },
  });
});

test("KUBECONFIG names the file, and paths in it are beside it", () => {
  const path = write("config", kubeconfig("one"));
  const config = loadKubeconfig({ KUBECONFIG: path, HOME: "/absent" });

  expect(config.getCurrentCluster()).toMatchObject({
    server: "https://one:6443",
    caFile: join(dir, "ca.crt"),
  });
  expect(config.getCurrentUser()).toMatchObject({ token: "t-one" });
});

test("without it, it is ~/.kube/config", () => {
  mkdirSync(join(dir, ".kube"));
  write(".kube/config", kubeconfig("home"));

  expect(loadKubeconfig({ HOME: dir }).getCurrentCluster()?.name).toBe("home");
  expect(loadKubeconfig({ HOME: dir, KUBECONFIG: "" }).getCurrentCluster()?.name).toBe("home");
});

test("of several files the first that names a thing counts, and absent ones do not matter", () => {
  const first = write("first", kubeconfig("one"));
  const second = write("second", kubeconfig("two") + kubeconfigOther());
  const config = loadKubeconfig({ KUBECONFIG: `${join(dir, "absent")}:${first}:${second}` });

  expect(config.getCurrentContext()).toBe("one");
  expect(config.getContexts().map(({ name }) => name)).toEqual(["one", "two"]);
});

/** Nothing that is read: what kubectl writes beside. */
function kubeconfigOther(): string {
  return "kind: Config\napiVersion: v1\npreferences: {}\n";
}

test("the same name in two files is no mistake", () => {
  const first = write("first", kubeconfig("one"));
  const second = write("second", kubeconfig("one").replace("https://one", "https://other"));
  const config = loadKubeconfig({ KUBECONFIG: `${first}:${second}` });

  expect(config.getClusters()).toHaveLength(1);
  expect(config.getCurrentCluster()?.server).toBe("https://one:6443");
});

test("no cluster at all is not taken for one on localhost", () => {
  expect(() => loadKubeconfig({ HOME: dir })).toThrow(
    "no cluster is configured: KUBECONFIG is not set, and there is no ~/.kube/config",
  );
  expect(() => loadKubeconfig({ HOME: dir, KUBECONFIG: "/absent/a:/absent/b" })).toThrow(
    "KUBECONFIG names no file that is there: /absent/a, /absent/b",
  );
});

test.each([
  ["no YAML", "users: [{ name: u, user: { token: t0ps3cret }\n  x: ["],
  ["an alias to nothing", "users: *t0ps3cret"],
  ["a list", "- t0ps3cret"],
  ["nothing", ""],
  ["a cluster without a server", "clusters: [{ name: c, cluster: { x: t0ps3cret } }]"],
])("%s is refused in one line, without what is in it", (_, text) => {
  const path = write("config", text);
  let message = "loaded";
  try {
    loadKubeconfig({ KUBECONFIG: path });
  } catch (error) {
    message = String(error);
  }

  expect(message).toMatch(/^KubeError: \S+config(?:: no current-context| is not a kubeconfig)/);
  expect(message).not.toMatch(/t0ps3cret|\n/);
});

test("a context that is not there is named", () => {
  const path = write("config", kubeconfig("one", "other"));
  expect(() => loadKubeconfig({ KUBECONFIG: path })).toThrow(
    `${path}: current-context other names no cluster that is there`,
  );
});
