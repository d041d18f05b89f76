"""nginx was told to reload, could not, and goes on with its old configuration. It says so nowhere
but in its log: `kill -HUP` and many a renewal hook report success all the same.

The line is the running master's own, and later than what it last loaded; `nginx -t` and `nginx -s
reload` write theirs under another number. Where nginx -t still refuses the files, a check of its
own names the cause. Else the files were put right since, or only the reload itself fails: nginx -t
does not mind a port that is taken, nor a shared memory zone that cannot be changed in place.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx.reload_needed import differences
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
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

#: Seconds within which one reload says all it has to say: it tries to bind five times.
ONE_RELOAD = 5.0

#: What cannot be changed in a running nginx: the key of a limit's shared memory zone, the path and
#: levels of a cache (ngx_http_limit_req_init_zone, ngx_http_file_cache_init, …).
ZONE = r"while previously it used|had previously different"

#: A symptom at no port is the only kind that this one covers.
NOWHERE = Subject(port=0)


@frozen
class Taken:
    """The socket that could not be had, and who has it; None where that may not be seen."""

    socket: str
    by: Listener | None


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
    line = _refusal(nginx)
    if line is None or nginx.master is None:
        return
    shown = tuple(dict.fromkeys(differences(nginx))) if nginx.config else ()
    broken = nginx.test is not None and not nginx.test.passed
    taken = None if broken else _taken(nginx, line)
    own = taken is not None and taken.by is not None and taken.by.process == "nginx"
    fixed = not broken and re.search(ZONE, line.text) is not None
    looked = (nginx.state, line, nginx.test, taken.by if taken else None, *shown)
    yield Claim(
        about=Subject(text=f"nginx ({nginx.master.pid})"),
        covers=(Subject(),) if shown else (NOWHERE,),
        because=tuple(one for one in looked if one is not None),
        facts={
            "message": line.text,
            "when": line.written,
            "log": line.file,
            "pid": nginx.master.pid,
            "broken": broken,
            "mended": not broken and nginx.test is not None and taken is None and not fixed,
            "socket": taken.socket if taken else "",
            "port": taken.socket.rpartition(":")[2] if taken else "",
            "own": own,
            "other": _name(taken.by) if taken and taken.by and not own else "",
            "zone": fixed,
            "matters": bool(shown),
        },
        # What visitors see is as before; what was changed since is without effect.
        severity=None if shown else Severity.WARNING,
        fix=_fix(nginx, broken, own or fixed, taken),
    )


def _refusal(nginx: Nginx) -> LogLine | None:
    """Why the last reload failed: the first thing that the running master then said."""
    master = nginx.master
    if master is None or master.loaded is None:
        return None
    mine = [
        one
        for one in error_log.about(nginx.evidence.of(LogLine), since=master.loaded)
        if one.level == "emerg" and one.pid == master.pid
    ]
    last = max((one.when for one in mine), default=0.0)
    lines = sorted((one for one in mine if one.when >= last - ONE_RELOAD), key=lambda one: one.when)
    telling = [one for one in lines if not one.text.startswith("still could not bind")]
    return next(iter([*telling, *lines]), None)


def _taken(nginx: Nginx, line: LogLine) -> Taken | None:
    found = re.match(r"bind\(\) to (\S+):(\d+) failed \(98: ", line.text)
    if found is None:
        return None
    port = int(found[2])
    holders = [one for seen in nginx.evidence.good(Listeners) for one in seen.on(port)]
    alike = [one for one in holders if (":" in one.address) == (":" in found[1])]
    return Taken(
        f"{found[1]}:{port}", next((one for one in [*alike, *holders] if one.process), None)
    )


def _name(one: Listener | None) -> str:
    return f"{one.process} ({one.pid})" if one else ""


def _fix(nginx: Nginx, broken: bool, anew: bool, taken: Taken | None) -> Fix:
    if broken:
        return Fix((Manual("correct", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    if anew:
        # Visitors notice: what they had open is cut.
        return Fix((nginx.tested(), *nginx.restarted()), Applicability.REVIEW)
    if taken:
        return Fix((Manual("free-the-port", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    return Fix(nginx.taken())
