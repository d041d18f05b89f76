"""The container of an application that fails runs with other values than its files have now: the
files were changed, and the container was not made anew. A restart keeps the old values (Compose,
"docker compose restart": "changes to environment variables are not updated").
"""

import re
from collections.abc import Iterator

from checks.listener._containers import compose_words
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.containers import ChangedVariable, Container, DatabaseLogin, OutdatedContainer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.program_logs import ProgramLine
from diagnose.model.steps import Effect

#: Words of a program whose secret is not the right one.
_OF_SECRETS = re.compile(
    r"(?i)passwords?\b|authenti(?:cat|fizier)|access denied|credential|unauthorized|\bNOAUTH\b"
    r"|\bWRONGPASS\b|api[ _-]?key|\btokens?\b|signature|secret"
)


@check(
    severity=Severity.ERROR,
    needs=[OutdatedContainer],
    explains=[
        "http.answer-says-why",
        "http.host-refused",
        "http.server-error",
        "nginx.own-answer",
        "server.application-silent",
        "server.own-answer",
        "upstream.application-log",
        "upstream.framework-setting",
        "upstream.host-not-allowed",
        "upstream.logged-reason",
        "upstream.origin-mismatch",
        "upstream.own-answer",
        "upstream.program-lacks",
        "upstream.proxy-not-trusted",
        "websocket.not-upgraded",
    ],
)
def container_outdated(evidence: Evidence) -> Iterator[Claim]:
    failed = _failures(evidence)
    if not failed or any(
        database_login.is_same_password for database_login in evidence.good(DatabaseLogin)
    ):
        return
    for outdated in evidence.good(OutdatedContainer):
        lines = tuple(line for line in evidence.good(ProgramLine) if line.message)
        words = compose_words(
            Container(outdated.engine, "", outdated.name, compose=outdated.compose), "up", "-d"
        )
        known = [each for each in outdated.changed if _is_telling(evidence, each, lines)]
        shown = (known or list(outdated.changed))[0]
        subject = Subject(port=evidence.target.port, path=evidence.target.path)
        covers = (subject, Subject(port=evidence.target.port), Subject(port=80))
        # Any setting may have changed since: what nothing connects with the failure explains none.
        yield Claim(
            about=subject if known else Subject(text=outdated.name),
            covers=covers if known else (),
            because=(outdated, *lines, *failed),
            severity=Severity.ERROR if known else Severity.WARNING,
            confidence=Confidence.LIKELY if known else Confidence.POSSIBLE,
            facts={
                "container": outdated.name,
                "engine": outdated.engine,
                "names": tuple(each.name for each in outdated.changed),
                "name": shown.name,
                "file": shown.file,
                "before": shown.before,
                "now": shown.now,
                "message": lines[0].message if lines else "",
            },
            fix=Fix((Command(words, Effect.RESTART),), Applicability.REVIEW),
        )
        return


def _failures(evidence: Evidence) -> tuple[Exchange | Upgrade, ...]:
    """Return the answers that an application gives which is told something wrong; nobody's absent
    page is one."""
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status in {400, 403, 421} or (page.status or 0) >= 500
    ]
    refused = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.is_visit and (upgrade.status or 0) in {400, 403}
    ]
    return (*pages, *refused)


def _is_telling(
    evidence: Evidence, variable: ChangedVariable, lines: tuple[ProgramLine, ...]
) -> bool:
    """Whether the new value has the site's name and the old one does not, or the program's own line
    has the variable or its old value, or tells of a secret where this is one."""
    host = evidence.target.host
    if host in variable.now and host not in variable.before:
        return True
    words = " ".join(line.message for line in lines)
    old = variable.before if len(variable.before) > 3 else ""
    if not variable.now and _OF_SECRETS.search(words):
        return True
    return variable.name in words or bool(old and old in words)
