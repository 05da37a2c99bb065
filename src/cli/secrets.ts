import { Option, type Command } from "commander";
import { stringify } from "yaml";
import type { Fleet } from "../api/fleet.ts";
import { credentials, credentialSecretNames } from "../credentials/credentials.ts";
import { secretKeyOf, type Secret, type SecretData } from "../credentials/secrets.ts";
import { parseExistingSecrets } from "./existingSecrets.ts";
import { fleetCommand, readFleetFiles } from "./fleetFiles.ts";
import { newPassword } from "./newPassword.ts";
import { inputName, readInputOnce, refuse, withCluster, type Shell } from "./shell.ts";

interface SecretsOptions {
  readonly existing?: string;
  readonly new?: true;
}

/** `weir secrets FLEET…`: the Secrets that are missing, to pipe into `kubectl apply -f -`. */
export function secretsCommand(shell: Shell): Command {
  return fleetCommand(
    "secrets",
    "the Secrets that are missing in the cluster, for: kubectl apply -f -",
  )
    .addOption(
      new Option(
        "--existing <file>",
        "a file with the existing Secrets (kubectl get secret -o yaml)",
      ).conflicts("new"),
    )
    .option("--new", "make new passwords for all Secrets; ask no cluster")
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

/** The Secrets that exist, by NAMESPACE/NAME. */
async function existingSecrets(
  fleet: Fleet,
  options: SecretsOptions,
  shell: Shell,
): Promise<ReadonlyMap<string, SecretData>> {
  const { existing } = options;
  if (options.new) return new Map();
  if (existing === undefined) return secretsInCluster(fleet, shell);
  return parseExistingSecrets(shell.read(existing), inputName(existing));
}

/** The Secrets of a fleet that are in the cluster of KUBECONFIG, by NAMESPACE/NAME. */
async function secretsInCluster(
  fleet: Fleet,
  shell: Shell,
): Promise<ReadonlyMap<string, SecretData>> {
  const { readSecrets } = await import("../observe/secrets.ts");
  const names = credentialSecretNames(fleet);
  const found = await withCluster(
    shell,
    "weir secrets",
    (client) => readSecrets(client, names),
    " (without a cluster: --existing FILE, or --new)",
  );
  return new Map(
    names.flatMap((name, index) => {
      const data = found[index];
      return data === undefined ? [] : [[secretKeyOf(name), data] as const];
    }),
  );
}

/** In YAML that kubectl, which reads YAML 1.1, takes for the same. */
function document(secret: Secret): string {
  return `---\n${stringify(secret, { version: "1.1", lineWidth: 0 })}`;
}
