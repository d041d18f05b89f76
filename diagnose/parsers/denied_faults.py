"""Clauses of a sentence that say which fault it is not ("no certificate error, but the page stays
blank", "I don't get a 404, I get a 403"). What is wrong is said by the others. No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Longest sentence, and most clauses of it.
MAX_SENTENCE, MAX_CLAUSES = 400, 8

_BETWEEN = lazy_pattern(
    r"(?:,|;|\.(?=\s)|(?: |^)(?:but|yet|however|although|though|instead|and)(?= ))", re.IGNORECASE
)
_FAULT = (
    r"(?:errors?|warnings?|problems?|issues?|time-?outs?|loops?|mixed[- ]content|redirects?"
    r"|[45]\d\d)"
)
_DENIALS = lazy_pattern(
    # "no certificate error", "there is no 502", "not a CORS error", "without any warning"
    r"\b(?:no|not (?:a|an|the)|without(?: an?y?)?|never an?y?) "
    rf"(?:[\w./-]{{1,20}} ){{0,3}}?{_FAULT}\b"
    # "I don't get a 404", "does not answer with 404", "not getting 502 anymore"
    rf"|(?:\bnot|n't) (?:get|see|return|answer|respond|give|show|have)(?:ting|ing|s)?"
    rf"(?: with)? (?:a |an |any |the )?(?:[\w-]{{1,20}} )?{_FAULT}\b"
    # "is not expired", "does not time out", "is not blank"
    r"|(?:\bnot|n't) (?:yet |even |really )?(?:expired?|down|slow|blank|empty|crash(?:ed|ing)?"
    r"|fail(?:ed|ing)?|time out|timed out|timing out|disconnect(?:ed|ing)?|drop(?:ped|ping)?"
    r"|refused?|blocked|broken|missing|wrong|invalid|too (?:large|big|long|slow))\b"
    # "the certificate is valid", "DNS is not the problem"
    r"|\b(?:certificate|cert|dns|ssl|tls|config(?:uration)?|nginx -t|firewall|cookies?)\b.{0,20}?"
    r"\b(?:is|are|looks?|seems?|says) (?:valid|fine|ok(?:ay)?|good|correct|right|not the "
    r"(?:problem|issue|cause|reason))\b",
    re.IGNORECASE,
)
#: "no errors, nothing else" names none: what has such a word besides the denial says what is wrong.
_STILL = lazy_pattern(r"\b(?:because|since|due to|until|unless|while|when)\b", re.IGNORECASE)


def without_denied(sentence: str) -> str:
    """Return a sentence without the clauses that deny a fault; "" if it has none, or if nothing
    else is left."""
    if not sentence.isascii() or len(sentence) > MAX_SENTENCE or not _DENIALS.search(sentence):
        return ""
    clauses = [clause.strip() for clause in _BETWEEN.split(sentence)[:MAX_CLAUSES]]
    told = [clause for clause in clauses if clause and not _is_denied(clause)]
    left = ", ".join(told)
    return left if told and len(told) < sum(map(bool, clauses)) and len(left.split()) > 1 else ""


def _is_denied(clause: str) -> bool:
    return bool(_DENIALS.search(clause)) and not _STILL.search(clause)
