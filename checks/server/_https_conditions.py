"""The edit by which a rule of Apache asks the server in front whether visitors use https."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRedirect

#: A condition on the connection to Apache itself (mod_rewrite, "RewriteCond").
_OWN_TLS = re.compile(
    r"(?i)(\s*RewriteCond\s+)\"?%\{(?:HTTPS|SERVER_PORT|REQUEST_SCHEME)\}\"?\s+"
    r"(?:\"[^\"]{0,40}\"|[^\s\"]{1,40})(\s+\[[^\]\n]{1,40}\])?\s*"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s.*")
_RULE = re.compile(r"(?i)\s*RewriteRule\s.*")
_OR = re.compile(r"(?i)\[(?:[^\]]*,)?\s*(?:OR|ornext)\s*(?:,[^\]]*)?\]\s*$")
_ASKED = "%{HTTP:X-Forwarded-Proto} !https"
#: Maximum number of lines above a rule in which its conditions are sought.
_MAX_LINES = 30


def asked_scheme_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit of the rule that redirects to https: its condition on TLS asks for
    X-Forwarded-Proto, or it gets such a condition. None if it is no RewriteRule, if its file is not
    known, or if several conditions are about TLS."""
    rule = line_text(view, redirect.file, redirect.line)
    if view.server.product != "apache" or not _RULE.fullmatch(rule):
        return None
    conditions: dict[int, str] = {}
    for number in range(redirect.line - 1, max(redirect.line - _MAX_LINES, 0), -1):
        text = line_text(view, redirect.file, number)
        if _CONDITION.fullmatch(text):
            conditions[number] = text
        elif text.strip() and not text.lstrip().startswith("#"):
            break
    own = {
        number: match for number, text in conditions.items() if (match := _OWN_TLS.fullmatch(text))
    }
    if len(own) > 1 or any("X-Forwarded-Proto" in text for text in conditions.values()):
        return None
    if own:
        ((number, match),) = own.items()
        return line_edit(view, redirect.file, {number: (f"{match[1]}{_ASKED}{match[2] or ''}",)})
    if any(_OR.search(text) for text in conditions.values()):
        return None
    asked = f"{indentation(rule)}RewriteCond {_ASKED}"
    return line_edit(view, redirect.file, {redirect.line: (asked, rule)})
