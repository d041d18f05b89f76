"""What curl tells with -v, from text to values. Its exit status is the same for every error of
connect(2); its story, on standard error, is not. Pure.
"""

import re

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: errno(3) by the words of strerror(3) that curl repeats; kinds: `diagnose.net.error_mapping`.
_ERRORS = (
    ("Connection refused", "refused", 111, "ECONNREFUSED"),
    ("No route to host", "unreachable", 113, "EHOSTUNREACH"),
    ("Network is unreachable", "unreachable", 101, "ENETUNREACH"),
    ("Permission denied", "unreachable", 13, "EACCES"),
    ("No such file or directory", "missing", 2, "ENOENT"),
)

#: How OpenSSL, GnuTLS and NSS complain of an answer that is no TLS.
_NOT_TLS = (
    r"(?i)wrong version number|packet length too long|unknown protocol|http request|record layer"
    r"|unexpected TLS packet|SSL_ERROR_RX_RECORD_TOO_LONG"
)
#: A curl of today says that it is connected only once TLS is as well.
_CONNECTED = (
    r"(?m)^\* *(Connected to|Established connection|ALPN.* offer|.*\(OUT\), TLS handshake)"
    r"|^curl: \((35|52|56)\)"
)
_ALERT = r"\(IN\), TLS alert, ([\w ]+) \((\d+)\)"


@frozen
class Attempt:
    """One request to one address: whether the connection stood, whether TLS did, the status of
    the answer, and why there is none."""

    address: str
    connected: bool = False
    secured: bool = False
    protocol: str = ""
    status: int | None = None
    failure: Failure | None = None


def attempts(text: str) -> tuple[Attempt, ...]:
    """Several stories, each after a line "address …"."""
    parts = re.split(r"^address (.*)$", text, flags=re.MULTILINE)[1:]
    return tuple(_attempt(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))


def _attempt(address: str, story: str) -> Attempt:
    connected = re.search(_CONNECTED, story)
    secured = re.search(r"^\* *SSL connection using (\S+)", story, re.MULTILINE)
    answered = re.search(r"^< HTTP/[\d.]+ (\d{3})", story, re.MULTILINE)
    if answered:
        protocol = secured[1] if secured else ""
        return Attempt(address, True, bool(secured), protocol, int(answered[1]))
    failure = _broken(story) if connected else _unconnected(story)
    protocol = secured[1] if secured else ""
    return Attempt(address, bool(connected), bool(secured), protocol, None, failure)


def _last(story: str) -> tuple[str, int | None]:
    lines = [line for line in story.splitlines() if line.startswith("curl: ")]
    given = re.match(r"curl: \((\d+)\) ?(.*)", lines[-1]) if lines else None
    return (clean(given[2]), int(given[1])) if given else ("no answer", None)


def _unconnected(story: str) -> Failure:
    for words, kind, number, name in _ERRORS:
        if words in story:
            return Failure(kind, words, number, name)
    said, status = _last(story)
    if status == 28:
        return Failure("timeout", "timed out")
    return Failure("other", said, status)


def _broken(story: str) -> Failure:
    """How it went on where the connection stood (curl(1), "EXIT CODES")."""
    said, number = _last(story)
    if alert := re.search(_ALERT, story):
        return Failure("alert", said, int(alert[2]) - 512, alert[1].replace(" ", "_"))
    if re.search(_NOT_TLS, story):
        return Failure("protocol", said, number)
    if number == 28:
        return Failure("timeout", "timed out")
    if "reset by peer" in story:
        return Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
    if number in {35, 52, 56}:
        return Failure("closed", said or "connection closed", number)
    return Failure("protocol", said, number)
