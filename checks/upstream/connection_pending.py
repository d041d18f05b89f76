"""The application does not answer in time, and one of its own connections gets no reply: to its
database, a cache, a mail server, its name server. The connection was seen twice, a second apart, in
the state in which it waits for the first reply (tcp(7), SYN-SENT).

The application may open it for something else, so it is likely and never certain.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.program_logs import PendingConnection

#: What usually listens on a port.
_SERVICES = {
    25: "SMTP", 465: "SMTP", 587: "SMTP", 389: "LDAP", 636: "LDAP", 1433: "SQL Server",
    1521: "Oracle", 3306: "MySQL", 5432: "PostgreSQL", 5672: "RabbitMQ", 6379: "Redis",
    9092: "Kafka", 9200: "Elasticsearch", 11211: "memcached", 27017: "MongoDB",
}  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[PendingConnection],
    explains=[
        "http.server-error", "server.application-silent", "server.backend-not-reached",
        "server.own-answer", "upstream.application-log", "upstream.own-answer", "upstream.timeout",
        "websocket.not-upgraded", "websocket.upstream-failed",
    ],
)  # fmt: skip
def connection_pending(evidence: Evidence) -> Iterator[Claim]:
    pages, sockets = _unanswered_pages(evidence), _unanswered_websockets(evidence)
    connections = sorted(evidence.good(PendingConnection), key=lambda connection: connection.is_dns)
    if not connections or not (pages or sockets):
        return
    first, port = connections[0], evidence.target.port
    own = [connection for connection in connections if connection.endpoint == first.endpoint]
    paths = dict.fromkeys(
        (*(evidence.target.path for _ in pages), *(socket.path for socket in sockets))
    )
    subjects = tuple(Subject(port=port, path=path.partition("?")[0]) for path in paths)
    yield Claim(
        about=subjects[0],
        covers=(*subjects, Subject(port=port), Subject(port=80)),
        because=(*own, *pages, *sockets),
        confidence=Confidence.LIKELY,
        facts={
            "process": first.process,
            "pid": first.pid,
            "application": first.endpoint,
            "peers": tuple(
                dict.fromkeys(
                    str(Subject(address=connection.address, port=connection.port))
                    for connection in own
                )
            ),
            "service": _SERVICES.get(first.port, ""),
            "address": first.address,
            "port": first.port,
            "resolver": first.is_dns,
            "mail": first.port == 25,
            "command": first.equivalent,
            "paths": tuple(paths),
            "setting": first.setting,
            "unit": first.unit,
        },
        fix=Fix((Manual(_step(first), Where.SERVER),), Applicability.MANUAL),
    )


def _step(pending: PendingConnection) -> str:
    if pending.setting:
        return "allow-it"
    return "ask-the-resolver" if pending.is_dns else "open-the-way"


def _unanswered_pages(evidence: Evidence) -> list[Exchange]:
    """Return the pages that did not come, or that failed in the end."""
    return [
        page
        for page in page_exchanges(evidence)
        if (page.failure.kind == "timeout" if page.failure else (page.status or 0) >= 500)
    ]


def _unanswered_websockets(evidence: Evidence) -> list[Upgrade]:
    upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.is_visit]
    if any(upgrade.accepted for upgrade in upgrades):
        return []
    return [
        upgrade
        for upgrade in upgrades
        if (upgrade.failure.kind == "timeout" if upgrade.failure else (upgrade.status or 0) >= 500)
    ]
