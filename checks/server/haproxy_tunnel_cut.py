"""HAProxy ends open WebSockets that are silent for a time, by its log: "cD" or "sD" for a request
with status 101 (Configuration Manual, section 8.5), after the time that "timeout tunnel" says, or
without it the shorter of "timeout client" and "timeout server". So pages lose their connection at
regular intervals, which no handshake of this run shows.
"""

from collections.abc import Iterator

from checks.server._haproxy import haproxy_view, place
from checks.websocket import USUAL_TIMEOUT
from checks.websocket._haproxy_timeouts import longer_tunnel, tunnel_timeout
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.failed_requests import SWITCHED

#: Seconds: a timeout up to this length is not meant for WebSockets, and what the way costs.
_SHORT, _SLACK = 300.0, 2.0
#: Cuts from which on they are no accident, of a timeout below the usual one and of a longer one.
_FEW, _MANY = 2, 3


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["websocket.idle-timeout", "websocket.not-tried"],
)
def haproxy_tunnel_cut(evidence: Evidence) -> Iterator[Claim]:
    for cut in evidence.good(FailedRequests):
        if cut.server != "haproxy" or cut.status != SWITCHED or cut.lasted_s is None:
            continue
        haproxy = haproxy_view(evidence, cut.path, True)
        backend = haproxy.proxies.backend if haproxy else None
        timeout = tunnel_timeout(haproxy.proxies.frontend, backend) if haproxy and backend else None
        if haproxy is None or backend is None or timeout is None:
            continue
        seconds, line = timeout
        least = _FEW if seconds <= USUAL_TIMEOUT else _MANY
        # The shortest was silent from its beginning.
        if seconds > _SHORT or abs(cut.lasted_s - seconds) > _SLACK:
            continue
        subject = Subject(port=evidence.target.port, path=cut.path)
        yield Claim(
            about=subject,
            covers=(subject,),
            because=(cut, haproxy.view.server, *_config(haproxy.view.config)),
            facts={
                **haproxy.view.facts,
                "path": cut.path,
                "seconds": round(seconds, 1),
                "times": cut.times,
                "last": cut.written,
                "log": cut.file,
                "ending": cut.ending,
                "setting": " ".join(line.words[:3]),
                "place": place(line),
                "backend": backend.name,
                "tunnel": line.starts_with("timeout", "tunnel"),
                "probe": round(seconds + 10),
            },
            severity=None if cut.times >= least else Severity.NOTE,
            fix=longer_tunnel(haproxy, backend, line),
        )


def _config(config: WebServerConfig | None) -> tuple[WebServerConfig, ...]:
    return (config,) if config else ()
