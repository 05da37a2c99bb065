import { TRYOUT_VARIABLE, tryoutRequest } from "../render/tryouts.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

/**
 * Whether WEIR_TRYOUT_POSTGRES asks for a Postgres for trying out, read as `cdk8s synth` does.
 *
 * @throws Failure (bad input) for a value that is neither yes nor no
 */
export function tryoutRequested(env: Shell["env"]): boolean {
  const { wished, problems } = tryoutRequest(env[TRYOUT_VARIABLE]);
  if (problems.length > 0) throw new Failure(EXIT.badInput, problems.join("\n"));
  return wished;
}
