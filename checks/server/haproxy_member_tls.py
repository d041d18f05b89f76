"""Some servers of a backend of HAProxy have `ssl` on their line, others have not, and one of them
speaks the other protocol than its line says: each request that it gets fails, 503 where HAProxy
speaks TLS to a port without it, mostly 400 or 502 the other way round (Configuration Manual,
section 5.2, "ssl"). The others answer, so that the page comes at times.

The controls: another server answers the same request as its line says, and this one answers it in
the other protocol alone.
"""

from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_word, place
from checks.server._haproxy_tls import without_tls
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import BackendServer, mixed_servers


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyTry],
    explains=[
        "http.answer-says-why", "http.plain-to-tls-port", "http.server-error",
        "server.application-answers", "server.application-down", "server.application-speaks-tls",
        "server.backend-tls-fails", "server.haproxy-health-check-fails", "server.members-differ",
        "server.other-requests-failed", "server.own-answer", "server.request-failed",
        "server.request-logged", "server.tls-off", "websocket.not-upgraded",
    ],
)  # fmt: skip
def haproxy_member_tls(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None:
        return
    servers = mixed_servers(haproxy.proxies.backend)
    tries = haproxy.tries_for("protocol")
    wrong = [server for server in servers if _is_wrong(server, tries)]
    right = [server for server in servers if _answers(_of(server, tries), server.tls)]
    if not wrong or not right:
        return
    server = wrong[0]
    subject, config = Subject(port=target.port, path=target.path), haproxy.view.config
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(*_of(server, tries), *_of(right[0], tries), haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "path": target.path_without_query,
            "backend": server.backend,
            "member": server.name,
            "address": server.address,
            "place": place(server.line),
            "right": f"{right[0].name} ({right[0].address})",
            "tls": server.tls,
        },
        # A reload may not have happened yet.
        confidence=Confidence.LIKELY if config and config.loaded is False else Confidence.CERTAIN,
        fix=_fix(haproxy, server),
    )


def _of(server: BackendServer, tries: tuple[HaproxyTry, ...]) -> list[HaproxyTry]:
    """Return the requests that were sent to a server."""
    return [each for each in tries if (each.backend, each.name) == (server.backend, server.name)]


def _answers(tries: list[HaproxyTry], tls: bool) -> bool:
    return any(each.tls == tls and each.status not in {None, 400} for each in tries)


def _is_wrong(server: BackendServer, tries: tuple[HaproxyTry, ...]) -> bool:
    own = _of(server, tries)
    is_asked = any(each.tls == server.tls for each in own)
    return is_asked and not _answers(own, server.tls) and _answers(own, not server.tls)


def _fix(haproxy: HaproxyView, server: BackendServer) -> Fix:
    edit = _edit(haproxy, server)
    if edit is None:
        return manual_fix(haproxy.view, "write-the-protocol")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _edit(haproxy: HaproxyView, server: BackendServer) -> Edit | None:
    """Take the words about TLS away from a line that has them itself; give them to one of this
    machine, whose certificate nobody checks."""
    line = server.line
    if not server.tls:
        is_here = is_local_host(server.host) and "no-ssl" not in server.options
        words = "ssl" if "verify" in server.options else "ssl verify none"
        return insert_word(haproxy.view, line, words) if is_here else None
    text = line_text(haproxy.view, line.file, line.number)
    changed = without_tls(text.strip())
    own = text[: len(text) - len(text.lstrip())]
    if "ssl" not in line.words[3:] or changed == text.strip():
        return None
    return line_edit(haproxy.view, line.file, {line.number: (f"{own}{changed}",)})
