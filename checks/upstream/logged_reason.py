"""Requests fail at the application, and its own log says why: a setting that it names, a path that
its user may not use, another program that does not listen. The page itself may be answered.

The line alone may be about another request, so that it is likely. It is certain where a request
failed with a status of the server and the program's user still may not use the path.
"""

import re
from collections.abc import Iterator

from checks.upstream._setting_fixes import logged_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Effect,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model import commands as usual
from diagnose.model.http import Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.program_logs import ToldReason
from diagnose.model.steps import Risk
from diagnose.parsers.refused_hosts import host_setting
from diagnose.parsers.websocket_refusal import is_origin_error

#: What a person may say about something that cannot be written.
_ABOUT_FILES = frozenset({"upload", "no-space", "file-denied"})
_SETTINGS = ("variable", "option", "list")
#: With which a handshake from a foreign page is refused (RFC 6455 section 10.2).
_FORBIDDEN = 403
#: Folders of which a framework writes every part: Laravel's storage, Symfony's var, Magento's
#: generated.
_WRITTEN = re.compile(
    r"(?P<folder>(?:/[^/\n]{1,100}){2,8}/(?:storage(?=/(?:logs|framework|app))|var(?=/(?:log|cache))"
    r"|generated(?=/(?:code|metadata))))"
    r"(?:/[^\n]{1,300})?"
)
#: Fewest parts of a folder that is given to another user with all below it.
_DEEP = 3


@check(
    severity=Severity.ERROR,
    needs=[ToldReason],
    explains=[
        "upstream.application-log", "nginx.other-requests-failed", "server.other-requests-failed",
        "http.server-error", "upstream.own-answer", "server.own-answer", "server.application-limit",
        "server.application-answers", "websocket.origin-refused",
    ],
    names_requests=True,
)  # fmt: skip
def logged_reason(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    # The answer of the page says it in words that are known, with the place of the setting.
    is_told = any(host_setting(page.body, target.host) for page in pages)
    failures = [each for each in evidence.good(FailedRequests) if each.status >= 500]
    failed: list[Observation] = [page for page in pages if (page.status or 0) >= 500]
    symptom = target.symptom
    is_said = symptom is not None and (
        symptom.kind in _ABOUT_FILES or (symptom.kind == "status" and (symptom.number or 0) >= 500)
    )
    for told in evidence.good(ToldReason):
        is_setting = told.reason in _SETTINGS
        refused = _refused_handshakes(evidence, told) if is_setting else []
        if is_setting and (is_told or (refused and not told.name)):
            continue  # checks that know these words say more
        if not is_setting and not (failed or failures or is_said):
            continue
        path = failures[0].path if failures and not failed else target.path
        subject = Subject(port=target.port, path=path.partition("?")[0])
        yield Claim(
            about=subject,
            covers=(
                subject,
                Subject(port=target.port),
                Subject(port=target.port, path=target.path),
            ),
            because=(told, *(refused or (pages if is_setting else failed)), *failures),
            severity=None
            if failed or is_said or refused or (is_setting and pages)
            else Severity.WARNING,
            confidence=Confidence.CERTAIN
            if refused or (told.reason == "denied" and (failed or failures))
            else Confidence.LIKELY,
            facts={
                "process": told.process or told.endpoint,
                "message": told.message,
                "command": told.equivalent,
                "logged": told.source == "log",
                "pasted": told.source == "message",
                "shown": told.source == "page",
                "name": told.name,
                "value": told.value,
                "path": told.path,
                "blocked": told.blocked,
                "owner": told.owner,
                "user": told.user,
                "peer": str(Subject(address=told.host, port=told.port)) if told.port else "",
                "service": told.service,
                "unit": told.unit,
                "container": told.container,
                "engine": told.engine,
                "setting": is_setting,
                "enters": told.enters,
                **{kind: told.reason == kind for kind in ("denied", "absent", "unreached")},
            },
            fix=_fix(told),
        )
        return


def _refused_handshakes(evidence: Evidence, told: ToldReason) -> list[Upgrade]:
    """Return the handshakes of this run with an Origin that the line refuses by name."""
    return [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.is_visit
        and upgrade.status == _FORBIDDEN
        and (upgrade.origin or evidence.target.origin) in told.message
        and is_origin_error(told.message)
    ]


def _fix(told: ToldReason) -> Fix:
    match told.reason:
        case "denied":
            return _ownership(told)
        case "absent":
            return _by_hand("make-the-file")
        case "unreached":
            if not told.service:
                return _by_hand("start-it")
            return Fix((usual.start_service(told.service),), Applicability.REVIEW)
        case _:
            return _setting(told)


def _by_hand(step: str, *commands: Command) -> Fix:
    where = Where.SERVER if commands else Where.APPLICATION
    return Fix((Manual(step, where, commands=commands),), Applicability.MANUAL)


def _ownership(told: ToldReason) -> Fix:
    """Give what the program has to write to its user. A folder that is not the program's own (/var,
    /home/NAME) is not given away, and one on the way is not opened."""
    if told.enters or not told.user:
        return _by_hand("let-it-enter")
    if told.blocked.count("/") < _DEEP:
        return _by_hand("give-it-a-folder")
    written = _WRITTEN.fullmatch(told.blocked)
    folder = written["folder"] if written else told.blocked
    if told.owner.rpartition(" ")[2].partition(":")[0] == told.user:
        # It is the user's own already: its permissions keep it from that user.
        # Other files of that user may be closed on purpose: below a framework's folder none is.
        words = ("chmod", *(("-R",) if written else ()), "u+rwX", folder)
        mode = Command(
            words, Effect.CHANGE, changes=(folder,), aspect="permissions", risk=Risk.CHANGES_ACCESS
        )
        return Fix((mode,), Applicability.REVIEW)
    words = ("chown", "-R", told.user if ":" in told.user else f"{told.user}:", folder)
    changes = (folder,)
    command = Command(
        words, Effect.CHANGE, changes=changes, aspect="permissions", risk=Risk.CHANGES_ACCESS
    )
    return _by_hand("give-the-folder", command)


def _setting(told: ToldReason) -> Fix:
    edit = logged_edit(told) if told.new else None
    if edit is None:
        step = "set-the-variable" if told.reason == "variable" else "set-it"
        return _by_hand("set-the-option" if told.reason == "option" else step)
    if told.load:
        return Fix((edit, Command(told.load, Effect.CHANGE)), Applicability.REVIEW)
    name = told.unit.removesuffix(".service")
    reload = Command(("systemctl", "daemon-reload"), Effect.CHANGE)
    return Fix((edit, reload, usual.restart_service(name)), Applicability.REVIEW)
