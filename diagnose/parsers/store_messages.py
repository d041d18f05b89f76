"""Messages of the drivers of databases, caches and queues: the program of a site does not reach
where it keeps its data. No I/O."""

import re

#: Ports of MySQL, PostgreSQL, Redis, MongoDB, RabbitMQ, memcached, Elasticsearch, SQL Server, as
#: IANA lists them.
STORE_PORT = r"(?:3306|5432|6379|27017|5672|11211|9200|1433)"

#: PDO and its drivers; Connector/J, pgJDBC, Lettuce, Spring AMQP; node-redis, Mongoose, Sequelize,
#: Prisma; psycopg, PyMySQL, redis-py; Npgsql, SqlClient; libpq; mysql.
_UNREACHED = re.compile(
    r"SQLSTATE\[(?:HY000|08006|08001)\] ?\[(?:2002|2003|2005|2006|7)\]|\bRedisConnectionException\b"
    r"|\bRedisException: (?:Connection|php_network|read error)"
    r"|\bMongo(?:Network|ServerSelection)Error\b"
    r"|\bSequelize(?:Connection\w{0,20}|HostNotFound)Error\b|\bPrismaClientInitializationError\b"
    r"|\bCan[’']t reach database server at\b|\bCommunications link failure\b"
    r"|\bAmqpConnectException\b"
    r"|\bPSQLException: (?:The c|C)onnection (?:to \S{1,255} refused|attempt failed)"
    r"|\bconnection to server at \"[^\"\n]{1,255}\"[^\n]{0,80}? failed: "
    r"|\bcould not connect to server: [^\n]{0,300}?\bTCP/IP connections on port\b"
    r"|\bCan[’']t connect to (?:local )?(?:MySQL|MariaDB) server\b"
    r"|\bError \d{2,3} connecting to \S{1,255}:6379\b"
    r"|\bNpgsqlException\b[^\n]{0,40}?[Ff]ailed to connect"
    r"|\bLost connection to (?:MySQL|MariaDB) server\b|\b(?:MySQL|MariaDB) server has gone away\b"
    # Node and Go name no more than the address
    rf"|\b(?P<address>(?:connect E[A-Z]{{5,12}}|dial tcp) \S{{1,255}}:{STORE_PORT})(?!\d)"
    r"|\bconnecting to Redis\b[^\n]{0,40}?\b(?:refused|failed|timed out)\b",
    re.IGNORECASE,
)

#: A web server in front tells so of the application that it asks, which may have such a port.
_OF_A_PROXY = re.compile(
    r"http\.log\.error|reverse_?proxy|caused by: dial tcp|\boriginService=|\bBad Gateway\b",
    re.IGNORECASE,
)


def unreached_store(words: str) -> str:
    """Return the words by which a program says that it does not reach a database, a cache or a
    queue; "" if it does not say so."""
    match = _UNREACHED.search(words)
    if match is None or (match["address"] and _OF_A_PROXY.search(words)):
        return ""
    return match[0]
