"""The health checks of balancers in the text of an access log: nginx's and Apache's common forms,
also with the virtual host and its port before the client. No I/O."""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from diagnose.model.frozen import frozen
from diagnose.parsers.access_log import local_epoch
from diagnose.parsers.hostnames import written_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: Longest line that is read, longest time before the end of the log, in seconds, and how many
#: requests are a check.
MAX_LINE, MAX_AGE, MIN_TIMES = 2000, 900, 4

_LINE = lazy_pattern(
    r"(?:[\w.-]{1,253}:(?P<port>\d{1,5}) )?(?P<client>[0-9A-Fa-f.:]{3,45}) [^\"\[]{0,200}"
    r"\[(?P<time>[^\]\[]{20,30})\] \"(?P<method>GET|HEAD|OPTIONS) (?P<path>/[!-~]{0,300}|\*)"
    r" HTTP/[0-9.]{1,3}\" (?P<status>[1-5][0-9]{2}) \S{1,20}"
    r"(?: \"[^\"]{0,500}\" \"(?P<agent>[^\"]{0,300})\")?"
)


@frozen
class CheckLines:
    """Equal requests of one machine. `every_s` is the usual time between two, in seconds."""

    sender: str
    method: str
    path: str
    status: int
    every_s: float
    times: int
    written: str
    agent: str = ""
    port: int = 0


def refused_checks(text: str, now: float) -> Iterator[CheckLines]:
    """Yield the requests of the last minutes before `now` (seconds since the epoch) that came again
    and again in even intervals, and never got a success."""
    groups: dict[tuple[str, str, str], list[tuple[float, int, str, str, int]]] = {}
    for line in text.split("\n"):
        match = _LINE.match(line) if len(line) <= MAX_LINE else None
        when = local_epoch(match["time"]) if match else None
        if match is None or when is None or not now - MAX_AGE <= when <= now + 1:
            continue
        sender, agent = written_address(match["client"]), (match["agent"] or "").strip("-")
        path = match["path"].partition("?")[0]
        row = (when, int(match["status"]), match["time"], agent, int(match["port"] or 0))
        if sender and not agent.startswith("Mozilla/"):
            groups.setdefault((sender, match["method"], path), []).append(row)
    for (sender, method, path), rows in groups.items():
        every = _interval([row[0] for row in rows])
        if every and all(row[1] >= 300 for row in rows):
            _, status, written, agent, port = rows[-1]
            yield CheckLines(
                sender, method, path, status, every, len(rows), written, clean(agent, 200), port
            )


def _interval(times: list[float]) -> float:
    """Return the usual time between two requests; 0 if they are few or come unevenly."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    usual = median(gaps) if len(gaps) >= MIN_TIMES - 1 else 0.0
    return usual if usual > 0 and max(gaps) <= 2 * usual + 2 else 0.0
