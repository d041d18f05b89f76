"""Words before an address to which a site leads its visitors: "redirects to", "leitet weiter auf".
Who names another address in the same message asked for that one. No I/O."""

import re

_REDIRECT = (
    r"(?:redirect\w{0,3}|forward(?:s|ed)|weiterleit\w{1,3}|weitergeleitet|umleit\w{1,3}|umgeleitet"
    r"|leitet|redirection\w?|redirig\w{1,4}|redirecc\w{1,6}|redirecion\w{1,6}|reindirizz\w{1,6}"
    r"|редирект\w{0,2}|перенаправ\w{1,6}|переадрес\w{1,6}|przekier\w{1,8}|yönlendir\w{1,6}"
    r"|chuyển hướng|dialihkan)"
)
_TO = r"(?:to|on|auf|zu|nach|vers|sur|a|al|para|su|verso|на|na|do|naar|ke|sang|đến)"
_LEADS = re.compile(
    rf"\b{_REDIRECT}(?: [^\W\d_]{{1,12}}){{0,2}}? {_TO}:?\s{{1,3}}[\"'“«(<`]?\s?$"
    r"|(?:重定向|跳转|转跳|轉址|轉跳)(?:到|至|去)?\s?[\"'“「(<`]?$",
    re.IGNORECASE,
)


def leads_to(before: str) -> bool:
    """Return whether the address behind a text is one to which another address leads."""
    return _LEADS.search(before) is not None
