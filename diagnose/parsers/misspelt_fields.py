"""Names of request fields that are almost the name of one by which a proxy tells the application
about the visitor: typing errors in a configuration. No I/O."""

#: The fields that proxies send, as applications read them.
KNOWN = (
    "Host", "Upgrade", "Connection", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto",
    "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server",
    "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Authorization",
)  # fmt: skip
#: Other names that programs read, or that are words of their own.
_OTHERS = frozenset(
    {
        "x-forwarded", "x-forwarded-path", "x-forwarded-by", "x-forwarded-ssl", "x-forwarded-uri",
        "x-forwarded-protocol", "x-forwarded-scheme", "x-forwarded-user", "x-forwarded-method",
        "x-forwarded-email", "x-forwarded-groups", "x-forwarded-client-cert", "x-real-port",
        "x-forwarded-root", "x-forwarded-from", "x-forwarded-to", "x-forwarded-hosts",
    }
)  # fmt: skip
#: The longest name that is compared, the shortest that may have two wrong letters, and the shortest
#: that may have one: "Post" and "Host" are words.
_MAX, _LONG, _SHORT = 40, 7, 6


def meant_field(name: str) -> str:
    """Return the field that a misspelt name means: "X-Forwarded-Proto" for "X-Fowarded-Proto" and
    for "X_Forwarded_Proto"; "" for a name that is right, or another one's."""
    written = name.lower().replace("_", "-")
    lowered = {known.lower(): known for known in KNOWN}
    if name.lower() in lowered or written in _OTHERS or not 0 < len(name) <= _MAX:
        return ""
    if written in lowered:
        return lowered[written]
    if sorted(written) == sorted("host") and _distance(written, "host") == 1:
        return "Host"
    allowed = 2 if len(written) >= _LONG else 1
    if len(written) < _SHORT:
        return ""
    distances = {
        known: _distance(written, lower)
        for lower, known in lowered.items()
        if abs(len(lower) - len(written)) <= allowed and len(lower) >= _SHORT
    }
    best = min(distances, key=lambda known: distances[known], default="")
    return best if best and distances[best] <= allowed else ""


def _distance(written: str, meant: str) -> int:
    """Return how many letters are wrong, missing, too many, or exchanged with the next one (the
    optimal string alignment distance)."""
    before, last = list[int](), list(range(len(meant) + 1))
    for row, letter in enumerate(written, 1):
        current = [row]
        for column, other in enumerate(meant, 1):
            cost = min(
                last[column] + 1, current[-1] + 1, last[column - 1] + (letter != other)
            )  # fmt: skip
            is_exchanged = (
                row > 1 and column > 1 and letter == meant[column - 2]
                and other == written[row - 2]
            )  # fmt: skip
            current.append(min(cost, before[column - 2] + 1) if is_exchanged else cost)
        before, last = last, current
    return last[-1]
