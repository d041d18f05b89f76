"""Ports that are closed to visitors on purpose: those of the applications behind a web server, and
those of services for the server's own programs and its administrators."""

from collections.abc import Iterable

from checks.listener import listeners_on
from diagnose.model import Evidence, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners, PassedPort
from diagnose.parsers.urls import parse_url

#: Ports of databases, queues, caches, mail and remote administration.
INNER_PORTS = frozenset(
    {22, 25, 53, 110, 111, 139, 143, 389, 445, 465, 587, 636, 873, 993, 995, 1433, 1521, 1883, 2049,
     2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5601, 5672, 5900, 5901, 5984, 6379, 6443,
     7946, 8006, 8086, 8500, 9090, 9092, 9100, 9200, 9300, 10000, 10250, 11211, 15672, 19999,
     27017, 33060}
)  # fmt: skip

#: Programs that answer no visitors.
INNER_PROGRAMS = frozenset(
    {"sshd", "redis-server", "valkey-server", "postgres", "mysqld", "mariadbd", "mongod",
     "memcached", "dockerd", "containerd", "named", "dnsmasq", "rpcbind", "smbd", "nfsd",
     "cupsd", "snmpd", "etcd", "beam.smp", "epmd", "php-fpm", "cockpit-ws", "cockpit-tls",
     "webmin", "miniserv.pl", "pveproxy", "prometheus", "node_exporter"}
)  # fmt: skip


@frozen
class InnerPort:
    """A port that need not be open to visitors. `passed` is the site whose requests come to it,
    None for a service of the server's own; then `program` is what listens ("" if unknown).
    `is_idle` is True if nothing listens for that site."""

    port: int
    passed: PassedPort | None
    program: str
    is_idle: bool = False

    @property
    def first_step(self) -> Manual:
        """What needs no open port: the site that passes requests on to it, or a tunnel of SSH."""
        return Manual("use-the-site" if self.passed else "through-ssh", Where.CLIENT)

    @property
    def facts(self) -> dict[str, object]:
        """What the texts say of it."""
        passed = self.passed
        return {
            "inner_port": str(self.port),
            "inner_program": self.program,
            "site": passed.url if passed else "",
            "site_server": passed.server if passed else "",
            "site_idle": self.is_idle,
            "site_place": f"{passed.file}:{passed.line}" if passed and passed.file else "",
        }


def passed_port(evidence: Evidence) -> PassedPort | None:
    """Return the site whose requests come to the target's port, one of its own name and with TLS
    before others; None if no web server of this machine is known to pass any on, or if nothing
    listens for the site."""
    return next((each for each in _passed_ports(evidence) if _is_served(evidence, each)), None)


def unserved_port(evidence: Evidence) -> PassedPort | None:
    """Return the site of a web server that would pass requests on to the target's port, and for
    which nothing listens."""
    return next((each for each in _passed_ports(evidence) if not _is_served(evidence, each)), None)


def _passed_ports(evidence: Evidence) -> list[PassedPort]:
    target = evidence.target
    sites = [passed for passed in evidence.good(PassedPort) if passed.port == target.port]
    return sorted(
        sites,
        key=lambda passed: (f"//{target.host}" not in passed.url, passed.url[:6] != "https:"),
    )


def _is_served(evidence: Evidence, passed: PassedPort) -> bool:
    """Return whether a program listens at the port of the site: a web server that does not run has
    its configuration all the same."""
    url = parse_url(passed.url)
    is_known = any(evidence.good(Listeners))
    return url is None or not is_known or bool(listeners_on(evidence, url.port))


def inner_port(evidence: Evidence, ports: Iterable[int]) -> InnerPort | None:
    """Return the target's port if it is among `ports` and need not be open to visitors."""
    port = evidence.target.port
    if port not in ports:
        return None
    holders = [socket.process or "" for socket in listeners_on(evidence, port)]
    program = next(filter(None, holders), "")
    served, idle = passed_port(evidence), unserved_port(evidence)
    passed = served or idle
    is_service = any(holder in INNER_PROGRAMS or holder.startswith("php-fpm") for holder in holders)
    is_known = port in INNER_PORTS and not WEB_SERVER_PROCESSES.intersection(holders)
    if not (passed or is_service or is_known):
        return None
    return InnerPort(port, passed, program, is_idle=passed is not None and served is None)
