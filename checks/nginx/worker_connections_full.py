"""nginx's workers have nearly as many connections as they may, and its log does not say so.

From 15 of 16 connections on, a worker closes connections that wait for a request, TLS handshakes
among them, to make room (ngx_drain_connections). It writes that with the level `warn`, which few
logs have. Visitors' connections are then closed without a word, and only some of them.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._connection_limits import limit_fix, worker_connections
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.resources import FileUser, OpenDescriptors
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import error_log

#: From this share on a worker closes waiting connections (ngx_drain_connections).
_DRAINS_AT = 15 / 16
#: How many connections of this run were open at once, and are closed when they are counted.
_OWN = 4


@frozen(eq=False)
class _FullWorkers:
    observation: OpenDescriptors
    workers: tuple[FileUser, ...]
    most: int


@check(
    severity=Severity.ERROR,
    needs=[OpenDescriptors, NginxConfig],
    explains=["tls.closed", "tls.reset", "tls.stalled", "http.*", "upstream.*", "websocket.*"],
)
def worker_connections_full(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    connections = worker_connections(nginx)
    full = _full_workers(evidence, nginx, connections)
    failed = tuple(
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.is_browser_like
        and handshake.failure is not None
        and handshake.failure.kind in {"closed", "reset", "timeout"}
    )
    if full is None or not failed or error_log.exhaustion_lines(evidence.of(LogLine)):
        return
    new_limit = max(4 * connections, 4096)
    limit = min((worker.limit for worker in full.workers if worker.limit), default=None)
    files = 2 * new_limit if limit is not None and limit < 2 * new_limit else None
    yield Claim(
        about=Subject(text="nginx"),
        covers=(Subject(),),
        because=(full.observation, *failed, *((nginx.config,) if nginx.config else ())),
        # The running nginx may have read another number than the file has now.
        confidence=Confidence.LIKELY,
        facts={
            "connections": connections,
            "most": full.most,
            "workers": len(full.workers),
            "wanted": new_limit,
            "least": 2 * new_limit,
        },
        fix=limit_fix(nginx, new_limit, files, restart=False),
    )


def _full_workers(evidence: Evidence, nginx: Nginx, connections: int) -> _FullWorkers | None:
    """Return the workers that have nearly all connections, and how many the fullest one has.

    The master has the listening sockets too, and no visitors. Each worker has a socket for each of
    the others (ngx_pass_open_channel), which is no connection.
    """
    master = nginx.master
    for observation in evidence.good(OpenDescriptors):
        users = [
            user
            for user in observation.users
            if user.name == "nginx" and (master is None or user.pid != master.pid)
        ]
        sockets_by_pid = {user.pid: user.sockets - len(users) + 1 for user in users}
        full = tuple(
            user for user in users if sockets_by_pid[user.pid] + _OWN >= connections * _DRAINS_AT
        )
        if observation.port == evidence.target.port and full:
            return _FullWorkers(observation, full, max(sockets_by_pid[user.pid] for user in full))
    return None
