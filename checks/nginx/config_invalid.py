"""nginx -t refuses the configuration on disk. A running nginx continues with its loaded
configuration, so that visitors see nothing of it; the next start fails, for example after a reboot.

Where the written lines can only mean one thing, the fix is an edit: a slip in a name, a missing
semicolon or brace (`_slips`), a value, or something that stands twice or in the wrong block
(`_repairs`). nginx tests every change before it is loaded.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from checks.nginx import NO_PORT, Nginx
from checks.nginx._block_repairs import BLOCK_READERS
from checks.nginx._brace_repairs import unopened_block, unquoted_braces
from checks.nginx._buffer_repairs import BUFFER_READERS
from checks.nginx._commands import chosen_edits, reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._missing_repairs import MISSING_READERS
from checks.nginx._repairs import READERS, Repair, RepairKind
from checks.nginx._slips import Slip, find_slip
from checks.nginx._stale_config import refused_config_severity
from checks.nginx._value_repairs import VALUE_READERS
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.nginx import Directive, NginxTest, TestMessage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.edits import TextEdit


@check(
    severity=Severity.ERROR,
    needs=[NginxTest],
    # No renewal or change can be loaded before the configuration is valid.
    explains=[
        "listener.missing",
        "nginx.not-running",
        "nginx.reload-needed",
        "nginx.reload-failed",
        "certificate.renewed-not-loaded",
    ],
)
def config_invalid(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test is None or nginx.test.passed:
        return
    message = _placed(nginx, nginx.test.fatal or TestMessage("emerg", ""))
    place = f"{message.file}:{message.line}" if message.file else ""
    braces = unquoted_braces(nginx, message) or unopened_block(nginx, message)
    slip = None if braces else find_slip(nginx, message)
    repair = braces or (None if slip else _find_repair(nginx, message))
    edits = _edits(nginx, slip or repair)
    # nginx reports where it noticed, and what is missing is before that.
    written = f"{slip.file.path}:{slip.line}" if slip and slip.kind == "semicolon" else ""
    yield Claim(
        about=Subject(text=place or nginx.test.config),
        covers=_covered(nginx, message),
        because=(nginx.test, *([nginx.state] if nginx.state else [])),
        facts={
            "message": message.text.removesuffix(f" in {place}"),
            "place": written or place,
            "file": message.file or nginx.test.config,
            "line": message.line or "",
            "unplaced": bool(place) and not (nginx.test.fatal and nginx.test.fatal.file),
            "running": bool(nginx.master),
            "known": bool(edits) and not (repair and repair.kind in {"include", "twice"}),
            "word": slip.typo if slip else "",
            "meant": slip.replacement if slip else "",
            "semicolon": slip is not None and slip.kind == "semicolon",
            "brace": slip is not None and slip.kind == "brace",
            "slip": f"{slip.file.path}:{slip.line}" if slip else "",
            "earlier": bool(written) and written != place,
            **_repair_facts(repair),
            "former": nginx.test.former if _is_missing(repair) else (),
            "brought_back": _former(nginx, repair),
        },
        severity=refused_config_severity(nginx),
        location=_location(
            nginx,
            replace(message, text="", file=slip.file.path, line=slip.line)
            if slip and written != place and written
            else message,
        ),
        fix=_fix(nginx, edits, bool(place), repair),
    )


#: The repairs that replace words by others, and those that only a person can make, each with a step
#: of its name.
_REPLACED = {
    "scheme", "group_port", "quotes", "value", "listen", "uri", "prefix", "zone", "variable",
    "braces", "member",
}  # fmt: skip
_MANUAL = {
    "twice", "inside", "link", "include", "user", "folder", "loop", "main_missing", "outside",
}  # fmt: skip


def _repair_facts(repair: Repair | None) -> dict[str, object]:
    return {
        "before": repair.before if repair else "",
        "after": repair.after if repair else "",
        "other": repair.other if repair else "",
        "replaces": repair is not None and repair.kind in _REPLACED,
        "explained": repair is not None and repair.kind in _MANUAL,
        **{kind: repair is not None and repair.kind == kind for kind in get_args(RepairKind)},
    }


#: Errors that nginx reports without a place, each with the name that is used and not defined
#: (ngx_http_variables.c, ngx_cycle.c).
_UNPLACED = re.compile(r'unknown "(\w+)" variable|zero size shared memory zone "([^"]+)"')


def _placed(nginx: Nginx, message: TestMessage) -> TestMessage:
    """Return the message with the place that first uses what it names, if nginx tells none."""
    name = _UNPLACED.match(message.text)
    if message.file or name is None or nginx.config is None:
        return message
    pattern = re.compile(
        rf"\$(?:{name[1]}(?!\w)|{{{name[1]}}})" if name[1] else rf"(?:zone=)?{re.escape(name[2])}$"
    )
    for directive in nginx_parser.walk(nginx.config.main):
        search = pattern.search if name[1] else pattern.match
        if directive.file and any(map(search, directive.args)):
            return replace(message, file=directive.file, line=directive.line)
    return message


def _covered(nginx: Nginx, message: TestMessage) -> tuple[Subject, ...]:
    """Return what the fault keeps from working: everything, as nginx goes on with what it loaded
    before; not the target's port if no file has a `listen` for it either.

    A `listen` counts in any block: a brace in the wrong place moves it into another one. It counts
    among the words of another directive as well, whose `;` is missing. Where such a directive has
    swallowed an `include`, or an open quote whole lines, nothing tells which ports the files have.
    A `listen` that nginx refuses (`listen ssl;`) may be meant for any port.
    """
    if nginx.config is None or 'of the "listen" directive' in message.text:
        return ()
    if any(map(_has_swallowed_lines, nginx_parser.walk(nginx.config.main))):
        return ()
    port = nginx.evidence.target.port
    ports = {
        listen.port
        for directive in nginx_parser.walk(nginx.config.main)
        for written in _listen_directives(directive)
        for listen in server_blocks.parse_listen(written)
    }
    return () if port in ports else (NO_PORT,)


def _has_swallowed_lines(directive: Directive) -> bool:
    return "include" in directive.args or any(
        "\n" in word and "_by_lua" not in directive.name for word in directive.args
    )


def _listen_directives(directive: Directive) -> Iterator[Directive]:
    """Yield the directive if it is a `listen`, and those that it has swallowed."""
    words = (directive.name, *directive.args)
    for index, word in enumerate(words):
        if word == "listen":
            yield replace(directive, name=word, args=words[index + 1 :])


def _find_repair(nginx: Nginx, message: TestMessage) -> Repair | None:
    """Return what corrects the error of `nginx -t`; None if nothing known does."""
    for pattern, reader in (
        *READERS,
        *VALUE_READERS,
        *BLOCK_READERS,
        *BUFFER_READERS,
        *MISSING_READERS,
    ):
        match = re.match(pattern, message.text)
        if match and (repair := reader(nginx, message, match)):
            return replace(repair, changes=tuple(dict.fromkeys(repair.changes)))
    return None


def _edits(nginx: Nginx, correction: Slip | Repair | None) -> tuple[Edit, ...]:
    changes: dict[str, list[TextEdit]] = {}
    for path, change in correction.changes if correction else ():
        changes.setdefault(path, []).append(change)
    return config_edits(nginx, changes)


def _is_missing(repair: Repair | None) -> bool:
    """Return whether a file of the configuration is not there."""
    return repair is not None and repair.kind in {"include", "main_missing"}


def _former(nginx: Nginx, repair: Repair | None) -> str:
    """Return the only file beside the missing one that may have been it; "" otherwise."""
    former = nginx.test.former if nginx.test and _is_missing(repair) else ()
    return former[0] if len(former) == 1 else ""


def _fix(nginx: Nginx, edits: tuple[Edit, ...], placed: bool, repair: Repair | None) -> Fix:
    if repair and (former := _former(nginx, repair)):
        missing = repair.before if repair.kind == "main_missing" else repair.after
        back = commands.move(former, missing)
        return Fix((back, *reload_steps(nginx)), Applicability.REVIEW)
    if repair and repair.kind == "outside":
        moved = commands.move(repair.before, repair.after)
        return Fix((moved, *reload_steps(nginx)), Applicability.REVIEW)
    if repair and repair.kind in {"folder", "include"}:
        # The path may be the fault, and what the lost file had may close something: a person reads.
        typed = (
            (commands.make_folder(repair.after), *reload_steps(nginx))
            if repair.kind == "folder"
            else chosen_edits(nginx, edits)
        )
        return Fix((Manual(repair.kind, Where.SERVER, commands=typed),), Applicability.MANUAL)
    if repair and repair.kind == "twice" and edits:
        return _choice(nginx, edits, repair)
    if edits:
        is_sure = repair is None or repair.is_sure
        applicability = Applicability.AUTOMATIC if is_sure else Applicability.REVIEW
        return Fix((*edits, *reload_steps(nginx)), applicability)
    step = "correct" if placed else "correct-somewhere"
    if repair and repair.kind in _MANUAL:
        step = repair.kind.replace("_", "-")
    return Fix((Manual(step, Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)


def _choice(nginx: Nginx, keep_first: tuple[Edit, ...], repair: Repair) -> Fix:
    """Return the two answers to which of two lines is meant, each with its patch."""
    keep_second = _edits(nginx, replace(repair, changes=repair.choice))
    answers = (("keep-first", keep_first), ("keep-second", keep_second))
    steps = (
        Manual(name, Where.SERVER, commands=chosen_edits(nginx, edits)) for name, edits in answers
    )
    return Fix(tuple(steps), Applicability.MANUAL)


def _location(nginx: Nginx, message: TestMessage) -> Location | None:
    """Return the location of the word that nginx complains about, if it is on the reported line."""
    file = nginx.config.file(message.file) if nginx.config and message.file else None
    if file is None or message.line is None:
        return None
    lines = file.text.split("\n")
    line = lines[min(message.line, len(lines)) - 1]
    words = [token for token in re.findall(r'"([^"]+)"', message.text) if token in line]
    at = line.find(words[0]) if words else len(line) - len(line.lstrip())
    end = at + (len(words[0]) if words else len(line.strip()))
    return nginx_parser.source_location(file, message.line, at + 1, end + 1)
