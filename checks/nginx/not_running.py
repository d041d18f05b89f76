"""No master among the processes, nothing of another program on the port, and a configuration that
would listen on it. A container's nginx is not this one; but its port may be seen by connections
alone, so that one of them must have been refused."""

from collections.abc import Iterator

from checks.nginx import NOT_THERE, Nginx
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[NginxState, NginxConfig], explains=NOT_THERE)
def not_running(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    state, config = nginx.state, nginx.config
    if state is None or config is None or not state.installed or nginx.master:
        return
    if state.masters and not _refused(evidence, port):
        return
    if not nginx.listening(port) or _served(evidence, port):
        return
    failed = nginx.test is not None and not nginx.test.passed
    yield Claim(
        about=Subject(text=f"nginx ({config.path})"),
        covers=(Subject(port=port), Subject(port=80)) if nginx.listening(80) else (),
        because=(state, config, *evidence.good(Listeners)),
        facts={"port": port, "file": config.path, "failed": failed},
        ruled_out=("tcp.rejected-by-host",) if evidence.good(Listeners) else (),
        fix=Fix(
            (nginx.tested(), *nginx.started()),
            Applicability.REVIEW if failed else Applicability.AUTOMATIC,
        ),
    )


def _refused(evidence: Evidence, port: int) -> bool:
    tried = [one for one in evidence.of(Connection) if one.port == port]
    return any(one.failure and one.failure.kind == "refused" for one in tried)


def _served(evidence: Evidence, port: int) -> bool:
    """Another program answers there, or something on the way to it."""
    taken = any(seen.on(port) for seen in evidence.good(Listeners))
    return taken or any(one.port == port for one in evidence.good(Connection))
