"""What a pasted message says of the versions of TLS: which of them somebody misses."""

import re
from typing import Literal

from diagnose.model import Symptom
from diagnose.model.symptom import SymptomKind

_KINDS: frozenset[SymptomKind] = frozenset({"tls-version", "tls-parameters", "tls", "not-loaded"})
_REFUSED = re.compile(
    r"unsupported[ _]protocol|protocol[ _]version|不支持.{0,6}协议|协议不支持", re.I
)
_NEWEST = re.compile(r"tls ?v?_?1[._]3(?!\d)", re.IGNORECASE)
_OLDER = re.compile(r"tls ?v?_?1(?:[._][01])?(?![\d._]|[ _]alert)|sslv[23]|ssl 3\.0", re.IGNORECASE)
#: A server's own line about a client that it did not let in.
_SERVER_LOG = re.compile(r"while SSL handshaking, client:")


def missed_version(symptom: Symptom | None) -> Literal["newest", "any", ""]:
    """Return "newest" if the message is about TLS 1.3 and no version before 1.2, "any" if it is
    about a version and does not say which, "" if it is about something else."""
    if symptom is None or symptom.kind not in _KINDS:
        return ""
    if _NEWEST.search(symptom.text) and not _OLDER.search(symptom.text):
        return "newest"
    is_refusal = symptom.kind == "tls-parameters" and _REFUSED.search(symptom.text)
    return "any" if is_refusal else ""


def is_server_log(symptom: Symptom) -> bool:
    return _SERVER_LOG.search(symptom.text) is not None
