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
from diagnose.model.unit_commands import drop_in_steps, reload_units
from diagnose.model.websocket_codes import ORDERLY_CODES, is_policy
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
#: The ports of a VNC server's displays (RFB protocol, section 4).
_VNC = range(5900, 6000)
#: Fewest parts of a folder that is given to another user with all below it.
_DEEP = 3


@check(
    severity=Severity.ERROR,
    needs=[ToldReason],
    explains=[
        "upstream.application-log", "nginx.other-requests-failed", "server.other-requests-failed",
        "http.server-error", "upstream.own-answer", "server.own-answer", "server.application-limit",
        "server.application-answers", "websocket.origin-refused",
        "websocket.closed-after-upgrade",
    ],
    names_requests=True,
)  # fmt: skip
def logged_reason(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    # The answer of the page says it in words that are known, with the place of the setting.
    is_told = any(host_setting(page.body, target.host) for page in pages)
    failures = [
        failed_request
        for failed_request in evidence.good(FailedRequests)
        if failed_request.status >= 500
    ]
    failed: list[Observation] = [page for page in pages if (page.status or 0) >= 500]
    failed += _ended_websockets(evidence)
    symptom = target.symptom
    is_said = symptom is not None and (
        symptom.kind in _ABOUT_FILES or (symptom.kind == "status" and (symptom.number or 0) >= 500)
    )
    is_ended = symptom is not None and symptom.kind.startswith("websocket")
    for reason in evidence.good(ToldReason):
        is_setting = reason.reason in _SETTINGS
        refused = _refused_handshakes(evidence, reason) if is_setting else []
        if is_setting and (is_told or (refused and not reason.name)):
            continue  # checks that know these words say more
        is_pasted = is_ended or reason.source == "message"
        is_told_of_peer = reason.reason == "unreached" and is_pasted
        if not is_setting and not (failed or failures or is_said or is_told_of_peer):
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
            because=(reason, *(refused or (pages if is_setting else failed)), *failures),
            severity=None
            if failed or is_said or refused or is_told_of_peer or (is_setting and pages)
            else Severity.WARNING,
            confidence=Confidence.CERTAIN
            if refused or (reason.reason == "denied" and (failed or failures))
            else Confidence.LIKELY,
            facts=_facts(reason),
            fix=_fix(reason),
        )
        return


def _facts(reason: ToldReason) -> dict[str, object]:
    is_setting = reason.reason in _SETTINGS
    return {
        "process": reason.process or reason.endpoint,
        "message": reason.message,
        "command": reason.equivalent,
        "logged": reason.source == "log",
        "pasted": reason.source == "message",
        "shown": reason.source == "page",
        "name": reason.name,
        "value": reason.value,
        "path": reason.path,
        "blocked": reason.blocked,
        "owner": reason.owner,
        "user": reason.user,
        "peer": str(Subject(address=reason.host, port=reason.port)) if reason.port else "",
        "service": reason.service,
        "elsewhere": reason.elsewhere,
        "asked": reason.host if reason.elsewhere else "",
        "display": str(reason.port - _VNC.start) if reason.port in _VNC else "",
        "unit": reason.unit,
        "container": reason.container,
        "engine": reason.engine,
        "setting": is_setting,
        "enters": reason.enters,
        **{
            fact: reason.access == access and not reason.enters
            for fact, access in (("reads", "read"), ("opens", "open"), ("writes", "write"))
        },
        **{kind: reason.reason == kind for kind in ("denied", "absent", "unreached")},
    }


def _ended_websockets(evidence: Evidence) -> list[Upgrade]:
    """Return the visits of this run that opened a WebSocket which the server ended with an error
    (RFC 6455 section 7.4.1): no policy, and no normal end."""
    return [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.is_visit
        and upgrade.ended in {"close", "eof", "reset"}
        and upgrade.close_code not in ORDERLY_CODES
        and not is_policy(upgrade.close_code)
    ]


def _refused_handshakes(evidence: Evidence, reason: ToldReason) -> list[Upgrade]:
    """Return the handshakes of this run with an Origin that the line refuses by name."""
    return [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.is_visit
        and upgrade.status == _FORBIDDEN
        and (upgrade.origin or evidence.target.origin) in reason.message
        and is_origin_error(reason.message)
    ]


def _fix(reason: ToldReason) -> Fix:
    match reason.reason:
        case "denied":
            return _ownership(reason)
        case "absent":
            return _by_hand("make-the-file")
        case "unreached":
            if reason.elsewhere:
                return _other_address(reason)
            if not reason.service:
                return _by_hand("start-it")
            return Fix((usual.start_service(reason.service),), Applicability.REVIEW)
        case _:
            return _setting(reason)


def _other_address(reason: ToldReason) -> Fix:
    """Bring the two together: the service listens where it is asked, or the program asks where it
    listens."""
    if reason.command_lines:
        steps = drop_in_steps(reason.service, reason.command_lines)
        return Fix((*steps, usual.restart_service(reason.service)), Applicability.REVIEW)
    if reason.new:
        return _setting(reason)
    return _by_hand("one-address")


def _by_hand(step: str, *commands: Command) -> Fix:
    where = Where.SERVER if commands else Where.APPLICATION
    return Fix((Manual(step, where, commands=commands),), Applicability.MANUAL)


def _ownership(reason: ToldReason) -> Fix:
    """Give what the program has to write to its user. A folder that is not the program's own (/var,
    /home/NAME) is not given away, and one on the way is not opened."""
    if reason.enters or not reason.user:
        return _by_hand("let-it-enter")
    if reason.blocked.count("/") < _DEEP:
        return _by_hand("give-it-a-folder")
    if reason.access == "read":
        return _reading(reason)
    written = _WRITTEN.fullmatch(reason.blocked)
    folder = written["folder"] if written else reason.blocked
    if reason.owner.rpartition(" ")[2].partition(":")[0] == reason.user:
        # It is the user's own already: its permissions keep it from that user.
        # Other files of that user may be closed on purpose: below a framework's folder none is.
        words = ("chmod", *(("-R",) if written else ()), "u+rwX", folder)
        mode = Command(
            words, Effect.CHANGE, changes=(folder,), aspect="permissions", risk=Risk.CHANGES_ACCESS
        )
        return Fix((mode,), Applicability.REVIEW)
    words = ("chown", "-R", reason.user if ":" in reason.user else f"{reason.user}:", folder)
    changes = (folder,)
    command = Command(
        words, Effect.CHANGE, changes=changes, aspect="permissions", risk=Risk.CHANGES_ACCESS
    )
    return _by_hand("give-the-folder", command)


def _reading(reason: ToldReason) -> Fix:
    """Let the program's user read what it only reads, which stays its owner's: by its group, where
    the file's own is root's. It may be a key."""
    digits, _, owner = reason.owner.rpartition(" ")
    user, _, group = owner.partition(":")
    mode = int(digits or "0", 8)
    if user == reason.user.partition(":")[0]:
        return Fix((usual.chmod("u+r", reason.blocked, before=mode),), Applicability.REVIEW)
    if not reason.group or group not in {"root", reason.group}:
        return _by_hand("let-it-read")
    steps = [usual.chmod("g+r", reason.blocked, before=mode)]
    if group != reason.group:
        steps.insert(0, usual.chgrp(reason.group, reason.blocked, before=group))
    return Fix(tuple(steps), Applicability.REVIEW)


def _setting(reason: ToldReason) -> Fix:
    edit = logged_edit(reason) if reason.new else None
    if edit is None:
        step = "set-the-variable" if reason.reason == "variable" else "set-it"
        return _by_hand("set-the-option" if reason.reason == "option" else step)
    if reason.load:
        return Fix((edit, Command(reason.load, Effect.CHANGE)), Applicability.REVIEW)
    name = reason.unit.removesuffix(".service")
    reload = reload_units()
    return Fix((edit, reload, usual.restart_service(name)), Applicability.REVIEW)
