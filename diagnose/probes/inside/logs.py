"""The last lines of nginx's error logs: those of the last minutes, and what stopped an earlier
reload.

They are read as soon as the configuration says where they are; and again where the front door
then failed, as nginx says why only then. All logs by one command.
"""

import asyncio
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model import Failure, Observation, Unseen, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine, OpenFiles
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxProcess, NginxState
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import error_log, server_blocks
from diagnose.parsers.nginx.config import told
from diagnose.parsers.nginx.error_log import Clock, Log
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.probes import Look, probe

#: Seconds. What was written earlier is of another day's trouble.
RECENT = 600

#: So many logs are read.
MOST = 6

#: Statuses by which nginx says that it failed, and why in its error log.
FAILED = {400, 413, 431, 500, 502, 503, 504}

#: Seconds in which failures come together; after them the logs are read once more, at most so
#: many times in a run.
TOGETHER, MOST_TIMES = 0.1, 3

#: The clock, then of each log what is at its end, each line behind a blank: no line of a log can
#: then be taken for one of these. Refused configurations are looked for further back, and in the
#: log before this one.
READ = r"""
unset TZ; date '+now %s %Y/%m/%d %H:%M:%S'
for f; do
  if [ -f "$f" ] && [ -r "$f" ]; then
    echo "log $(stat -L -c %s -- "$f" 2>/dev/null)"
    tail -c 65536 -- "$f" | sed 's/^/ /'; echo
    for r in "$f.1" "$f"; do
      [ -f "$r" ] && [ -r "$r" ] || continue
      tail -c 4194304 -- "$r" | sed -n '/ \[emerg\] /s/^/ /p' | tail -n 8
    done
  elif [ -f "$f" ]; then echo denied
  elif [ -e "$f" ]; then echo special
  elif [ "$(id -u)" = 0 ] || [ -x "${f%/*}" ]; then echo missing
  else echo denied
  fi
done 2>/dev/null; :
"""
TAIL = 65536


@frozen
class Reading:
    """What READ printed of one log: "log", "missing", "denied" or "special"; `since` is from when
    on everything is there."""

    log: Log
    state: str
    clock: Clock | None = None
    lines: tuple[LogLine, ...] = ()
    since: float = 0.0


@probe(after=NginxConfig)
async def written(look: Look, config: NginxConfig) -> None:
    if not config.failure:
        await _read(look, config)


@probe(after=Exchange)
async def after_an_answer(look: Look, seen: Exchange) -> None:
    await _again(look, seen)


@probe(after=Upgrade)
async def after_an_upgrade(look: Look, seen: Upgrade) -> None:
    await _again(look, seen)


@probe(after=Handshake)
async def after_a_handshake(look: Look, seen: Handshake) -> None:
    await _again(look, seen)


async def _again(look: Look, seen: Exchange | Upgrade | Handshake) -> None:
    """Where it failed, after the last of several that failed together. Before the configuration
    is known nothing was read, and what will be then holds this too."""
    config = next((one for one in look.seen(NginxConfig) if not one.failure), None)
    if config is None or not _has_failed(seen):
        return
    await asyncio.sleep(TOGETHER)
    readings = {one.at for one in look.seen(ErrorLog)}
    if _last_failed(look) is seen and len(readings) < MOST_TIMES:
        await _read(look, config, again=True)


def _has_failed(seen: Observation) -> bool:
    """As visitors meet it: what was only tried for comparison is meant to fail, and a certificate
    that is not trusted is not nginx's failure, and not written down."""
    match seen:
        case Handshake(failure=Failure(kind=kind), as_a_visitor=True):
            return kind in {"closed", "reset", "timeout", "alert", "protocol"}
        case Upgrade(through="front", status=status) | Exchange(status=status):
            return status in FAILED
    return False


def _last_failed(look: Look) -> Observation | None:
    kinds: tuple[type[Observation], ...] = (Exchange, Upgrade, Handshake)
    found = (one for kind in kinds for one in look.seen(kind) if _has_failed(one))
    return max(found, key=lambda one: one.at + one.took, default=None)


async def _read(look: Look, config: NginxConfig, again: bool = False) -> None:
    if not look.options.wants("nginx") and not look.options.wants("upstream"):
        return
    found = _logs(look, config)
    # What lies elsewhere is missed only where something failed.
    missed = again or _last_failed(look) is not None
    for log in found if missed else ():
        if not log.is_file:
            _unseen(look, log.to, "logged to no file", _elsewhere(log))
    files = [log for log in found if log.is_file and log.to != "/dev/null"][:MOST]
    if not files:
        return
    at = look.now()
    ran = await look.machine.run("sh", "-c", READ, "sh", *(log.to for log in files))
    for one in readings(ran.out, files):
        _tell(look, one, at, ran.took, again)
    spent = error_log.exhausted(look.seen(LogLine))
    if spent and not look.seen(OpenFiles):
        await _limits(look, [spent[-1].pid, *(one.pid for one in _masters(look))])


async def _limits(look: Look, pids: Sequence[int]) -> None:
    """Of the worker that ran out, or, where that is gone, of the master."""
    for pid in pids:
        at, path = look.now(), f"/proc/{pid}/limits"
        text = await look.machine.read(path, 4096)
        if found := re.search(r"^Max open files +(\d+) +(\d+)", text.text, re.MULTILINE):
            look.see(
                OpenFiles(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=look.now() - at,
                    equivalent=f"grep 'open files' {path}",
                    pid=pid,
                    soft=int(found[1]),
                    hard=int(found[2]),
                )
            )
            return


def _tell(look: Look, one: Reading, at: float, took: float, again: bool) -> None:
    equivalent = shlex.join(("tail", "-c", str(TAIL), one.log.to))
    if one.clock is None or one.state != "log":
        if one.state == "denied":
            _unseen(look, one.log.to, "needs root", f"sudo {equivalent}")
        elif one.state == "special" and (again or _last_failed(look)):
            _unseen(look, one.log.to, "logged to no file", _elsewhere(one.log))
        return
    lines = error_log.kept(one.lines, look.target.host, one.since)
    known = {_key(line) for line in look.seen(LogLine)}
    for line in lines:
        if _key(line) not in known:
            look.see(replace(line, at=at, took=took, equivalent=equivalent))
    look.see(
        ErrorLog(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=equivalent,
            file=one.log.to,
            until=one.clock.epoch,
            since=one.since,
            level=one.log.level,
            again=again,
        )
    )


def _key(line: LogLine) -> tuple[object, ...]:
    return (line.file, line.when, line.pid, line.text, line.request, line.upstream, line.host)


def readings(text: str, logs: Sequence[Log]) -> tuple[Reading, ...]:
    """Take what READ printed apart."""
    head, *parts = re.split(r"^(?=log|missing|denied|special)", text, flags=re.MULTILINE)
    now = re.match(r"now (\d+) (.+)", head)
    clock = Clock(float(now[1]), now[2].strip()) if now else None
    return tuple(_reading(log, part, clock) for log, part in zip(logs, parts, strict=False))


def _reading(log: Log, part: str, clock: Clock | None) -> Reading:
    first, *rest = part.split("\n")
    state, _, size = first.partition(" ")
    if clock is None or state != "log":
        return Reading(log, state, clock)
    # What was found further back lies behind the empty line.
    end = rest.index("") if "" in rest else len(rest)
    tail, back = (
        error_log.parse("\n".join(line.removeprefix(" ") for line in some), log.to, clock)
        for some in (rest[:end], rest[end:])
    )
    oldest = min((line.when for line in tail), default=clock.epoch)
    older = tuple(line for line in back if line.when < oldest)
    cut = not size.isdigit() or int(size) > TAIL
    since = max(oldest, clock.epoch - RECENT) if cut else clock.epoch - RECENT
    return Reading(log, state, clock, older + tail, since)


def _logs(look: Look, config: NginxConfig) -> tuple[Log, ...]:
    """Those of the blocks and locations that answer the target, and of nginx itself."""
    build = next(iter(look.seen(NginxBuild)), None)
    master = next(iter(_masters(look)), None)
    given = dict(zip(master.arguments[::2], master.arguments[1::2], strict=False)) if master else {}
    prefix = given.get("-p") or (build.prefix if build else "") or "/"
    built = [one.partition("=")[2] for one in (build.arguments if build else ())
             if one.startswith("--error-log-path=")]  # fmt: skip
    default = given.get("-e") or next(iter(built), "logs/error.log")
    main = (*told(master.arguments if master else ()), *config.main)
    return error_log.logs(main, _places(look, config), default, prefix)


def _masters(look: Look) -> list[NginxProcess]:
    return [one for seen in look.seen(NginxState) for one in seen.masters if not one.foreign]


def _places(look: Look, config: NginxConfig) -> Iterator[Place]:
    every = server_blocks.servers(config.main)
    for socket in server_blocks.sockets(every, look.target.port):
        server, _ = server_blocks.choose(socket, look.target.host)
        yield Place((server.http, server.block))
        for path in (look.target.path, *look.target.websockets):
            yield server_blocks.find(server, path)


def _elsewhere(log: Log) -> str:
    """Where that is read which goes to no file: the service manager keeps standard error."""
    return "" if log.to.startswith("memory:") else "journalctl -u nginx -n 100"


def _unseen(look: Look, what: str, why: str, enable: str) -> None:
    look.see(Unseen(vantage=Vantage.SERVER, at=look.now(), what=what, why=why, enable=enable))
