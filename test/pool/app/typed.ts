import { pool, PoolRefused, type Pool, type PoolState } from "@weir-dev/pool";

const db: Pool = pool({ max: 3, serve: false, limitFile: "none" });
const { rows } = await db.query<{ two: number }>("SELECT $1::int + 1 AS two", [1]);
const two: number | undefined = rows[0]?.two;
const client = await db.connect();
const { rowCount } = await client.query("SELECT 1");
client.release();
const state: PoolState = db.state();
const refused = new PoolRefused("max_client_conn");
const limit: "max_client_conn" | "max_db_client_connections" | "max_user_client_connections" =
  refused.limit;
await db.end();
// @ts-expect-error a limit is a number
const wrong = () => pool({ max: "3" });
process.stdout.write(`${two} ${rowCount} ${state.limit} ${limit} ${typeof wrong}\n`);
