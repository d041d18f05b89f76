"""HAProxy's backends of several servers that do not send a client to the same server again
(Configuration Manual, "balance", "cookie", "stick on")."""

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, replace
from checks.server._haproxy import place as place_of
from diagnose.model import Applicability, Evidence, Fix, Manual, Observation, Where
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.haproxy.config import Line, Proxy

#: Algorithms with which each request may go to another server; the first is the default.
_TURNS = ("roundrobin", "static-rr", "leastconn", "random")


@frozen
class UnstickyBackend:
    """A backend whose servers take turns."""

    haproxy: HaproxyView
    backend: Proxy
    kind: str = "backend"

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def head(self) -> Line:
        section = self.backend.section
        return Line((section.kind, section.name), section.file, section.line)

    @property
    def place(self) -> str:
        return place_of(self.head)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (self.haproxy.view.config,) if self.haproxy.view.config else ()

    def fix(self, sure: bool) -> Fix:
        """Choose the server by the client's address. An algorithm of its own line may have been
        chosen on purpose, and behind a CDN all visitors have few addresses: then it is for review.
        """
        view, own = self.haproxy.view, self.backend.own("balance")
        edit = (
            replace(view, own[-1], "balance source")
            if own
            else insert_after(view, self.head, "balance source")
        )
        if edit is None:
            return Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL)
        applicability = Applicability.AUTOMATIC if sure and not own else Applicability.REVIEW
        return Fix((edit, *reload_steps(view.server)), applicability)


def unsticky_backend(evidence: Evidence, path: str) -> UnstickyBackend | None:
    """Return the backend of a path, if it has several servers that take turns."""
    haproxy = haproxy_view(evidence, path.partition("?")[0])
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or backend is None:
        return None
    servers = [
        server for server in servers_of(backend) if not server.disabled and not server.backup
    ]
    balance = backend.setting("balance")
    algorithm = balance.words[1].partition("(")[0] if balance and balance.words[1:] else _TURNS[0]
    sticks = backend.setting("cookie") or backend.own("stick")
    if len(servers) < 2 or sticks or algorithm not in _TURNS:
        return None
    return UnstickyBackend(haproxy, backend)
