"""nginx was told to reload, failed, and continues with its old configuration. Only its log shows
that: `kill -HUP` and many renewal hooks report success anyway.

The log line must be the running master's own and later than its loaded configuration; `nginx -t`
and `nginx -s reload` log with another pid. If nginx -t still refuses the files, another check names
the cause. Otherwise the files were corrected since, or only the reload itself fails: nginx -t does
not notice a port that is in use or a shared memory zone that cannot be changed.
"""

import re
from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx
from checks.nginx._commands import config_test_command, reload_steps, restart_commands
from checks.nginx._file_limits import meets_file_limit, raised_limit
from checks.nginx._stale_config import stale_config_symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx import error_log

#: Seconds within which one reload logs all its messages: it tries to bind five times.
ONE_RELOAD = 5.0

#: Settings that a running nginx cannot change: the key of a limit's shared memory zone, the path
#: and levels of a cache (ngx_http_limit_req_init_zone, ngx_http_file_cache_init, …).
ZONE_CONFLICT = r"while previously it used|had previously different"


@frozen
class SocketConflict:
    """The socket that nginx could not bind, and the process that holds it; None if that could not
    be observed."""

    socket: str
    holder: Listener | None


@check(
    severity=Severity.ERROR,
    needs=[NginxState, LogLine],
    explains=[
        "nginx.reload-needed",
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
        "websocket.redirected",
    ],
)
def reload_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    line = _reload_error(nginx)
    if line is None or nginx.master is None:
        return
    symptoms = tuple(dict.fromkeys(stale_config_symptoms(nginx))) if nginx.config else ()
    config_broken = nginx.test is not None and not nginx.test.passed
    conflict = None if config_broken else _socket_conflict(nginx, line)
    held_by_nginx = (
        conflict is not None and conflict.holder is not None and conflict.holder.process == "nginx"
    )
    lacks_files = not config_broken and meets_file_limit(line.text)
    zone_conflict = not config_broken and re.search(ZONE_CONFLICT, line.text) is not None
    observations = (nginx.state, line, nginx.test, conflict.holder if conflict else None, *symptoms)
    yield Claim(
        about=Subject(text=f"nginx ({nginx.master.pid})"),
        covers=(Subject(),) if symptoms else (NO_PORT,),
        because=tuple(observation for observation in observations if observation is not None),
        facts={
            "message": line.text,
            "when": line.written,
            "log": line.file,
            "pid": nginx.master.pid,
            "broken": config_broken,
            "mended": not config_broken
            and nginx.test is not None
            and conflict is None
            and not zone_conflict
            and not lacks_files,
            "files": lacks_files,
            "socket": conflict.socket if conflict else "",
            "port": conflict.socket.rpartition(":")[2] if conflict else "",
            "own": held_by_nginx,
            "other": _process_label(conflict.holder)
            if conflict and conflict.holder and not held_by_nginx
            else "",
            "zone": zone_conflict,
            "matters": bool(symptoms),
        },
        # Visitors see what they saw before; changes since then have no effect.
        severity=None if symptoms else Severity.WARNING,
        fix=_fix(
            nginx,
            config_broken,
            held_by_nginx or zone_conflict or lacks_files,
            conflict,
            raised_limit(nginx) if lacks_files else (),
        ),
    )


def _reload_error(nginx: Nginx) -> LogLine | None:
    """Return the reason of the last failed reload: the first line that the running master logged
    then."""
    master = nginx.master
    if master is None or master.loaded is None:
        return None
    errors = [
        line
        for line in error_log.matching_lines(nginx.evidence.of(LogLine), since=int(master.loaded))
        if line.level == "emerg" and line.pid == master.pid
    ]
    last = max((line.when for line in errors), default=0.0)
    lines = sorted(
        (line for line in errors if line.when >= last - ONE_RELOAD), key=lambda line: line.when
    )
    causes = [line for line in lines if not line.text.startswith("still could not bind")]
    return next(iter([*causes, *lines]), None)


def _socket_conflict(nginx: Nginx, line: LogLine) -> SocketConflict | None:
    match = re.match(r"bind\(\) to (\S+):(\d+) failed \(98: ", line.text)
    if match is None:
        return None
    port = int(match[2])
    holders = [
        listener for listeners in nginx.evidence.good(Listeners) for listener in listeners.on(port)
    ]
    same_family = [
        listener for listener in holders if (":" in listener.address) == (":" in match[1])
    ]
    return SocketConflict(
        f"{match[1]}:{port}",
        next((listener for listener in [*same_family, *holders] if listener.process), None),
    )


def _process_label(listener: Listener | None) -> str:
    return f"{listener.process} ({listener.pid})" if listener else ""


def _fix(
    nginx: Nginx,
    config_broken: bool,
    restart: bool,
    conflict: SocketConflict | None,
    before: tuple[Command, ...],
) -> Fix:
    if config_broken:
        return Fix((Manual("correct", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    if restart:
        # Visitors notice a restart: their open connections are cut.
        steps = (*before, config_test_command(nginx), *restart_commands(nginx))
        return Fix(steps, Applicability.REVIEW)
    if conflict:
        return Fix(
            (Manual("free-the-port", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL
        )
    return Fix(reload_steps(nginx))
