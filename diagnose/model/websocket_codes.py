"""The codes of WebSocket's close frames (RFC 6455 section 7.4)."""

#: Close codes of a normal end (RFC 6455 section 7.4.1, IANA's registry).
ORDERLY_CODES = {1000, 1001, 1005}

#: The code for a policy that was violated (RFC 6455 section 7.4.1).
POLICY_VIOLATION = 1008


def is_policy(close_code: int | None) -> bool:
    """Return True if a server sends this code on purpose: 1008 (policy), 1012 and 1013 (restart,
    try again later), 3000 to 3999 (registered by libraries) and 4000 to 4999 (private use; RFC 6455
    section 7.4.2)."""
    return close_code in {POLICY_VIOLATION, 1012, 1013} or 3000 <= (close_code or 0) <= 4999
