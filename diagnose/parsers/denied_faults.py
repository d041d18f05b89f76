"""Clauses of a sentence that say which fault it is not ("no certificate error, but the page stays
blank", "I don't get a 404, I get a 403"). What is wrong is said by the others. No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Longest sentence, and most clauses of it.
MAX_SENTENCE, MAX_CLAUSES = 400, 8

_BETWEEN = lazy_pattern(
    r"(?:[,;，。；()（）]|\.(?=\s)"
    r"|(?: |^)(?:but|yet|however|although|though|instead|and|aber|sondern"
    r"|mais|pero|mas|но)(?= )|(?<=[\u3400-\u9fff])(?:但是?|而是|不过))",
    re.IGNORECASE,
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
    # "get a warning as expected with the self-signed certificate"
    r"|\bas (?:\w{1,8} )?(?:expected|intended)\b"
    r"|\bwhich is (?:expected|fine|normal|ok(?:ay)?|intended)\b"
    # "the certificate is valid", "DNS is not the problem"
    r"|\b(?:certificate|cert|dns|ssl|tls|config(?:uration)?|nginx -t|firewall|cookies?)\b.{0,20}?"
    r"\b(?:is|are|looks?|seems?|says) (?:valid|fine|ok(?:ay)?|good|correct|right|not the "
    r"(?:problem|issue|cause|reason))\b",
    re.IGNORECASE,
)
#: The same in other languages: "证书没过期", "no es lento", "ce n'est pas le certificat".
_OTHER_DENIALS = lazy_pattern(
    r"(?:不是|并非|并不是|不关)[^，。；]{0,12}?(?:问题|原因|错误|的事)"
    r"|(?:证书|dns|防火墙|配置|解析)[^，。；]{0,4}?(?:没有?(?:过期|问题|错)|未过期|有效|是好的)"
    r"|(?:证书|dns|解析)[^，。；]{0,4}?正常"
    r"|\bkein\w{0,2} (?:\w{1,16}-?)?(?:fehler|problem)\w{0,2}\b"
    r"|\bist nicht (?:abgelaufen|langsam|kaputt)\b"
    r"|\bn['’]est pas (?:le|la|un|une|lent\w?|expirée?)\b"
    r"|\b(?:no es|não é|non è) (?:el|la|un|una|o|a|il|lent[oa]|cadut\w)\b"
    r"|\b(?:не медленн\w{0,3}|не в сертификате|сертификат\w{0,2} в порядке|сертификат не истек)",
    re.IGNORECASE,
)
#: "no errors, nothing else" names none: what has such a word besides the denial says what is wrong.
_STILL = lazy_pattern(r"\b(?:because|since|due to|until|unless|while|when)\b", re.IGNORECASE)


def without_denied(sentence: str) -> str:
    """Return a sentence without the clauses that deny a fault; "" if it has none, or if nothing
    else is left."""
    if len(sentence) > MAX_SENTENCE or not (
        _DENIALS.search(sentence) or _OTHER_DENIALS.search(sentence)
    ):
        return ""
    clauses = [clause.strip() for clause in _BETWEEN.split(sentence)[:MAX_CLAUSES]]
    kept_clauses = [clause for clause in clauses if clause and not _is_denied(clause)]
    left = ", ".join(kept_clauses)
    is_enough = len(left.split()) > 1 or (not left.isascii() and len(left) > 3)
    return (
        left if kept_clauses and len(kept_clauses) < sum(map(bool, clauses)) and is_enough else ""
    )


def _is_denied(clause: str) -> bool:
    is_denied = _DENIALS.search(clause) or _OTHER_DENIALS.search(clause)
    return is_denied is not None and not _STILL.search(clause)
