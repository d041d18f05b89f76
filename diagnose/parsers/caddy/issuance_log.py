"""Caddy's log of the certificates that it tries to get (CertMagic, loggers "tls.obtain" and
"tls.renew"). No I/O."""

from collections.abc import Sequence

from diagnose.parsers.acme_errors import acme_reason
from diagnose.parsers.caddy.document import dictionary, text_of
from diagnose.parsers.caddy.messages import last_error
from diagnose.parsers.caddy.request_log import MAX_LINE, entry_of
from diagnose.parsers.sanitize import clean

#: Maximum number of lines that are looked at, and of characters of a message.
MAX_LINES, MAX_TEXT = 400, 500

#: What CertMagic writes once for each issuer that refused.
_REFUSED, _OBTAINED = "could not get certificate from issuer", "certificate obtained successfully"
_CHALLENGE_FAILED = "challenge failed"
#: Caddy asks it after Let's Encrypt. Its reason is often that nobody has an account there.
_SECOND_ISSUER = "zerossl"


def issuance_error(lines: Sequence[str], names: Sequence[str]) -> str:
    """Return why the last attempt to get a certificate for one of these names failed; "" if no line
    says so. The first issuer's reason comes before that of the second one, to which Caddy falls
    back. A certificate that came later ends it. Lines of JSON and of a terminal are read."""
    own = [
        line
        for line in lines
        if len(line) <= MAX_LINE and ("tls." in line or "acme" in line)
        if any(name in line for name in names)
    ][-MAX_LINES:]
    fallback = ""
    for number in range(len(own) - 1, -1, -1):
        if _OBTAINED in own[number]:
            return fallback
        entry = _entry(own[number], names) if _REFUSED in own[number] else {}
        if not entry:
            continue
        error = _error(entry, own[:number], names)
        if _SECOND_ISSUER not in text_of(entry.get("issuer")):
            return error
        fallback = fallback or error
    return fallback or last_error(tuple(own))


def _entry(line: str, names: Sequence[str]) -> dict[str, object]:
    """Return what a line says of one of these names; nothing if it is about another one."""
    entry = entry_of(line)
    return entry if text_of(entry.get("identifier")) in names else {}


def _error(entry: dict[str, object], before: Sequence[str], names: Sequence[str]) -> str:
    """Return the reason; where the client only says that it can try no other challenge, that of the
    last challenge."""
    error = clean(text_of(entry.get("error")), MAX_TEXT)
    if "no solvers available" not in error or acme_reason(error):
        return error
    for line in reversed(before):
        failed = _entry(line, names) if _CHALLENGE_FAILED in line else {}
        problem = dictionary(failed.get("problem"))
        kind = text_of(problem.get("type")) or text_of(failed.get("problem_type"))
        detail = text_of(problem.get("detail")) or text_of(failed.get("error"))
        if kind:
            return clean(f"{kind} - {detail}", MAX_TEXT)
    return error
