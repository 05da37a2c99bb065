import { pool, PoolRefused } from "@weir-dev/pool";

const db = pool({ limitFile: "none", port: 0 });
const { rows } = await db.query("SELECT $1::int + 1 AS two", [1]);
const client = await db.connect();
const { limit, open, inUse } = db.state();
client.release();
const left = await db.connect();
await left.query("BEGIN");
left.release();
const next = await db.query("SELECT now() = statement_timestamp() AS alone");
const answer = await fetch(`http://127.0.0.1:${await db.port()}/limit`);
const acknowledged = await answer.json();
await db.end();
process.stdout.write(
  `${rows[0].two} ${limit} ${open} ${inUse} ${acknowledged.limit} ${PoolRefused.name} ${next.rows[0].alone}\n`,
);
