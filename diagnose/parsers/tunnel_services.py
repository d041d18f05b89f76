"""The services that start the clients of tunnels, and why a client has no connection, by its own
log. No I/O.

A refusal that a later success follows is over.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean
from diagnose.parsers.tunnels import PROGRAMS

#: Most services, and characters of a line of a log.
MAX_SERVICES, MAX_LINE = 8, 600

#: What the other end refuses: who the client is ("login"), the port or the name that another client
#: has ("taken"), a kind that the other end does not offer ("kind"), something else ("other").
Refusal = Literal["", "login", "taken", "kind", "other"]

#: The programs' own words: frp (client/control.go, server/control.go), cloudflared, ngrok's error
#: reference, OpenSSH (ssh.c, clientloop.c, channels.c).
_REFUSALS: tuple[tuple[Refusal, str], ...] = (
    (
        "login",
        r"token in (?:login|heartbeat|newWorkConn)[^\n]{0,30} doesn't match|authorization failed"
        r"|Invalid tunnel secret|Unauthorized: |Provided Tunnel token is not valid"
        r"|ERR_NGROK_10[0-9]\b|Permission denied \(|Host key verification failed",
    ),
    (
        "taken",
        r"start error: (?:port already used|port unavailable|router config conflict"
        r"|proxy \[[^\]\n]{1,80}\] already exists|proxy name [^\n]{1,80} is already in use)"
        r"|ERR_NGROK_334\b|remote port forwarding failed for listen port",
    ),
    ("kind", r"start error: type \[[a-z]{1,10}\] not supported when"),
    (
        "other",
        r"start error: [^\n]{1,200}|login to (?:the )?server failed: [^\n]{1,200}"
        r"|tunnel credentials file [^\n]{1,200}|[Ff]ailed to dial[^\n]{1,200}"
        r"|connect to server error: [^\n]{1,200}|ERR_NGROK_\d{3,5}\b"
        r"|ssh: (?:Could not resolve hostname|connect to host)[^\n]{1,200}",
    ),
)
_SUCCESS = re.compile(
    r"login to server success|start proxy success|Registered tunnel connection"
    r"|started tunnel|Entering interactive session|remote forward success"
)


@frozen
class ListedService:
    """A service that starts the client of a tunnel: its unit, its program, the words of its
    command, and its states by systemd (systemctl(1), `show`). `refusal` is what its log says last
    of why it has no connection, in the words of `line`."""

    unit: str
    program: str
    words: tuple[str, ...] = ()
    state: str = ""
    unit_state: str = ""
    refusal: Refusal = ""
    line: str = ""


def parse_services(text: str) -> Iterator[ListedService]:
    """Parse the output of the probe's script tunnel_services.sh."""
    for block in re.split(r"^service ", text, flags=re.MULTILINE)[1 : MAX_SERVICES + 1]:
        unit, *lines = block.split("\n")
        properties = dict(
            line.split("=", 1) for line in lines if re.match(r"[A-Za-z]{1,30}=", line)
        )
        command = next((line[8:] for line in lines if line.startswith("command ")), "")
        words = _words(command)
        program = words[0].rpartition("/")[2] if words else ""
        if program not in PROGRAMS or not re.fullmatch(r"[\w@.:\\-]{1,200}\.service", unit):
            continue
        refusal, line = last_refusal([line[1:] for line in lines if line.startswith(" ")])
        yield ListedService(
            unit=unit,
            program=program,
            words=words,
            state=clean(properties.get("ActiveState", ""), 20),
            unit_state=clean(properties.get("UnitFileState", ""), 20),
            refusal=refusal,
            line=line,
        )


def _words(command: str) -> tuple[str, ...]:
    """Return the words of a command of systemd, without the marks before it."""
    try:
        return tuple(shlex.split(command[:4000].lstrip("-@:+!|")))
    except ValueError:
        return ()


def last_refusal(lines: Sequence[str]) -> tuple[Refusal, str]:
    """Return the last refusal of a log after which no success is written, and its line."""
    refusal: tuple[Refusal, str] = "", ""
    for line in lines:
        row = line[:MAX_LINE]
        word = next((word for word, pattern in _REFUSALS if re.search(pattern, row)), None)
        if word:
            refusal = word, clean(row.strip(), 300)
        elif _SUCCESS.search(row):
            refusal = "", ""
    return refusal
