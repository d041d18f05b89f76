"""The host that a program did not find, in the words of its log. No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Node.js; libpq; Go; PHP; MySQL's client; redis-py; Java.
_LOST = lazy_pattern(
    r"\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN) ([\w.-]{1,253})"
    r"|could not translate host name \"([\w.-]{1,253})\" to address"
    r"|\bdial tcp: lookup ([\w.-]{1,253})(?: on \S{1,80})?: (?:no such host|server misbehaving)"
    r"|\bgetaddrinfo for ([\w.-]{1,253}) failed"
    r"|Unknown (?:MySQL|MariaDB) server host '([\w.-]{1,253})'"
    r"|\bError -[235] connecting to ([\w.-]{1,253}):\d{1,5}\."
    r"|\bUnknownHostException: ([\w.-]{1,253})"
)


def lost_host(text: str) -> str:
    """Return the host whose name had no address; "" if the text tells of none."""
    match = _LOST.search(text[:4000])
    return next((host for host in match.groups() if host), "").rstrip(".") if match else ""
