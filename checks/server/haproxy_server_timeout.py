"""HAProxy answers 504: the application got the request and did not answer within `timeout server`
(log: "sH--"). It is the target's own page, or by the log another one that visitors asked for.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import manual_fix, pages_with_status, place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, longer_server_timeout, place
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.http import proxy_page

#: Failures of one page from which on they are no accident.
_MANY = 3
#: Seconds: a timeout that nobody means. 60 without a unit are milliseconds.
_TINY = 1.0
#: Seconds: what is written where an answer needs longer than HAProxy waits.
_ENOUGH_S = 120.0
#: Web servers whose own page of an error HAProxy passes on.
_BEHIND = {"nginx", "openresty", "tengine", "apache"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.application-silent",
        "server.other-requests-failed",
        "http.server-error",
        "websocket.*",
    ],
)
def haproxy_server_timeout(evidence: Evidence) -> Iterator[Claim]:
    yield from _own_page(evidence)
    yield from _logged_pages(evidence)


def _own_page(evidence: Evidence) -> Iterator[Claim]:
    """Make the claim where the target's own page got 504 from HAProxy itself."""
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    pages = pages_with_status(evidence, 504)
    if haproxy is None or backend is None or not pages:
        return
    page_tries = haproxy.tries_for("page")
    if any(attempt.status == 504 for attempt in page_tries):  # the application's own answer
        return
    silent = [attempt for attempt in page_tries if _is_silent(attempt)]
    timeout = backend.timeout("server")
    if any(proxy_page(page.body).lower() in _BEHIND for page in pages):
        return  # that server gave up, and HAProxy passes its answer on
    late = [a for a in page_tries if a.status and timeout and a.took > timeout[0]]
    first = next(iter(silent or late or page_tries), None)
    needed = first.took if first and late and not silent else None
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(*pages, *page_tries, haproxy.view.server),
        facts={
            **_facts(haproxy, backend, evidence.target.path),
            "application": f"{first.address}:{first.port}" if first else "",
            "silent": bool(silent),
            "seconds": round(first.took, 1) if first else 0,
            "needed": needed if needed is not None else "",
        },
        confidence=Confidence.CERTAIN if silent or late else Confidence.LIKELY,
        ruled_out=("server.application-down",),
        fix=_measuring_fix(haproxy, backend)
        if needed is None
        else _longer(haproxy, backend, needed),
    )


def _logged_pages(evidence: Evidence) -> Iterator[Claim]:
    """Make the claim for other pages of which HAProxy's log says that this timeout ended them
    (Configuration Manual, section 8.5: "sH")."""
    for failure in current_failures(evidence, {504}, "haproxy"):
        haproxy = haproxy_view(evidence, failure.path)
        backend = haproxy.proxies.backend if haproxy else None
        if haproxy is None or backend is None or not failure.ending.startswith("sH"):
            continue
        is_own = failure.path == evidence.target.path_without_query
        is_used = is_own or failure.is_from_page or failure.times >= _MANY
        because: tuple[Observation, ...] = (failure, haproxy.view.server)
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=because,
            facts={
                **_facts(haproxy, backend, failure.path),
                "logged": failure.ending,
                "times": failure.times if failure.times > 1 else "",
                "last": failure.written,
                "log": failure.file,
                "method": failure.method,
            },
            covers=(Subject(port=evidence.target.port),) if is_own else (),
            severity=None if is_own else Severity.WARNING if is_used else Severity.NOTE,
            ruled_out=("server.application-down",),
            fix=_longer(haproxy, backend, 0.0),
        )


def _facts(haproxy: HaproxyView, backend: Proxy, path: str) -> dict[str, object]:
    timeout, selection = backend.timeout("server"), haproxy.proxies.selection
    rule = selection.line if selection else None
    text = " ".join(timeout[1].words[2:3]) if timeout else ""
    return {
        **haproxy.view.facts,
        "backend": backend.name,
        "timeout": text,
        "place": place(timeout[1]) if timeout else "",
        "no_unit": text.isdigit() and timeout is not None and timeout[0] < _TINY,
        "rule": place_text(rule.file, rule.number) if rule else "",
        "path": path,
        "application": "",
        "silent": False,
        "seconds": 0,
        "needed": "",
        "logged": "",
        "times": "",
        "last": "",
        "log": "",
        "method": "GET",
    }


def _longer(haproxy: HaproxyView, backend: Proxy, needed: float) -> Fix:
    edit = longer_server_timeout(haproxy.view, backend, needed)
    if edit is None:
        return manual_fix(haproxy.view, "wait-longer")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _measuring_fix(haproxy: HaproxyView, backend: Proxy) -> Fix:
    """Measure the application; or wait longer, where a person knows that the page needs it."""
    edit = longer_server_timeout(haproxy.view, backend, _ENOUGH_S / 2)
    if edit is None:
        return manual_fix(haproxy.view, "find-the-delay")
    longer: tuple[Command | Edit, ...] = (edit, *reload_steps(haproxy.view.server))
    steps = (
        Manual("find-the-delay", Where.SERVER),
        Manual("wait-longer", Where.SERVER, "", longer),
    )
    return Fix(steps, Applicability.MANUAL)


def _is_silent(attempt: HaproxyTry) -> bool:
    """Return whether the application took the request and gave no answer."""
    return attempt.failure is not None and attempt.failure.kind == "timeout"
