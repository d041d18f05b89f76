"""A worker has no free connection (worker_connections, which includes listening sockets and
connections to the applications) or no free file descriptor (RLIMIT_NOFILE). New visitors are then
cut off, delayed or answered with 500, while others notice nothing.

nginx logs the moment at which it happened. It is an error while visitors are affected, and a
warning if it was minutes ago.
"""

import re
from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx
from checks.nginx._commands import config_test_command, reload_steps, restart_commands
from checks.nginx._edits import config_edits
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
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, error_log
from diagnose.parsers.nginx.config import children
from diagnose.parsers.whole_numbers import whole_number

#: nginx's default (ngx_core_module, worker_connections).
DEFAULT_CONNECTIONS = 512


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
    lines = [
        line
        for line in error_log.exhaustion_lines(evidence.of(LogLine))
        if _is_current(line, nginx)
    ]
    if not lines:
        return
    last = max(lines, key=lambda line: line.when)
    symptoms = tuple(_visitor_failures(evidence))
    files = next(iter(evidence.good(OpenFiles)), None)
    out_of_files = not re.search(error_log.NO_CONNECTIONS, last.text)
    connections = _worker_connections(nginx)
    limit = files.soft if files else None
    target_connections = max(4 * connections, 4096) if not out_of_files else connections
    min_files = max(2 * target_connections, 4 * limit if limit and out_of_files else 0)
    more_files = out_of_files or (limit is not None and limit < min_files)
    observations = (last, files, nginx.config, *symptoms)
    yield Claim(
        about=Subject(text=f"nginx ({last.pid})"),
        covers=(Subject(),) if symptoms else (NO_PORT,),
        because=tuple(observation for observation in observations if observation is not None),
        facts={
            "message": last.text,
            "when": last.written,
            "log": last.file,
            "times": sum(line.times for line in lines),
            "files": out_of_files,
            "connections": connections,
            "limit": limit or "",
            "wanted": target_connections,
            "least": min_files,
            "matters": bool(symptoms),
        },
        severity=None if symptoms else Severity.WARNING,
        fix=_fix(nginx, target_connections, min_files if more_files else None, out_of_files),
    )


def _is_current(line: LogLine, nginx: Nginx) -> bool:
    """Return whether the line comes from the current workers.

    A reload starts new workers with new limits. Old workers still log until their last visitors
    leave, and only the pid tells them apart. In a container the pids differ from those here.
    """
    master = nginx.master
    if master is None:
        return True
    workers_known = master.workers and not master.foreign
    # The log has whole seconds.
    return line.when >= int(master.loaded or 0.0) and (
        not workers_known or line.pid in master.workers
    )


def _visitor_failures(evidence: Evidence) -> Iterator[Observation]:
    """Yield the failures that a visitor sees while the limit is reached."""
    for handshake in evidence.of(Handshake):
        failure_kind = handshake.failure.kind if handshake.failure else ""
        if handshake.is_browser_like and failure_kind in {"closed", "reset", "timeout"}:
            yield handshake
    front = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    answers: list[Exchange | Upgrade] = [*evidence.of(Exchange), *front]
    for answer in answers:
        if answer.status in {500, 502, 503} or (answer.failure and answer.status is None):
            yield answer


def _worker_connections(nginx: Nginx) -> int:
    """Return worker_connections from the configuration on disk."""
    values = [
        directive.args[0]
        for directive in _events_directives(nginx, "worker_connections")
        if directive.args
    ]
    return (whole_number(values[-1]) if values else None) or DEFAULT_CONNECTIONS


def _events_directives(nginx: Nginx, name: str) -> list[Directive]:
    blocks = [
        directive
        for directive in (nginx.config.main if nginx.config else ())
        if directive.name == "events"
    ]
    return [directive for block in blocks for directive in children(block, name)]


# Fix


def _fix(nginx: Nginx, connections: int, files: int | None, restart: bool) -> Fix:
    """Raise the limits, by a reload or a restart.

    A worker without a free descriptor cannot receive the master's message to quit, because that
    message carries a descriptor (ngx_read_channel). After a reload it would still be there.
    """
    changes: dict[str, list[edits.TextEdit]] = {}
    if connections != _worker_connections(nginx):
        _set_value(
            nginx,
            changes,
            "worker_connections",
            connections,
            _events_directives(nginx, "worker_connections"),
        )
    if files:
        main = nginx.config.main if nginx.config else ()
        directives = [directive for directive in main if directive.name == "worker_rlimit_nofile"]
        _set_value(nginx, changes, "worker_rlimit_nofile", files, directives)
    file_edits: tuple[Edit, ...] = config_edits(nginx, changes)
    commands = (
        (config_test_command(nginx), *restart_commands(nginx)) if restart else reload_steps(nginx)
    )
    if not file_edits:
        return Fix((Manual("raise", Where.SERVER), *commands), Applicability.MANUAL)
    # A restart cuts current connections; a reload keeps them.
    return Fix(
        (*file_edits, *commands), Applicability.REVIEW if restart else Applicability.AUTOMATIC
    )


def _set_value(
    nginx: Nginx,
    changes: dict[str, list[edits.TextEdit]],
    name: str,
    value: int,
    directives: list[Directive],
) -> None:
    """Set a directive: change it where it exists, or add it in the block where it belongs."""
    line = f"{name} {value};"
    main = nginx.config.file(nginx.config.path) if nginx.config else None
    if directives:
        changes.setdefault(directives[-1].file, []).append(
            edits.replace_directive(directives[-1], line)
        )
    elif main and (change := _insertion(main, line, inside_events=name == "worker_connections")):
        changes.setdefault(main.path, []).append(change)


def _insertion(main: ConfigFile, line: str, inside_events: bool) -> edits.TextEdit | None:
    tree = nginx_parser.parse(main.text, main.path)
    events = next((directive for directive in tree if directive.name == "events"), None)
    if events is None:
        return None
    if inside_events:
        return edits.insert_first(main.text, events, [line])
    return edits.insert_before(main.text, events, [line])
