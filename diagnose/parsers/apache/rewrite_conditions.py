"""Evaluates RewriteCond for a request of this run (mod_rewrite). No I/O."""

import re
from collections.abc import Sequence

from diagnose._version import VERSION
from diagnose.model.server_rules import Question
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.server_request import ServerRequest, Truth, all_of, any_of, negated

_VARIABLE = re.compile(r"%\{([A-Z_]+(?::[A-Za-z-]+)?)\}", re.IGNORECASE)

#: A look-up in a RewriteMap of this name, which nobody has: a field was meant, with "%".
_NO_MAP = re.compile(r"\$\{(?:HTTP|ENV|SSL):[\w-]{1,60}\}")

#: Fields that have a variable of their own. Any other name with HTTP_ is no variable, and empty
#: (mod_rewrite.c, lookup_variable; the field is %{HTTP:NAME}).
_FIELD_VARIABLES = {
    "HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_HOST", "HTTP_PROXY_CONNECTION",
    "HTTP_REFERER", "HTTP_USER_AGENT",
}  # fmt: skip

#: The User-Agent of this program, and the beginning of that of every browser.
_AGENTS = (f"diagnose/{VERSION}", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Firefox/140")


def conditions_hold(conditions: Sequence[Directive], request: ServerRequest) -> Truth:
    """Return whether all conditions are true; one with [OR] and the next one are alternatives."""
    groups: list[list[Truth]] = [[]]
    for condition in conditions:
        groups[-1].append(condition_truth(condition, request))
        if not {"OR", "ORNEXT"} & _flags(condition):
            groups.append([])
    return all_of(any_of(group) for group in groups if group)


def condition_question(condition: Directive, request: ServerRequest) -> Question | None:
    """Return what a condition asks for that is not known; None if it was evaluated."""
    if condition_truth(condition, request) is not None:
        return None
    subject = "".join(condition.args[:1]).upper()
    if "REMOTE_ADDR" in subject or "REMOTE_HOST" in subject:
        return "address"
    if "USER_AGENT" in subject:
        return "agent"
    if "REMOTE_USER" in subject or "AUTHORIZATION" in subject:
        return "login"
    return "field" if "HTTP_" in subject or "%{HTTP:" in subject else "other"


def _flags(condition: Directive) -> set[str]:
    words = "".join(condition.args[2:3]).strip("[]").upper().split(",")
    return {word.strip() for word in words}


def condition_truth(condition: Directive, request: ServerRequest) -> Truth:
    """Return whether a condition is true; None if it asks for what is not known, as for files."""
    if len(condition.args) < 2:
        return None
    subject, test = condition.args[:2]
    if subject.upper() == "%{HTTP_USER_AGENT}":
        own, browsers = (_test(agent, test, condition) for agent in _AGENTS)
        return own if own == browsers else None
    text = _value(subject, request)
    return None if text is None else _test(text, test, condition)


def _test(text: str, test: str, condition: Directive) -> Truth:
    """Return whether a text passes the test; None for a test of files, numbers or expressions."""
    ignores_case = bool({"NC", "NOCASE"} & _flags(condition))
    pattern = test.removeprefix("!")
    if pattern.startswith(("-", "<", ">")) or len(pattern) > 500 or "%{" in pattern:
        return None
    if pattern.startswith("="):
        expected = pattern[1:].strip('"')
        truth: Truth = text.lower() == expected.lower() if ignores_case else text == expected
    elif is_supported_pcre(pattern):
        truth = pcre_search(pattern, text, ignores_case) is not None
    else:
        return None
    return negated(truth) if test.startswith("!") else truth


def _value(subject: str, request: ServerRequest) -> str | None:
    """Return the text that a test string stands for; None if a part of it is not known. A look-up
    in a map that is not there gives nothing (mod_rewrite, "RewriteMap")."""
    if _NO_MAP.fullmatch(subject):
        return ""
    parts: list[str] = []
    position = 0
    for match in _VARIABLE.finditer(subject):
        value = _variable(match[1].upper(), request)
        if value is None:
            return None
        parts += [subject[position : match.start()], value]
        position = match.end()
    unread = subject[position:]
    return None if "%" in unread or "$" in unread or not parts else "".join((*parts, unread))


def _variable(name: str, request: ServerRequest) -> str | None:
    """Return a variable of the server. Fields that this run does not send are empty."""
    port = str(request.port)
    known_values = {
        "REQUEST_URI": request.path,
        "QUERY_STRING": request.query,
        "HTTP_HOST": request.authority,
        "HTTP:HOST": request.authority,
        "SERVER_NAME": request.host,
        "SERVER_PORT": port,
        "HTTPS": "on" if request.tls else "off",
        "REQUEST_SCHEME": "https" if request.tls else "http",
        "REQUEST_METHOD": request.method,
        "HTTP:UPGRADE": "websocket" if request.websocket else "",
        "HTTP:CONNECTION": "Upgrade" if request.websocket else None,
        "HTTP_REFERER": request.referer,
        "HTTP:REFERER": request.referer,
    }
    if name.startswith("HTTP_") and name not in _FIELD_VARIABLES:
        return ""
    return known_values.get(name)
