"""What stopped the start of Caddy or HAProxy after its configuration was read, by its own words,
and the output of start_obstacles.sh. No I/O.

Sources: Go's net and os packages ("listen udp :443: bind: address already in use"), and HAProxy's
src/proto_tcp.c, src/proto_uxst.c and src/haproxy.c ("cannot bind socket", "Cannot chroot").
"""

import re

from diagnose.model.frozen import frozen
from diagnose.model.services import ObstacleKind
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

#: `caddy start` returns at once, and `caddy run` stays (caddy(8)).
_IN_BACKGROUND = re.compile(r"(/[\w./-]{1,200}caddy) start((?: [\w./=:@-]{1,200}){0,12})")
_PATH = r"(?P<path>/[^\s\])\"':]{1,300})"
_PLACE = r"\[?(?P<address>[0-9a-fA-F.:*]{0,45}?)\]?:(?P<port>[0-9]{1,5})"
_PATTERNS: tuple[tuple[ObstacleKind, re.Pattern[str]], ...] = (
    ("udp-port", re.compile(rf"listen udp[46]? {_PLACE}: bind: address already in use")),
    ("admin-port", re.compile(
        rf"administration endpoint: listen tcp[46]? {_PLACE}: bind: address already in use")),
    ("tcp-port", re.compile(rf"listen tcp[46]? {_PLACE}: bind: address already in use")),
    ("tcp-port", re.compile(
        rf"cannot bind socket \(Address already in use\) (?:for )?\[{_PLACE}\]")),
    ("low-port", re.compile(rf"listen (?:tcp|udp)[46]? {_PLACE}: bind: permission denied")),
    ("low-port", re.compile(rf"cannot bind socket \(Permission denied\) (?:for )?\[{_PLACE}\]")),
    ("address", re.compile(rf"listen tcp[46]? {_PLACE}: bind: cannot assign requested address")),
    ("address", re.compile(
        rf"cannot bind socket \(Cannot assign requested address\) (?:for )?\[{_PLACE}\]")),
    ("chroot", re.compile(rf"[Cc]annot chroot\d?\({_PATH}\)")),
    ("socket-folder", re.compile(
        rf"cannot bind UNIX socket \(No such file or directory\) (?:for )?\[{_PATH}\]")),
    ("folder", re.compile(rf"mkdir {_PATH}: permission denied")),
    ("file", re.compile(rf"open {_PATH}: permission denied")),
)  # fmt: skip


@frozen
class Obstacle:
    """What a start met: a port, perhaps with an address, or a path."""

    kind: ObstacleKind
    path: str = ""
    address: str = ""
    port: int = 0


@frozen
class ObstacleDetails:
    """What the server shows of an obstacle.

    `process`, `pid` and `holder` are the program that has the port, and its unit with its kind
    ("hysteria.service", "" for none); `is_used` says that this web server has more than its package
    brings. `user` and `group` are those of the web server's own unit (""
    for root's). `owner`, `owner_group` and `mode` are those of the path, None if it is not there,
    and `is_folder` says that it is one. `bounds` is True if the unit lacks the capability for
    chroot(2). `setting` is the value of net.ipv4.ip_nonlocal_bind, and `virtual` the file in which
    another program (keepalived) has the address. `command` is the line ExecStart= of the unit, if
    it starts Caddy in the background and systemd takes that for the end of it.
    """

    process: str = ""
    pid: int | None = None
    holder: str = ""
    is_used: bool = False
    user: str = ""
    group: str = ""
    owner: str = ""
    owner_group: str = ""
    mode: int | None = None
    is_folder: bool = False
    bounds: bool = False
    setting: int | None = None
    virtual: str = ""
    command: str = ""


def obstacle_of(message: str) -> Obstacle | None:
    """Return what stopped a start, by the last error of its journal; None if that is not known."""
    for kind, pattern in _PATTERNS:
        if match := pattern.search(message):
            words = match.groupdict()
            address = (words.get("address") or "").strip("[]")
            return Obstacle(
                kind,
                clean(words.get("path") or "", 300),
                address if is_address(address) else "",
                whole_number(words.get("port") or "") or 0,
            )
    return None


def in_foreground(command: str) -> str:
    """Return the command line that stays in the foreground."""
    return _IN_BACKGROUND.sub(r"\1 run\2", command)


def parse_details(text: str) -> ObstacleDetails:
    """Parse the script's lines "=NAME VALUE"."""
    values: dict[str, str] = {}
    for line in text.split("\n")[:200]:
        name, _, value = line.partition(" ")
        if name.startswith("=") and value.strip():
            values.setdefault(name[1:], clean(value.strip(), 300))
    mode, command = values.get("mode", ""), values.get("command", "")
    return ObstacleDetails(
        process=values.get("process", ""),
        pid=whole_number(values.get("pid", "")),
        holder=values.get("holder", ""),
        is_used="used" in values,
        user=values.get("user", "") if values.get("user") != "root" else "",
        group=values.get("group", ""),
        owner=values.get("owner", ""),
        owner_group=values.get("owner-group", ""),
        mode=int(mode, 8) if re.fullmatch("[0-7]{1,4}", mode) else None,
        is_folder="folder" in values,
        bounds=values.get("bounded") == "yes",
        setting=whole_number(values.get("setting", "")),
        virtual=values.get("virtual", ""),
        command=command if _IN_BACKGROUND.fullmatch(command) else "",
    )
