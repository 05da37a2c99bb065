import { Command, Option } from "commander";
import { stringify } from "yaml";
import type { Fleet } from "../api/fleet.ts";
import { credentials, credentialSecretNames } from "../credentials/credentials.ts";
import { secretKeyOf, type Secret, type SecretData } from "../credentials/secrets.ts";
import { parseExistingSecrets } from "./existingSecrets.ts";
import { readFleetFiles } from "./fleetFiles.ts";
import { newPassword } from "./newPassword.ts";
import { EXIT, Failure, readInputOnce, refuse, type Shell } from "./shell.ts";

interface SecretsOptions {
  readonly existing?: string;
  readonly new?: true;
}

/** `weir secrets FLEET…`: the Secrets that are missing, to pipe into `kubectl apply -f -`. */
export function secretsCommand(shell: Shell): Command {
  return new Command("secrets")
    .description("the Secrets that are missing in the cluster, for: kubectl apply -f -")
    .argument("[fleet...]", "fleet files; - is standard input; without any: WEIR_FLEET")
    .addOption(
      new Option("--existing <file>", "what is there, from kubectl get secret -o yaml").conflicts(
        "new",
      ),
    )
    .option("--new", "make all of them anew, without asking what is there")
    .action(async (files: string[], options: SecretsOptions) => {
      readInputOnce([...files, options.existing]);
      const fleet = readFleetFiles(files, shell);
      const existing = await existingSecrets(fleet, options, shell);
      const { secrets, problems, notes } = credentials(
        fleet,
        (name) => existing.get(secretKeyOf(name)),
        newPassword,
      );
      refuse(problems);
      shell.out(secrets.map(document).join(""));
      if (secrets.length === 0) shell.err("weir secrets: nothing is missing\n");
      for (const note of [...notes, ...(options.new ? [ALL_NEW] : [])]) shell.err(`${note}\n`);
    });
}

const ALL_NEW =
  "All passwords are new: where the fleet runs already, apply them, restart PgBouncer, then the servers.";

/** What is there, by NAMESPACE/NAME. */
async function existingSecrets(
  fleet: Fleet,
  options: SecretsOptions,
  shell: Shell,
): Promise<ReadonlyMap<string, SecretData>> {
  const { existing } = options;
  if (options.new) return new Map();
  if (existing === undefined) return secretsInCluster(fleet, shell);
  const file = existing === "-" ? "standard input" : existing;
  return parseExistingSecrets(shell.read(existing), file);
}

/**
 * The Secrets of a fleet that are in the cluster of KUBECONFIG, by NAMESPACE/NAME.
 *
 * @throws Failure (failed) in one line, when the cluster does not answer
 */
async function secretsInCluster(
  fleet: Fleet,
  { env, runtime }: Shell,
): Promise<ReadonlyMap<string, SecretData>> {
  // Loaded when it is needed: the library takes longer than any other command of weir.
  const [{ loadKubeconfig }, { connect }, { readSecrets }, { KubeError }] = await Promise.all([
    import("../kube/kubeconfig.ts"),
    import("../kube/client.ts"),
    import("../observe/secrets.ts"),
    import("../kube/refusal.ts"),
  ]);
  const names = credentialSecretNames(fleet);
  try {
    const client = connect(loadKubeconfig(env), runtime);
    try {
      const found = await readSecrets(client, names);
      return new Map(
        names.flatMap((name, index) => {
          const data = found[index];
          return data === undefined ? [] : [[secretKeyOf(name), data] as const];
        }),
      );
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const instead = "without a cluster: --existing FILE, or --new";
    throw new Failure(EXIT.failed, `weir secrets: ${error.message} (${instead})`);
  }
}

/** In YAML that kubectl, which reads YAML 1.1, takes for the same. */
function document(secret: Secret): string {
  return `---\n${stringify(secret, { version: "1.1", lineWidth: 0 })}`;
}
