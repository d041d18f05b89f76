"""A worker has no connection left (worker_connections, the listening sockets and those to the
applications among them), or no file descriptor (RLIMIT_NOFILE). New visitors are then cut off at
once, kept waiting, or answered with 500, while others notice nothing.

nginx says so in its log, of the moment at which it happened: it is an error while visitors meet it,
and a warning where that was minutes ago.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine, OpenFiles
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits, error_log, server_blocks

#: nginx's own default (ngx_core_module, worker_connections).
DEFAULT = 512

#: A symptom at no port is the only kind that what is over covers.
NOWHERE = Subject(port=0)


@check(
    severity=Severity.ERROR,
    needs=[LogLine],
    explains=[
        "tls.closed",
        "tls.reset",
        "tls.stalled",
        "tls.handshake-failed",
        "tls.not-tls",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def connection_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    lines = [one for one in error_log.exhausted(evidence.of(LogLine)) if _still_counts(one, nginx)]
    if not lines:
        return
    last = max(lines, key=lambda one: one.when)
    shown = tuple(_cut_off(evidence))
    files = next(iter(evidence.good(OpenFiles)), None)
    out_of_files = not re.search(error_log.NO_CONNECTIONS, last.text)
    given = _connections(nginx)
    limit = files.soft if files else None
    wanted = max(4 * given, 4096) if not out_of_files else given
    least = max(2 * wanted, 4 * limit if limit and out_of_files else 0)
    more_files = out_of_files or (limit is not None and limit < least)
    looked = (last, files, nginx.config, *shown)
    yield Claim(
        about=Subject(text=f"nginx ({last.pid})"),
        covers=(Subject(),) if shown else (NOWHERE,),
        because=tuple(one for one in looked if one is not None),
        facts={
            "message": last.text,
            "when": last.written,
            "log": last.file,
            "times": sum(one.times for one in lines),
            "files": out_of_files,
            "connections": given,
            "limit": limit or "",
            "wanted": wanted,
            "least": least,
            "matters": bool(shown),
        },
        severity=None if shown else Severity.WARNING,
        fix=_fix(nginx, wanted, least if more_files else None, out_of_files),
    )


def _still_counts(line: LogLine, nginx: Nginx) -> bool:
    """A reload brings new workers, and with them new limits. What an old one says while its last
    visitors leave is as young as they are: only its number tells it from a new one's. In a
    container nginx has other numbers than here."""
    master = nginx.master
    if master is None:
        return True
    known = master.workers and not master.foreign
    return line.when >= (master.loaded or 0.0) and (not known or line.pid in master.workers)


def _cut_off(evidence: Evidence) -> Iterator[Observation]:
    """What a visitor meets while it lasts."""
    for one in evidence.of(Handshake):
        ended = one.failure.kind if one.failure else ""
        if one.as_a_visitor and ended in {"closed", "reset", "timeout"}:
            yield one
    front = [one for one in evidence.of(Upgrade) if one.through == "front"]
    answers: list[Exchange | Upgrade] = [*evidence.of(Exchange), *front]
    for seen in answers:
        if seen.status in {500, 502, 503} or (seen.failure and seen.status is None):
            yield seen


def _connections(nginx: Nginx) -> int:
    """worker_connections as it is on disk."""
    given = [one.args[0] for one in _events(nginx, "worker_connections") if one.args]
    return int(given[-1]) if given and given[-1].isdigit() else DEFAULT


def _events(nginx: Nginx, name: str) -> list[Directive]:
    blocks = [one for one in (nginx.config.main if nginx.config else ()) if one.name == "events"]
    return [one for block in blocks for one in server_blocks.children(block, name)]


# What to do


def _fix(nginx: Nginx, wanted: int, files: int | None, anew: bool) -> Fix:
    """A worker without a descriptor left cannot even be told to go, as what the master then sends
    it has one with it (ngx_read_channel): a reload would leave it there."""
    changes: dict[str, list[edits.Change]] = {}
    if wanted != _connections(nginx):
        _put(nginx, changes, "worker_connections", wanted, _events(nginx, "worker_connections"))
    if files:
        main = nginx.config.main if nginx.config else ()
        given = [one for one in main if one.name == "worker_rlimit_nofile"]
        _put(nginx, changes, "worker_rlimit_nofile", files, given)
    done: tuple[Edit, ...] = nginx.edited(changes)
    then = (nginx.tested(), *nginx.restarted()) if anew else nginx.taken()
    if not done:
        return Fix((Manual("raise", Where.SERVER), *then), Applicability.MANUAL)
    # A restart cuts off who is there; a reload leaves them.
    return Fix((*done, *then), Applicability.REVIEW if anew else Applicability.AUTOMATIC)


def _put(
    nginx: Nginx,
    changes: dict[str, list[edits.Change]],
    name: str,
    value: int,
    given: list[Directive],
) -> None:
    """In the place of what is there, else in the block where it belongs."""
    line = f"{name} {value};"
    main = nginx.config.file(nginx.config.path) if nginx.config else None
    if given:
        changes.setdefault(given[-1].file, []).append(edits.instead(given[-1], line))
    elif main and (change := _added(main, line, within=name == "worker_connections")):
        changes.setdefault(main.path, []).append(change)


def _added(main: ConfigFile, line: str, within: bool) -> edits.Change | None:
    tree = wire.parse(main.text, main.path)
    events = next((one for one in tree if one.name == "events"), None)
    if events is None:
        return None
    if within:
        return edits.first(main.text, events, [line])
    return edits.before(main.text, events, [line])
