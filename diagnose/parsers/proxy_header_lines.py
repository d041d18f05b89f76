r"""Headers of the PROXY protocol that a web server took for requests, in the text of its access log
(HAProxy's doc/proxy-protocol.txt, sections 2.1 and 2.2). No I/O.

nginx logs the line of version 1, Apache the line up to the visitor's address. Of version 2 nginx
logs the first byte that is no end of a line ("\x00"), Apache nothing ("").
"""

from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.tcp import HeaderVersion
from diagnose.parsers.access_log import local_epoch
from diagnose.parsers.hostnames import written_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.whole_numbers import whole_number

#: Longest line that is read, and longest time before the end of the log, in seconds.
MAX_LINE, MAX_AGE = 2000, 900

_LINE = lazy_pattern(
    r"(?:\S{1,300} )?(?P<client>[0-9A-Fa-f.:]{3,45}) [^\"\[]{0,200}\[(?P<time>[^\]\[]{20,30})\]"
    r" \"(?P<request>[^\"]{0,200})\" 400 "
)
_HEADER = lazy_pattern(
    r"PROXY (?:TCP[46] (?P<visitor>[0-9A-Fa-f.:]{3,45})(?: \S{3,45} \d{1,5} (?P<port>\d{1,5}))?"
    r"|UNKNOWN\b.{0,150})"
)


@frozen
class HeaderLine:
    """A header in a log. `when` is in seconds since the epoch, `written` the time as printed."""

    when: float
    written: str
    sender: str
    version: HeaderVersion
    visitor: str = ""
    port: int = 0


def header_lines(text: str, now: float) -> Iterator[HeaderLine]:
    """Yield the headers of the last minutes before `now`, in seconds since the epoch."""
    for line in text.split("\n"):
        is_header = '"PROXY ' in line or '"\\x00' in line or '"" 400 ' in line
        match = _LINE.match(line) if is_header and len(line) <= MAX_LINE else None
        when = local_epoch(match["time"]) if match else None
        if match is None or when is None or not now - MAX_AGE <= when <= now + 1:
            continue
        sender, header = written_address(match["client"]), _HEADER.fullmatch(match["request"])
        if not sender or (header is None and match["request"].startswith("PROXY ")):
            continue
        if header is None:
            yield HeaderLine(when, match["time"], sender, 2)
        else:
            visitor, port = (
                written_address(header["visitor"] or ""),
                whole_number(header["port"] or ""),
            )
            yield HeaderLine(when, match["time"], sender, 1, visitor, port or 0)
