"""Parse the output of curl -v. curl's exit status is the same for every error of connect(2), but
its messages on standard error differ. No I/O.
"""

import re

from diagnose.model import Failure, FailureKind
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: errno(3) for the texts of strerror(3) that curl prints; kinds: `diagnose.net.error_mapping`.
_ERRORS: tuple[tuple[str, FailureKind, int, str], ...] = (
    ("Connection refused", "refused", 111, "ECONNREFUSED"),
    ("No route to host", "unreachable", 113, "EHOSTUNREACH"),
    ("Network is unreachable", "unreachable", 101, "ENETUNREACH"),
    ("Permission denied", "unreachable", 13, "EACCES"),
    ("Operation not permitted", "denied", 1, "EPERM"),
    ("Cannot assign requested address", "unreachable", 99, "EADDRNOTAVAIL"),
    ("Network is down", "unreachable", 100, "ENETDOWN"),
    ("No such file or directory", "missing", 2, "ENOENT"),
)

#: Failures by exit status (curl(1), "EXIT CODES"): connected, but no response.
EXIT_FAILURES = {
    28: Failure("timeout", "timed out"),
    52: Failure("closed", "connection closed"),
    56: Failure("reset", "Connection reset by peer"),
}

#: Messages of OpenSSL, GnuTLS and NSS about a response that is not TLS.
_NOT_TLS = (
    r"(?i)wrong version number|packet length too long|unknown protocol|http request|record layer"
    r"|unexpected TLS packet|SSL_ERROR_RX_RECORD_TOO_LONG"
)
#: Signs that TCP is connected. A recent curl reports the connection only after TLS is established.
_CONNECTED = (
    r"(?m)^\* *(Connected to|Established connection|ALPN.* offer|.*\(OUT\), TLS handshake)"
    r"|^curl: \((35|52|56)\)"
)
_ALERT = r"\(IN\), TLS alert, ([\w ]+) \((\d+)\)"


@frozen
class CurlAttempt:
    """One request to one address, or to all addresses of a name.

    Whether TCP connected, whether TLS was established, the status and header fields of the
    response (names in lower case), or why there is none.
    """

    address: str = ""
    connected: bool = False
    secured: bool = False
    protocol: str = ""
    status: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    failure: Failure | None = None


def attempts(text: str) -> tuple[CurlAttempt, ...]:
    """Parse the logs of several requests, each after a line "address …"."""
    parts = re.split(r"^address (.*)$", text, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return tuple(parse_attempt(log, address) for address, log in pairs)


def parse_attempt(log: str, address: str = "") -> CurlAttempt:
    """Parse the log of one request: "*" begins curl's own lines, "<" those of the header."""
    connected = re.search(_CONNECTED, log) is not None
    tls_match = re.search(r"^\* *SSL connection using (\S+)", log, re.MULTILINE)
    protocol = tls_match[1] if tls_match else ""
    status_line = re.search(r"^< HTTP/[\d.]+ (\d{3})", log, re.MULTILINE)
    if status_line:
        status = int(status_line[1])
        return CurlAttempt(address, True, bool(tls_match), protocol, status, _header_fields(log))
    failure = _error_after_connect(log) if connected else _connect_error(log)
    return CurlAttempt(address, connected, bool(tls_match), protocol, failure=failure)


def _header_fields(log: str) -> tuple[tuple[str, str], ...]:
    lines = re.findall(r"^< ([^:\n]+):(.*)$", log, re.MULTILINE)
    return tuple((name.lower(), value.strip()) for name, value in lines)


def _last_error(log: str) -> tuple[str, int | None]:
    lines = [line for line in log.splitlines() if line.startswith("curl: ")]
    match = re.match(r"curl: \((\d+)\) ?(.*)", lines[-1]) if lines else None
    return (clean(match[2]), int(match[1])) if match else ("no answer", None)


def _connect_error(log: str) -> Failure:
    """Return why TCP did not connect; an errno only if it was the same for every address."""
    errors = [error for error in _ERRORS if error[0] in log]
    if len(errors) == 1:
        strerror, kind, errno, name = errors[0]
        return Failure(kind, strerror, errno, name)
    message, number = _last_error(log)
    return EXIT_FAILURES[28] if number == 28 else Failure("other", message, number)


def _error_after_connect(log: str) -> Failure:
    """Return the error of a request after TCP was connected (curl(1), "EXIT CODES")."""
    message, number = _last_error(log)
    if alert := re.search(_ALERT, log):
        return Failure("alert", message, int(alert[2]) - 512, alert[1].replace(" ", "_"))
    if re.search(_NOT_TLS, log):
        return Failure("protocol", message, number)
    if "reset by peer" in log and number != 28:
        return Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
    if number in {28, 52}:
        return EXIT_FAILURES[number]
    if number in {35, 56}:
        return Failure("closed", message or "connection closed", number)
    return Failure("protocol", message, number)
