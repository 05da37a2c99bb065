/** Which variables tell of a Postgres, by their names. */

const WORDS =
  /(?:^|_)(?:DB|DATABASE|DATABASES|PG|PGSQL|PSQL|PGBOUNCER|POOLER|DATASOURCE|JDBC|R2DBC|SQL|RDS|AURORA|DSN|SQLALCHEMY|TYPEORM|KNEX|PRISMA)(?:_|$)|POSTGRES|DATABASE|CONNECTION_?STRING|CONN_?STR|^PG(?:HOST|HOSTADDR)$/i;

/** Other stores have hosts, databases and connection strings too. */
const OTHERS =
  /MYSQL|MARIADB|SQLITE|COSMOS|STORAGE|BLOB|SERVICE_?BUS|EVENT_?HUB|INSIGHTS|SIGNALR|SMTP|AMQP|REDIS|VALKEY|MONGO|MSSQL|SQLSERVER|ORACLE|CLICKHOUSE|CASSANDRA|ELASTIC|INFLUX|NEO4J|MEMCACHE|RABBIT|KAFKA|SENTRY_DSN/i;

const HOST = /^(.*_|PG|)(?:HOST|HOSTNAME|HOSTADDR|HOST_NAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/i;

const LOCATION =
  /(?:URL|URI|DSN|JDBC|CONNECTION_?STRING|CONN_?STR|CONNECTION|HOST|HOSTNAME|HOSTADDR|SERVER|ADDR|ADDRESS|ENDPOINT)\d*$/i;

/** `ConnectionStrings__Default`: what stands after it is the application's own word. */
const ASP_NET = /^ConnectionStrings__/i;

/** What is counted or timed per server or host is none: DB_POOL_MAX_PER_SERVER. */
const MEASURE = /(?:^|_)(?:POOL|MAX|MIN|PER|LIMIT|TIMEOUT|COUNT|NUM|CHECK|VERIFY|SSL|TLS)(?:_|$)/i;

/** A variable that tells of a Postgres: DATABASE_URL, ORDERS_DB_HOST, PGHOST. */
export function isDatabaseName(name: string): boolean {
  return WORDS.test(name) && !OTHERS.test(name);
}

/** A variable that says where to connect, as opposed to a login, a password, a limit. */
export function isLocation(name: string): boolean {
  return (LOCATION.test(name) || ASP_NET.test(name)) && !MEASURE.test(name);
}

/** What stands before HOST in the name of a variable that holds one: `DB_`, `PG`. */
export function splitHostName(name: string): string | undefined {
  return MEASURE.test(name) ? undefined : HOST.exec(name)?.[1];
}
