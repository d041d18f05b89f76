"""The services of other programs that a program's words name where it could not reach them: a host
or an address with a port, or the kind of a database. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.lost_hosts import lost_host

_MAX_TEXT = 4000

#: HOST:PORT, as drivers and scripts that wait write it: "connect ECONNREFUSED 172.18.0.3:5432",
#: "timeout occurred after waiting 15 seconds for db:5432" (wait-for-it.sh).
_HOST_PORT = lazy_pattern(
    r"(?<![\w.:-])([A-Za-z][\w.-]{0,62}|\d{1,3}(?:\.\d{1,3}){3}):(\d{2,5})(?![\w.]*\w)"
)
#: libpq ('connection to server at "db" (172.18.0.3), port 5432 failed'); MySQL's client ("Can't
#: connect to MySQL server on 'db' (115)").
_QUOTED = lazy_pattern(
    r"\b(?:server|host|hostname|service) (?:at |on |named )?[\"'`]([\w.-]{1,253})[\"'`]"
    r"(?: \([\d.]{7,15}\))?(?:, port (\d{1,5}))?"
)
#: What a line says of a database that is not reached: its name, the connection, and that it failed.
_NAME = lazy_pattern(
    r"\b(database|db|mysql|mariadb|postgres(?:ql)?|redis|mongo(?:db)?|elasticsearch)\b",
    re.IGNORECASE,
)
_CONNECTION = lazy_pattern(
    r"\b(?:connect\w*|reach\w*|server|host|refused|unavailable|unreachable|waiting|starting up"
    r"|not ready|down)\b",
    re.IGNORECASE,
)
_FAILED = lazy_pattern(
    r"\b(?:error|errno|fail\w*|cannot|can't|could not|couldn't|unable|refused|lost|unavailable"
    r"|unreachable|timed? ?out|timeout|waiting|starting up|not ready|not available|down)\b",
    re.IGNORECASE,
)
#: That a host was asked in vain. A place in a source, "app.py:42", is no service.
_UNREACHED = lazy_pattern(
    r"\b(?:connect\w*|refused|reset|unreachable|reach\w*|time[d ]?[ -]?out|waiting|no route|resolve"
    r"|E(?:CONN\w{3,10}|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN|PIPE))\b|ECONN|dial tcp",
    re.IGNORECASE,
)

#: The kinds of programs that keep data for others: the ports of their documentation, and the last
#: part of the names of their images.
_PORTS = {
    5432: "postgresql", 3306: "mysql", 6379: "redis", 27017: "mongodb", 9200: "elasticsearch",
    5672: "rabbitmq", 11211: "memcached", 8086: "influxdb",
}  # fmt: skip
_IMAGES = {
    "postgresql": "postgres(?:ql)?|postgis|timescaledb|pgvector|pgvecto-rs|spilo-\\d+",
    "mysql": "mysql|mariadb|percona",
    "redis": "redis|valkey|keydb|dragonfly",
    "mongodb": "mongo|mongodb",
    "elasticsearch": "elasticsearch|opensearch",
    "rabbitmq": "rabbitmq",
    "memcached": "memcached",
    "influxdb": "influxdb",
}
_REST = r"(?:-(?:alpine|server|galera|ha|stack|stack-server|community|community-server|oss))?"
_DATABASES = frozenset({"postgresql", "mysql", "mongodb"})
_WORDS = {
    "database": _DATABASES, "db": _DATABASES, "mysql": frozenset({"mysql"}),
    "mariadb": frozenset({"mysql"}), "postgres": frozenset({"postgresql"}),
    "postgresql": frozenset({"postgresql"}), "redis": frozenset({"redis"}),
    "mongo": frozenset({"mongodb"}), "mongodb": frozenset({"mongodb"}),
    "elasticsearch": frozenset({"elasticsearch"}),
}  # fmt: skip


@frozen
class NamedService:
    """A host, or an address, that a program asked. `port` is 0 if it is not told."""

    host: str
    port: int = 0

    @property
    def is_address(self) -> bool:
        return is_address(self.host)


def named_services(text: str) -> tuple[NamedService, ...]:
    """Return the services that a program's words name, each once."""
    head = text[:_MAX_TEXT]
    lost = lost_host(head)
    services = [NamedService(lost)] if lost else []
    for pattern in (_QUOTED, _HOST_PORT) if _UNREACHED.search(head) else ():
        services += [NamedService(match[1], int(match[2] or 0)) for match in pattern.finditer(head)]
    return tuple(dict.fromkeys(services))[:16]


def told_stores(text: str) -> frozenset[str]:
    """Return the kinds of databases of which a program's words say that one is not reached; a plain
    "database" may be any."""
    lines = [line[:400] for line in text[:_MAX_TEXT].splitlines()[:60]]
    words = [
        store_name[1]
        for line in lines
        if (store_name := _NAME.search(line)) and _CONNECTION.search(line) and _FAILED.search(line)
    ]
    return frozenset(kind for word in words for kind in _WORDS[word.lower()])


def store_of_port(port: int) -> str:
    """Return the kind of a program that keeps data, by its documented port; "" for another one."""
    return _PORTS.get(port, "")


def store_of_image(image: str) -> str:
    """Return the kind of a program that keeps data, by the name of its image; "" for another one,
    such as one that shows or saves a database."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    for kind, names in _IMAGES.items():
        if re.fullmatch(rf"(?:{names}){_REST}", name):
            return kind
    return ""
