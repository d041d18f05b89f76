"""The page and its interface have two origins (two names, or two ports), and the page's scripts ask
without credentials: the browser neither keeps the cookie of the answer nor sends one (Fetch
standard, "credentials mode"; XMLHttpRequest, `withCredentials`). The address bar and Postman keep
it. So nobody stays signed in.

The evidence is the answer to the page's origin: it permits credentials, so that CORS is not in the
way, and no script of the page asks for them. A page may do without cookies: it is judged after a
message about a login or a cookie, and silent where a script sends a token or credentials.
"""

import re
from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.other_requests import CookielessCall
from diagnose.model.pages import Page

#: Cookies of balancers, of protections and of statistics: no login needs them.
_OTHER = re.compile(
    r"(?i)AWSALB|__cf|cf_|_ga|_gid|incap_|visid|BIGip|SERVER_?ID|route|sticky|lb|acw_tc|aliyun"
)
_KINDS = frozenset({"login", "cookie"})
_SESSION = re.compile(r"(?i)cookie|session|会话")
_REFUSED = 401


@check(severity=Severity.WARNING, needs=[CookielessCall, Page])
def cookies_not_sent(evidence: Evidence) -> Iterator[Claim]:
    if not _is_told(evidence):
        return
    calls = evidence.good(CookielessCall)
    setting = [(call, names) for call in calls if (names := _own_names(call))]
    call, names = next(iter(setting), (next(iter(calls), None), ()))
    if call is None:
        return
    yield Claim(
        about=Subject(port=evidence.target.port, text=call.url.partition("?")[0]),
        because=(*evidence.good(Page)[:1], call),
        # A preflight sets no cookie: that the answer behind it would is not seen.
        confidence=Confidence.LIKELY if names else Confidence.POSSIBLE,
        facts={
            "page": evidence.target.origin,
            "url": call.url.partition("?")[0],
            "api": "/".join(call.url.split("/", 3)[:3]),
            "script": call.script.partition("?")[0],
            "cookie": names[0] if names else "",
        },
        fix=Fix((Manual("ask-with-credentials", Where.APPLICATION),), Applicability.MANUAL),
    )


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    if symptom is None:
        return False
    if symptom.kind == "cors":
        return _SESSION.search(symptom.text) is not None
    return symptom.kind in _KINDS or (symptom.kind == "status" and symptom.number == _REFUSED)


def _own_names(call: CookielessCall) -> tuple[str, ...]:
    return tuple(name for name in call.cookies if not _OTHER.match(name))
