"""The output of `openssl s_client` (openssl-s_client(1)). No I/O."""

import re

from diagnose.parsers.sanitize import clean

_RESULT = re.compile(r"^\s*Verify return code: (\d{1,4}) \(([^\n)]{1,200})\)", re.MULTILINE)


def verify_result(text: str) -> tuple[int | None, str]:
    """Return the result of the verification and its words; None without a handshake: then openssl
    writes a result too, and no certificate."""
    match = _RESULT.search(text)
    if match is None or "-----BEGIN CERTIFICATE-----" not in text:
        return None, ""
    return int(match[1]), clean(match[2], 200)
