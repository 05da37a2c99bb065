import type { UnavailablePart } from "../../model/observation.ts";
import type { LivePostgres, PostgresSample } from "../../model/postgres.ts";
import { openPostgres } from "../../postgres/ask.ts";
import type { LoginUrl } from "../../postgres/loginUrl.ts";
import { quotedIdentifier } from "../../text/quoting.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { ANSWER_TIMEOUT_MS, type Source } from "./source.ts";

/** @throws what Postgres, the network or TLS said */
export async function postgresSource(
  login: LoginUrl,
  runtime: Runtime,
): Promise<Source<LivePostgres>> {
  const postgres = await openPostgres(login, ANSWER_TIMEOUT_MS, runtime);
  const { limits, roleLimits, seesAll, backends, close } = postgres;
  const samples: PostgresSample[] = [];
  return {
    unavailable: seesAll ? [] : [othersSessions(login)],
    sample: async () => void samples.push(await backends()),
    result: () => (samples.length < 2 ? undefined : { ...limits, roleLimits, samples }),
    close,
  };
}

function othersSessions({ address, user }: LoginUrl): UnavailablePart {
  return {
    what: `other users' sessions in Postgres ${address}`,
    why: `${user} may not see what they do: only that they are there, parallel workers among them`,
    next: `as a superuser: GRANT pg_monitor TO ${quotedIdentifier(user)}`,
  };
}
