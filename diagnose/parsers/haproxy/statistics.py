"""Reads the output of "show info;show errors;show stat" on HAProxy's stats socket (Management
Guide, section 9.3). No I/O."""

import csv
import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.haproxy import ConnectionCount, InvalidResponse, ServerState
from diagnose.parsers.sanitize import clean

#: Maximum number of rows that are read.
MAX_ROWS = 2000

#: A captured response: its backend, its server, and the position of the error.
_INVALID = re.compile(
    r"\] backend (\S{1,100}) \(#\d{1,9}\): invalid response\n"
    r".{0,300}server (\S{1,100}) \(#\d{1,9}\).{0,100}\n"
    r"(?:.{0,200}\n){0,2}?.{0,100}error at position (\d{1,6})"
)
_CAPTURED = re.compile(r"^  (\d{5})[ +] ?(.{0,300})$", re.MULTILINE)

#: Maximum number of characters of a captured response that are read.
MAX_CAPTURE = 30_000

#: Names in the column "svname" that are no servers.
_TOTALS = {"FRONTEND", "BACKEND"}


@frozen
class Statistics:
    """The servers, the numbers of connections, and the proxies in which a field had no room."""

    servers: tuple[ServerState, ...] = ()
    counts: tuple[ConnectionCount, ...] = ()
    invalid: InvalidResponse | None = None
    failed_rewrites: tuple[str, ...] = ()


def parse_statistics(text: str) -> Statistics | None:
    """Return the statistics; None if the text has no table."""
    info, separator, table = text.partition("# pxname,")
    if not separator:
        return None
    rows = list(_rows(f"pxname,{table}"))
    servers = tuple(_server(row) for row in rows if row.get("svname") not in _TOTALS)
    limit = re.search(r"^Maxconn: ([0-9]{1,9})$", info, re.MULTILINE)
    current = re.search(r"^CurrConns: ([0-9]{1,9})$", info, re.MULTILINE)
    process = (ConnectionCount("", int(current[1]), int(limit[1])),) if current and limit else ()
    frontends = tuple(
        ConnectionCount(clean(row.get("pxname", ""), 100), *numbers)
        for row in rows
        if row.get("svname") == "FRONTEND" and (numbers := _numbers(row))
    )
    failed_rewrites = dict.fromkeys(
        clean(row.get("pxname", ""), 100)
        for row in rows
        if re.fullmatch("[1-9][0-9]{0,18}", row.get("wrew", ""))
    )
    return Statistics(
        servers, (*process, *frontends), _invalid_response(info), tuple(failed_rewrites)
    )


def _invalid_response(text: str) -> InvalidResponse | None:
    """Return the response in the output of "show errors" (Management Guide, section 9.3): the line
    in which the position of the error is. The text of each line follows its offset."""
    match = _INVALID.search(text)
    if match is None:
        return None
    lines = _CAPTURED.findall(text, match.end(), match.end() + MAX_CAPTURE)
    before = [words for offset, words in lines if int(offset) <= int(match[3])]
    line = before[-1].removesuffix("\\n").removesuffix("\\r") if before else ""
    return InvalidResponse(clean(match[1], 100), clean(match[2], 100), clean(line, 200))


def _rows(table: str) -> Iterator[dict[str, str]]:
    lines = table.split("\n")[: MAX_ROWS + 1]
    try:
        yield from (
            {key: value or "" for key, value in row.items() if isinstance(key, str)}
            for row in csv.DictReader(line for line in lines if line.strip())
        )
    except csv.Error:  # a field that is too long, or a NUL
        return


def _server(row: dict[str, str]) -> ServerState:
    code = row.get("check_code", "")
    current, limit = _numbers(row) or (0, 0)
    return ServerState(
        clean(row.get("pxname", ""), 100),
        clean(row.get("svname", ""), 100),
        clean(row.get("status", ""), 30),
        clean(row.get("check_status", "").removeprefix("* "), 20),
        int(code) if re.fullmatch("[1-9][0-9]{2}", code) else None,
        clean(row.get("last_chk", ""), 200),
        current,
        limit,
        clean(row.get("addr", ""), 300),
    )


def _numbers(row: dict[str, str]) -> tuple[int, int] | None:
    values = row.get("scur", ""), row.get("slim", "")
    if all(re.fullmatch("[0-9]{1,9}", value) for value in values):
        return int(values[0]), int(values[1])
    return None
