"""The service that should listen at a port of this machine, where a program says nobody does."""

import posixpath
from dataclasses import replace

from diagnose.machine import Machine
from diagnose.model.program_logs import ToldReason

#: The usual units of programs by their ports. The one that is installed is named.
_UNITS = {
    5432: ("postgresql", "postgresql@15-main", "postgresql@16-main", "postgresql@17-main"),
    3306: ("mariadb", "mysql", "mysqld"),
    6379: ("redis-server", "redis", "valkey", "valkey-server"),
    27017: ("mongod",), 5672: ("rabbitmq-server",), 11211: ("memcached",),
    9200: ("elasticsearch", "opensearch"), 5984: ("couchdb",), 1883: ("mosquitto",),
    9000: ("minio", "php-fpm"), 7700: ("meilisearch",), 8983: ("solr",), 4222: ("nats-server",),
}  # fmt: skip


async def peer(machine: Machine, reason: ToldReason) -> ToldReason:
    """Return it with the unit that should listen, if one is installed and does not run."""
    names = _UNITS.get(reason.port, ())
    if not names:
        return reason
    words = ("systemctl", "show", "-p", "Id", "-p", "LoadState", "-p", "ActiveState", "--")
    result = await machine.run(*words, *(f"{name}.service" for name in names))
    for block in result.out.split("\n\n"):
        facts = dict(line.partition("=")[::2] for line in block.split("\n"))
        if facts.get("LoadState") == "loaded" and facts.get("ActiveState") != "active":
            name = posixpath.basename(facts.get("Id", "")).removesuffix(".service")
            return replace(reason, service=name if name in names else "")
    return reason
