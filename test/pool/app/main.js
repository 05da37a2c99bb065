import { pool, PoolRefused } from "@weir-dev/pool";

const db = pool({ limitFile: "none", port: 0 });
const { rows } = await db.query("SELECT $1::int + 1 AS two", [1]);
const client = await db.connect();
const { limit, open, inUse } = db.state();
client.release();
const answer = await fetch(`http://127.0.0.1:${await db.port()}/limit`);
const acknowledged = await answer.json();
await db.end();
process.stdout.write(
  `${rows[0].two} ${limit} ${open} ${inUse} ${acknowledged.limit} ${PoolRefused.name}\n`,
);
