"""Where the clients of tunnels pass visitors on to: the command lines of ssh(1), cloudflared and
ngrok, and the configuration files of frpc, cloudflared and ngrok. No I/O.

Only addresses, ports and names are taken from the files; the tokens in them are not.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

#: Longest text that is read, and most ends of tunnels, and blocks of a file.
MAX_TEXT, MAX_ENDS, MAX_BLOCKS = 200_000, 16, 200

#: The programs that are known, by the names of their processes.
PROGRAMS = ("frpc", "cloudflared", "ngrok", "ssh", "autossh")


#: What an end is for, "" if that is not written.
Protocol = Literal["", "http", "https", "tcp"]


@frozen
class TunnelEnd:
    """A local end of a tunnel, and the names that lead to it.

    `protocol` is what it is for ("http", "https", "tcp"), "" if that is not written. `line` is the
    line of the file with the port, if that stands there alone as this number, and `names_line` that
    of a list of names to which another one can be added; from 1, and 0 if there is none.
    """

    host: str
    port: int
    names: tuple[str, ...] = ()
    protocol: Protocol = ""
    line: int = 0
    names_line: int = 0


_URL = re.compile(
    r"^(https?)://(\[[0-9a-fA-F:]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::([0-9]{1,5}))?(?:/|$)"
)


def ends_of_command(words: Sequence[str]) -> tuple[TunnelEnd, ...]:
    """Return what a command line names itself; () if it names a file or nothing."""
    program = words[0].rpartition("/")[2] if words else ""
    readers = {
        "ssh": _of_ssh,
        "autossh": _of_ssh,
        "cloudflared": _of_cloudflared,
        "ngrok": _of_ngrok,
    }
    reader = readers.get(program)
    return tuple(reader(words[1:]))[:MAX_ENDS] if reader else ()


def config_files(words: Sequence[str], folder: str) -> tuple[str, ...]:
    """Return the configuration files that a command line names, or else the usual ones."""
    program = words[0].rpartition("/")[2] if words else ""
    options = {"-c", "--config", "--config-file"} if program != "ssh" else set()
    named = [value for option, value in pairwise(words) if option in options]
    named += [
        word.partition("=")[2]
        for word in words
        if word.partition("=")[0] in options and "=" in word
    ]
    paths = [
        path if path.startswith("/") else f"{folder.rstrip('/')}/{path}" for path in named if path
    ]
    return tuple(paths)[:2] or _USUAL.get(program, ())


_USUAL = {
    "frpc": ("/etc/frp/frpc.toml", "/etc/frp/frpc.ini"),
    "cloudflared": (
        "/etc/cloudflared/config.yml", "/root/.cloudflared/config.yml",
        "/usr/local/etc/cloudflared/config.yml",
    ),
    "ngrok": ("/root/.config/ngrok/ngrok.yml", "/root/.ngrok2/ngrok.yml"),
}  # fmt: skip


def _of_ssh(words: Sequence[str]) -> Iterator[TunnelEnd]:
    """`-R [ADDRESS:]PORT:HOST:HOSTPORT`; without a host it is a proxy and leads anywhere."""
    for index, word in enumerate(words):
        if not word.startswith("-R"):
            continue
        value = word[2:] or (words[index + 1] if index + 1 < len(words) else "")
        match = re.fullmatch(
            r".{0,300}?\b\d{1,5}:(\[[0-9a-fA-F:]+\]|[^:\[\]]{1,253}):(\d{1,5})", value
        )
        if match:
            yield from _end(match[1], match[2])


def _of_cloudflared(words: Sequence[str]) -> Iterator[TunnelEnd]:
    for index, word in enumerate(words):
        option, _, value = word.partition("=")
        if option == "--url":
            yield from _of_url(value or (words[index + 1] if index + 1 < len(words) else ""))


def _of_ngrok(words: Sequence[str]) -> Iterator[TunnelEnd]:
    """`ngrok http 8080`, `ngrok http http://localhost:8080`, with `--domain=NAME`."""
    names = tuple(
        clean(word.partition("=")[2].partition("://")[2] or word.partition("=")[2], 253)
        for word in words
        if word.startswith(("--domain=", "--hostname=", "--url="))
    )
    for word in words[1:] if words and words[0] in {"http", "tls", "tcp"} else ():
        if word.startswith("-"):
            continue
        host, _, port = word.rpartition(":") if "://" not in word else ("", "", "")
        ends = _of_url(word) if "://" in word else _end(host or "localhost", port)
        for end in ends:
            yield TunnelEnd(end.host, end.port, names, end.protocol)


def ends_of_config(program: str, text: str) -> tuple[TunnelEnd, ...]:
    """Return the ends that a configuration file names."""
    readers = {"frpc": _of_frpc, "cloudflared": _of_ingress, "ngrok": _of_ngrok_file}
    reader = readers.get(program)
    return tuple(reader(text[:MAX_TEXT]))[:MAX_ENDS] if reader else ()


_SETTING = re.compile(r"[ \t]*([A-Za-z_]{1,40})[ \t]*=[ \t]*([^#\r\n]{1,2000})")
#: A list of names on one line, in TOML and in the older INI.
_NAMES = re.compile(
    r"""[ \t]*(?:customDomains[ \t]*=[ \t]*\[[^\]#]{3,2000}["']\s*\]"""
    r"""|custom_domains[ \t]*=[^#;]{3,2000})\s*"""
)


def _of_frpc(text: str) -> Iterator[TunnelEnd]:
    """`[[proxies]]` in TOML, or `[name]` in the older INI."""
    for rows in _blocks(text, re.compile(r"[ \t]*\[")):
        fields = {
            match[1].replace("_", "").lower(): (match[2].strip(), number)
            for number, row in rows
            if (match := _SETTING.match(row))
        }
        names, at = fields.get("customdomains", ("", 0))
        host, kind, port = (
            fields.get(key, (usual, 0))[0].strip("\"' ")
            for key, usual in (("localip", "127.0.0.1"), ("type", ""), ("localport", ""))
        )
        is_list = any(number == at and _NAMES.fullmatch(row) for number, row in rows)
        for end in _end(host, port):
            yield TunnelEnd(
                end.host,
                end.port,
                tuple(clean(name, 253) for name in _HOST.findall(names)[:16]),
                _PROTOCOLS.get(kind, ""),
                _line_of(rows, fields["localport"][1], port),
                at if is_list else 0,
            )


_HOST = re.compile(r"[A-Za-z0-9*_.-]{3,253}")
_PROTOCOLS: dict[str, Protocol] = {"http": "http", "https": "https", "tcp": "tcp"}
_Rows = list[tuple[int, str]]


def line_of_command(text: str, port: int) -> int:
    """Return the line of a unit file's only command (systemd.service(5)), from 1; 0 if the port
    does not stand there exactly once."""
    rows = list(enumerate(text[:MAX_TEXT].split("\n"), 1))
    starts = [number for number, row in rows if row.startswith("ExecStart=")]
    return _line_of(rows, starts[0], str(port)) if len(starts) == 1 else 0


def _blocks(text: str, start: "re.Pattern[str]") -> Iterator[_Rows]:
    """Yield the lines of each block with their numbers; a block begins with a line that matches."""
    rows, count = _Rows(), 0
    for number, row in enumerate(text.split("\n"), 1):
        if start.match(row):
            count += 1
            if rows and count > 1:
                yield rows
            rows = []
        if count > MAX_BLOCKS:
            return
        rows.append((number, row))
    if rows and count:
        yield rows


def _line_of(rows: _Rows, number: int, port: str) -> int:
    """Return the number of a line, 0 if the port does not stand in it exactly once."""
    row = next((row for at, row in rows if at == number), "")
    return number if row.count(port) == 1 and re.search(rf"(?<!\d){port}(?!\d)", row) else 0


_RULE = re.compile(r"[ \t]*(?:-[ \t]+)?(hostname|service)[ \t]*:[ \t]*[\"']?([^\s\"'#]{1,300})")


def _of_ingress(text: str) -> Iterator[TunnelEnd]:
    """The rules below `ingress:`; each begins with a dash."""
    for rows in _blocks(text, re.compile(r"[ \t]*-[ \t]")):
        fields = {
            match[1]: (match[2], number) for number, row in rows if (match := _RULE.match(row))
        }
        service, at = fields.get("service", ("", 0))
        name = fields.get("hostname", ("", 0))[0]
        for end in _of_url(service):
            names = (clean(name, 253),) if name else ()
            yield TunnelEnd(
                end.host, end.port, names, end.protocol, _line_of(rows, at, str(end.port))
            )


_ADDR = re.compile(
    r"[ \t]*(?:-[ \t]+)?(addr|url|domain|hostname)[ \t]*:[ \t]*[\"']?([^\s\"'#]{1,300})"
)


def _of_ngrok_file(text: str) -> Iterator[TunnelEnd]:
    for rows in _blocks(text, re.compile(r"[ \t]+[^\s:]{1,60}:[ \t]*$")):
        fields = {
            match[1]: (match[2], number) for number, row in rows if (match := _ADDR.match(row))
        }
        address, at = fields.get("addr") or fields.get("url") or ("", 0)
        name = (fields.get("domain") or fields.get("hostname") or ("", 0))[0]
        host, _, port = address.rpartition(":") if "://" not in address else ("", "", "")
        ends = _of_url(address) if "://" in address else _end(host or "localhost", port)
        for end in ends:
            names = (clean(name, 253),) if name else ()
            yield TunnelEnd(
                end.host, end.port, names, end.protocol, _line_of(rows, at, str(end.port))
            )


def _of_url(text: str) -> Iterator[TunnelEnd]:
    if match := _URL.match(text.strip()):
        default = "443" if match[1] == "https" else "80"
        for end in _end(match[2], match[3] or default):
            yield TunnelEnd(end.host, end.port, protocol=_PROTOCOLS.get(match[1], ""))


def _end(host: str, port: str) -> Iterator[TunnelEnd]:
    number = whole_number(port)
    if number is not None and 0 < number < 65536:
        yield TunnelEnd(clean(host.strip("[]"), 253), number)


@frozen
class ListedClient:
    """A process of a tunnel's client: its words, and the folder in which it runs. `is_apart` is
    whether it has a network of its own, `groups` are the lines of its control groups, `own_ports`
    those on which it listens itself, and `ports` all those of its network."""

    pid: int
    program: str
    folder: str
    words: tuple[str, ...]
    is_apart: bool = False
    groups: tuple[str, ...] = ()
    own_ports: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()

    def path(self, path: str) -> str:
        """Return the path of a file that it sees as `path`."""
        return f"/proc/{self.pid}/root{path}" if self.is_apart else path


def parse_clients(text: str) -> Iterator[ListedClient]:
    """Parse the output of the probe's script tunnels.sh."""
    for block in re.split(r"^tunnel ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        number, _, program = head.partition(" ")
        lines = rest.split("\n")
        folder = next((line[7:] for line in lines if line.startswith("folder ")), "/")
        words = tuple(line[1:] for line in lines if line.startswith(" "))
        pid = whole_number(number)
        if pid is not None and program in PROGRAMS and words:
            yield ListedClient(
                pid,
                program,
                folder or "/",
                words,
                is_apart="apart" in lines,
                groups=tuple(line[6:] for line in lines if line.startswith("group ")),
                own_ports=_ports(lines, "own "),
                ports=_ports(lines, "own ") + _ports(lines, "any "),
            )


def _ports(lines: list[str], word: str) -> tuple[int, ...]:
    """Return the ports that are written in hexadecimal digits after a word."""
    rows = (line.removeprefix(word) for line in lines if line.startswith(word))
    numbers = (int(row, 16) for row in rows if re.fullmatch(r"[0-9A-F]{1,4}", row))
    return tuple(dict.fromkeys(numbers))
