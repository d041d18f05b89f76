"""Reads how a program's way out went (probes/inside/shell/outgoing.sh). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.model.outgoing import Attempt, Outcome
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean

#: Most of what is read: characters, attempts, certificates of one, name servers.
MAX_READ, MAX_ATTEMPTS, MAX_CERTIFICATES = 40_000, 3, 8
#: Longest text that is kept.
MAX_TEXT = 200

_PART = re.compile(r"^@@@ (\S{1,260})$", re.MULTILINE)
_NAMES = re.compile(r"^names (\d{1,3})$", re.MULTILINE)
_SERVER = re.compile(r"^nameserver (\S{1,60})", re.MULTILINE)
#: timeout(1) ended getent(1) or openssl(1).
_TIMED_OUT = 124
_DENIED = "HTTP CONNECT failed"
_CODE = re.compile(r"^code (\d{1,3})$", re.MULTILINE)
_CERTIFICATE = re.compile(r"^ *\d{1,2} s:(.{0,300})\n   i:(.{0,300})$", re.MULTILINE)
_VERIFY = re.compile(
    r"Verif(?:y return code: (\d{1,3}) \((.{1,120})\)|ication error: (.{1,120}))", re.MULTILINE
)
_REFUSED = re.compile(r"connection refused|errno=111", re.IGNORECASE)
_UNREACHABLE = re.compile(r"no route to host|unreachable|errno=(?:101|113)\b", re.IGNORECASE)
_LATE = re.compile(r"connection timed out|errno=110\b", re.IGNORECASE)


@frozen
class TriedWay:
    """The name servers, whether the name has addresses, and the attempts."""

    name_servers: tuple[str, ...] = ()
    has_names: bool = True
    is_silent: bool = False
    attempts: tuple[Attempt, ...] = ()


def tried_way(text: str, uses_tls: bool) -> TriedWay:
    """Return what the script printed."""
    head, *parts = _PART.split(text[:MAX_READ])
    code = _NAMES.search(head)
    pairs = list(zip(parts[::2], parts[1::2], strict=False))[:MAX_ATTEMPTS]
    return TriedWay(
        name_servers=tuple(
            address
            for each in _SERVER.findall(head)[:4]
            if is_address(address := each.partition("%")[0])
        ),
        has_names=bool(pairs) or code is None or int(code[1]) == 0,
        is_silent=code is not None and int(code[1]) == _TIMED_OUT,
        attempts=tuple(_attempt(clean(place, MAX_TEXT), words, uses_tls) for place, words in pairs),
    )


def _attempt(address: str, words: str, uses_tls: bool) -> Attempt:
    certificates = tuple(
        (clean(subject, MAX_TEXT), clean(issuer, MAX_TEXT))
        for subject, issuer in _CERTIFICATE.findall(words)[:MAX_CERTIFICATES]
    )
    code = _CODE.search(words)
    is_late = code is not None and int(code[1]) == _TIMED_OUT
    if _DENIED in words:
        line = next(line for line in words.split("\n") if _DENIED in line)
        return Attempt(address, "denied", words=clean(line, MAX_TEXT))
    if "CONNECTED(" not in words:
        return Attempt(address, _unconnected(words, is_late))
    if not uses_tls:
        return Attempt(address, "connected")
    if not certificates:
        return Attempt(address, "stalled" if is_late else "closed")
    number, said = 0, ""
    for match in _VERIFY.finditer(words):
        number = int(match[1] or 0) or number
        said = match[2] or match[3] or said
    if not number:
        return Attempt(address, "ok", certificates=certificates)
    return Attempt(address, "untrusted", number, clean(said, MAX_TEXT), certificates)


def _unconnected(words: str, is_late: bool) -> Outcome:
    if _REFUSED.search(words):
        return "refused"
    if _UNREACHABLE.search(words):
        return "unreachable"
    return "timeout" if is_late or _LATE.search(words) else "closed"
