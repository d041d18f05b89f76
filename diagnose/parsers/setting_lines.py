"""Addresses in an application's answers that are wrong for its visitors, and the lines of its
settings that have them. No I/O."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from diagnose.model.frozen import frozen
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets
from diagnose.parsers.urls import is_internal_host, is_loopback_host, parse_url
from diagnose.parsers.whole_numbers import whole_number

#: Most addresses that are looked for, and the longest line that is kept, in characters.
MAX_ADDRESSES, MAX_LINE = 3, 200
_LINE = re.compile(r" (\d{1,6}) (\d{1,6}):(.*)")
#: Names of settings that are an origin or an address, and of those that are a host's name alone.
_ORIGINS = re.compile(r"(?i)origin|cors|url|uri|front_?end|callback|redirect|endpoint")
_NAMES = re.compile(r"(?i)allowed_?hosts|domain|server_?name|cookie")
#: A script that builds what is served, and a line of its settings with the site's own address. Whom
#: an application answers is no address that it is built with.
_BUILD = re.compile(r"build (npm|yarn|pnpm) (/[^\x00-\x1f]{1,300})")
_RIGHT = re.compile(r" right (\d{1,6}) (/[^:\x00-\x1f]{1,300}):(.*)")
_ASKING = re.compile(r"(?i)cors|allow|origin|trust|cookie|callback|redirect")
#: Comments of the formats that are read.
_COMMENT = re.compile(r"\s*(?:#|;|//)")


@frozen
class BuildText:
    """A script that builds what a program serves: its folder and program, and the line of its
    settings that has the site's own address already ("" without one)."""

    program: str
    folder: str
    file: str = ""
    number: int = 0
    text: str = ""


@frozen
class SettingText:
    """A line of a program's settings: `file` and `number`, or the words of the `command` that
    shows it, `unit` and `container` of the program ("" for none), and the address that it has."""

    address: str
    text: str
    file: str
    number: int
    command: str
    unit: str
    container: str


def wrong_addresses(urls: Iterable[str], host: str) -> tuple[str, ...]:
    """Return what to look for, "//localhost:4567", by the addresses that answers name to visitors
    of this host: those that are inside, on the visitor's own machine, or an IP address."""
    authorities = dict[str, None]()
    for url in urls:
        parsed = parse_url(url)
        if parsed is None or parsed.host == host:
            continue
        is_inner = is_internal_host(parsed.host) or is_loopback_host(parsed.host)
        if is_inner or is_address(parsed.host) or "." not in parsed.host:
            authorities[f"//{parsed.authority}"] = None
    return tuple(authorities)[:MAX_ADDRESSES]


def bare_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the same as the whole value of a variable, "=localhost:4567": a program that has the
    scheme in another variable puts them together. A host without a port is no address."""
    return tuple(f"={address[2:]}" for address in addresses if re.search(r":\d{1,5}$", address))


def addresses_in_query(url: str) -> Iterator[str]:
    """Yield the addresses in the query of an address, such as redirect_uri."""
    query = url.partition("?")[2].partition("#")[0]
    try:
        fields = parse_qsl(query[:8192], max_num_fields=64)
    except ValueError:
        return
    yield from (value for _, value in fields if value.startswith(("http://", "https://")))


def parse_setting_lines(text: str, addresses: Iterable[str]) -> Iterator[SettingText]:
    """Yield the lines of the output of setting_lines.sh that count: no comment, none whose name a
    later line of the file sets again, and with a name alone only where its scheme is missing or
    another."""
    wanted = tuple(addresses)
    unit = container = file = command = ""
    for row in text.split("\n")[:2000]:
        word, _, rest = row.partition(" ")
        match = _LINE.fullmatch(row)
        if match is None:
            if word in {"unit", "container", "file", "command"}:
                file = clean(rest, 300) if word == "file" else ""
                command = clean(rest, 200) if word == "command" else ""
            unit = clean(rest, 100) if word == "unit" else unit
            container = clean(rest, 100) if word == "container" else container
            continue
        number, last, line = whole_number(match[1]) or 0, whole_number(match[2]) or 0, match[3]
        if last > number or _COMMENT.match(line) or not (file or command):
            continue
        address = next((each for each in wanted if _has_address(line, each)), "")
        shown = clean(hide_secrets(line.strip()), MAX_LINE)
        if address and (address.startswith(("//", "=")) or is_wrong_name(line, address)):
            yield SettingText(address, shown, file, number, command, unit, container)


def unit_of(text: str) -> str:
    """Return the systemd service of the program, by the output of setting_lines.sh, "" if none."""
    rows = (row for row in text.split("\n")[:2000] if row.startswith("unit "))
    return clean(next(rows, "").partition(" ")[2], 100)


def parse_build(text: str, host: str) -> BuildText | None:
    """Return the script that builds what the program serves, by the output of setting_lines.sh;
    None if there is none, or if there are two."""
    rows = text.split("\n")[:2000]
    builds = [match for row in rows if (match := _BUILD.fullmatch(row))]
    if len(builds) != 1:
        return None
    build = BuildText(builds[0][1], clean(builds[0][2], 300))
    for match in filter(None, map(_RIGHT.fullmatch, rows)):
        line = match[3]
        key = line.partition("=")[0] if "=" in line else line.partition(":")[0]
        is_address = re.search(rf"https://{re.escape(host)}(?![\w.-])", line) is not None
        if is_address and not _COMMENT.match(line) and not _ASKING.search(key):
            shown = clean(hide_secrets(line.strip()), MAX_LINE)
            return BuildText(
                build.program,
                build.folder,
                clean(match[2], 300),
                whole_number(match[1]) or 0,
                shown,
            )
    return build


def _has_address(line: str, address: str) -> bool:
    """Return whether the address stands in a line, and is not the beginning of another."""
    if address.startswith("="):
        return re.search(rf"\w{re.escape(address)}[\"']?\s*$", line) is not None
    following = line[line.find(address) + len(address) :][:2]
    is_longer = re.match(r"[\w-]|\.\w" + (r"|:\d" if address[0] == "/" else ""), following)
    return address in line and is_longer is None


def is_wrong_name(line: str, name: str) -> bool:
    """Return whether a line has the site's name with http; or without a scheme, where the name of
    the setting says that it wants one."""
    if re.search(rf"(?:https|wss)://{re.escape(name)}(?![\w.:-])", line):
        return False
    if re.search(rf"http://{re.escape(name)}(?![\w.-])", line):
        return True
    key = re.match(rf"[^#]{{0,100}}?(?<![\w.@/-]){re.escape(name)}(?![\w.-])", line)
    return key is not None and _ORIGINS.search(key[0]) is not None and not _NAMES.search(key[0])


def corrected(line: str, address: str, origin: str) -> str:
    """Return the line with the origin that visitors use in the place of the address."""
    if address.startswith("//"):
        return re.sub(rf"(?:https?|wss?):{re.escape(address)}", lambda _: origin, line)
    if address.startswith("="):
        return line.replace(address, f"={origin.partition('://')[2]}")
    pattern = rf"(?:http://)?(?<![\w.@-]){re.escape(address)}(?::\d{{1,5}})?(?![\w.-])"
    return re.sub(pattern, lambda _: origin, line)
