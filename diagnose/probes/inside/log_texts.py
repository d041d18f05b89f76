"""Reads the ends of a site's access logs, and says which of their lines are older than this run."""

import contextlib
import math
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model.frozen import frozen
from diagnose.model.marks import Word
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.failed_requests import is_of_visitor, passes_login
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext

#: Maximum number of logs that are read.
MAX_LOGS = 3

READ_SCRIPT = read_script(__file__, "access_logs.sh")
JOURNAL_SCRIPT = read_script(__file__, "access_journal.sh")

#: The path that stands for what a container writes to its output.
OUTPUT = "stderr"
#: Paths that lead there: nginx's image has links in this folder.
_OUTPUTS = ("/dev/", "/proc/", "/var/log/nginx/")

#: Yields the requests in the text of a log.
LogReader = Callable[[str], Iterable[AccessLine]]


@frozen
class LoggedSite:
    """The logs of the target's site: the reader of each by its path, None for one in a format that
    cannot be read.

    `names` are the site's names, `shared` the logs that other sites write too. `server` is the
    program that writes them, `loaded` when it loaded its configuration (seconds since the epoch).
    `journal` are the arguments of journalctl if the only log is in the journal, () for files.
    `is_local_time` is True if the times in the log are the server's own and have no zone.
    `withholds_login` is whether the program keeps the visitors' login from the application at a
    path.
    """

    server: Word
    names: Collection[str]
    logs: Mapping[str, LogReader | None]
    shared: Collection[str] = ()
    loaded: float = 0.0
    journal: tuple[Word, ...] = ()
    is_local_time: bool = False
    withholds_login: Callable[[str], bool] = passes_login


@frozen
class LogTexts:
    """What a script printed of logs: the server's clock in seconds since the epoch, also with
    fractions (None if its `date` knows none), the seconds by which its zone is ahead of UTC, and
    the end of each log by its path, "" for one that cannot be read.

    The script began `at` and took `took` seconds; the run had lasted `elapsed` when it was over.
    """

    clock: int
    exact_clock: float | None
    offset: int
    texts: Mapping[str, str]
    at: float
    took: float
    elapsed: float

    def visitors_lines(
        self, ctx: ProbeContext, site: LoggedSite
    ) -> Iterator[tuple[str, list[AccessLine]]]:
        """Yield each log with the requests of visitors: those of this run and of earlier ones are
        left out."""
        # A clock of whole seconds: the run began in one of two.
        latest = math.ceil(self.clock + 1 - self.elapsed) - 1
        earliest = int(self.clock - self.elapsed)
        began = None if self.exact_clock is None else self.exact_clock - self.elapsed
        offset = self.offset if site.is_local_time else 0
        for path, text in self.texts.items():
            reader = site.logs[path]
            lines = (
                replace(line, when=line.when - offset) for line in (reader(text) if reader else ())
            )
            yield (
                path,
                [
                    line
                    for line in lines
                    if is_of_visitor(line)
                    and (
                        int(line.when) < earliest
                        or (began is not None and _is_before(line, began))
                        or (int(line.when) <= latest and _is_visitors(ctx, line))
                    )
                ],
            )


async def read_logs(ctx: ProbeContext, site: LoggedSite) -> LogTexts | None:
    """Return the ends of the logs; None if there is none, or the server did not answer."""
    paths = list(site.logs)[:MAX_LOGS]
    if not paths:
        return None
    at = ctx.elapsed()
    if isinstance(ctx.machine, ContainerMachine):
        result = await ctx.machine.read_logs(*paths)
    elif site.journal:
        result = await ctx.machine.run("sh", "-c", JOURNAL_SCRIPT, "sh", *site.journal)
    else:
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", *paths)
    head, _, rest = result.out.partition("\n")
    clock = whole_number(" ".join(head.split(" ")[1:2]))
    if clock is None:
        return None
    texts = dict(zip(paths, _sections(rest), strict=False))
    exact, offset = exact_clock(head), zone_offset(head)
    return LogTexts(clock, exact, offset, texts, at, result.took, ctx.elapsed())


def command(ctx: ProbeContext, site: LoggedSite, path: str) -> str:
    """Return the command that shows the log, from the server's side that of a container's output,
    and from its own side that of a file in it."""
    machine = ctx.machine
    is_output = path == OUTPUT or path.startswith(_OUTPUTS)
    if isinstance(machine, ContainerMachine) and machine.engine and is_output:
        return shlex.join((machine.engine, "logs", "--tail", "1000", machine.name))
    if site.journal:
        return shlex.join(("journalctl", *site.journal, "-n", "1000"))
    return f"tail -n 1000 {shlex.quote(path)}"


def _is_visitors(ctx: ProbeContext, line: AccessLine) -> bool:
    """Whether a request is none of this run. Its own are known by their User-Agent, unless the user
    gave one or the log has none, as HAProxy's; those of other machines are not ours."""
    has_own_agent = any(name.lower() == "user-agent" for name, _ in ctx.options.request.headers)
    if line.agent and not has_own_agent:
        return True
    return ctx.machine.via == "local" and bool(line.client) and not ctx.net.is_mine(line.client)


def _is_before(line: AccessLine, began: float) -> bool:
    """Return whether a request came before this run began: HAProxy and Caddy write fractions."""
    return not line.when.is_integer() and line.when < began


def exact_clock(head: str) -> float | None:
    """Return the server's clock in seconds since the epoch, by its line ("now 1795514470 +0800
    250000000"); None if its `date` knows no nanoseconds (only GNU's does)."""
    match = re.fullmatch(r"now ([0-9]{1,12}) (?:[+-][0-9]{4}|\S{10} \S{8}) ([0-9]{9})", head)
    return int(match[1]) + int(match[2]) / 1e9 if match else None


def zone_offset(head: str) -> int:
    """Return the seconds by which the server's zone is ahead of UTC, by the line of its clock
    ("now 1795514470 +0800 250000000", of a container "now 1795514470 2026/11/24 18:01:10 25…")."""
    match = re.match(r"now [0-9]+ ([+-])([0-9]{2})([0-9]{2})(?: |$)", head)
    local = re.fullmatch(r"now ([0-9]{1,12}) (\S{10} \S{8})(?: \S{0,12})?", head)
    if local is not None:
        with contextlib.suppress(ValueError):
            time = datetime.strptime(f"{local[2]} +0000", "%Y/%m/%d %H:%M:%S %z")
            return int(time.timestamp()) - int(local[1])
    if match is None:
        return 0
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return seconds if match[1] == "+" else -seconds


def _sections(text: str) -> Iterator[str]:
    """Yield the lines of each log in the output of READ_SCRIPT or of `ContainerMachine.read_logs`,
    "" for one that cannot be read."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" "):
            lines.append(line[1:])
        elif line.startswith("log"):
            lines = []
        else:
            yield "\n".join(lines)
            lines = []
