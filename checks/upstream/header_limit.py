"""The application refuses requests whose header is large: those of visitors with many cookies or a
long token. Node, Kestrel, Jetty and others answer 431 (RFC 6585 section 5), some 400 or nothing at
all; uWSGI closes the connection, so that nginx answers 502 ("invalid request block size").

The evidence is the application: it serves the page, also with a small cookie, and refuses it with a
larger one. That visitors have such cookies, a message or nginx's log says.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream._header_trials import is_own_port
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
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.locations import proxy_pass_of

TOO_LARGE = 431
#: How programs refuse a large header, beside 431; None closes the connection.
_REFUSALS = frozenset({400, 413, 414, TOO_LARGE, 494, 502, None})
_PROGRAMS = ("node", "java", "kestrel", "gunicorn", "uwsgi")


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_fault=[HeaderTrial],
    explains=[
        "server.other-requests-failed", "server.own-answer",
        "upstream.own-answer", "upstream.application-log", "upstream.closed-early",
        "nginx.other-requests-failed", "http.server-error", "upstream.request-header-too-large",
    ],
)  # fmt: skip
def header_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for trial in evidence.good(HeaderTrial):
        if trial.server or trial.refused is None or trial.status not in _REFUSALS:
            continue
        if is_own_port(nginx, trial):
            continue  # upstream.request-header-too-large
        match = next(nginx.location_matches(trial.path), None)
        logged = tuple(
            failure
            for failure in evidence.good(FailedRequests)
            if failure.status == TOO_LARGE and failure.path == trial.path
        )
        directive = (proxy_pass_of(match) or match.block) if match else None
        is_told = _is_told(evidence, trial)
        is_met = is_told or (bool(logged) and trial.status == TOO_LARGE)
        program = _program(evidence, trial)
        setting = _setting(evidence)
        yield Claim(
            about=Subject(
                port=evidence.target.port,
                path=trial.path,
                text=file_line(directive) if directive else trial.target,
            ),
            because=(*page_exchanges(evidence)[:1], trial, *logged, *setting),
            confidence=Confidence.CERTAIN if is_met else Confidence.LIKELY,
            is_reported=is_told,
            location=nginx.location(directive) if directive else None,
            facts={
                "url": evidence.target.origin + trial.path,
                "application": trial.endpoint,
                "served": trial.served,
                "refused": trial.refused,
                "status": trial.status or "",
                "command": trial.equivalent,
                "log": logged[0].file if logged else "",
                "times": logged[0].times if logged else "",
                **{each: each == program for each in _PROGRAMS},
                "other": program not in _PROGRAMS,
                "set": f"{setting[0].file}:{setting[0].number}" if setting else "",
                "key": setting[0].key if setting else "",
            },
            fix=_fix(setting),
        )


def _setting(evidence: Evidence) -> tuple[ReadSetting, ...]:
    """Return the line in which the program has its limit, () if it is not known."""
    reads = evidence.good(ReadSetting)
    return tuple(read for read in reads if read.topic == "header-limit")[:1]


def _fix(setting: tuple[ReadSetting, ...]) -> Fix:
    if not setting:
        return Fix((Manual("raise-the-limit", Where.APPLICATION),), Applicability.MANUAL)
    # Imported late: of few programs the file is known.
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix(setting, "raise-the-limit")


def _is_told(evidence: Evidence, trial: HeaderTrial) -> bool:
    """Return whether a message is about the status with which the application refuses."""
    symptom = evidence.target.symptom
    return symptom is not None and (
        (symptom.kind == "status" and symptom.number == trial.status)
        or symptom.kind == "request-header"
    )


def _program(evidence: Evidence, trial: HeaderTrial) -> str:
    """Return which program it is, by its process or its own field; "" if that is not known."""
    if not trial.is_direct:
        return "uwsgi"
    names = {
        (listener.process or "").lower()
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(trial.port)
    }
    fields = " ".join(
        (page.header(name) or "").lower()
        for page in page_exchanges(evidence)
        for name in ("Server", "X-Powered-By")
    )
    is_node = fields.strip() in {"express", "next.js"} or any(
        page.header("kbn-name") for page in page_exchanges(evidence)
    )
    if is_node or any(name == "node" or name.startswith("next-server") for name in names):
        return "node"
    if "java" in names:
        return "java"
    if "dotnet" in names or "kestrel" in fields:
        return "kestrel"
    return next((each for each in ("gunicorn", "uwsgi") if any(each in name for name in names)), "")
