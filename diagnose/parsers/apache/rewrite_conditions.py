"""Evaluates RewriteCond for a request of this run (mod_rewrite). No I/O."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from diagnose._version import VERSION
from diagnose.model.server_rules import Question
from diagnose.model.web_servers import PathTest
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.sanitize import clean
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


#: What a browser may write into Connection for an ordinary request: nothing with HTTP/2.
_CONNECTIONS = ("", "keep-alive", "close")

#: What stands for the requested file, and the tests of one that is there.
_OF_FILE = {"%{REQUEST_FILENAME}", "%{SCRIPT_FILENAME}", "%{DOCUMENT_ROOT}%{REQUEST_URI}"}
_FILE_TESTS = {"-f": True, "-F": True, "-s": True, "-d": False, "-l": False, "-h": False}

#: Variables that only the request of one path has.
OF_ONE_PATH = frozenset({"REQUEST_URI", "QUERY_STRING"})


def conditions_hold(
    conditions: Sequence[Directive], request: ServerRequest, unknown: Collection[str] = ()
) -> Truth:
    """Return whether all conditions are true; a false one decides, whatever is not known of the
    others. The variables `unknown` are not read from the request."""
    return all_of(
        any_of(condition_truth(condition, request, unknown) for condition in group)
        for group in alternatives(conditions)
    )


def alternatives(conditions: Sequence[Directive]) -> list[list[Directive]]:
    """Return the conditions in groups: one with [OR] and the next one are alternatives."""
    groups: list[list[Directive]] = [[]]
    for condition in conditions:
        groups[-1].append(condition)
        if not is_alternative(condition):
            groups.append([])
    return [group for group in groups if group]


def is_alternative(condition: Directive) -> bool:
    """Return whether a condition and the next one are alternatives ([OR])."""
    return "OR" in rewrite_flags(condition)


def path_test(group: Sequence[Directive]) -> PathTest | None:
    """Return what alternatives ask of the path alone, None if they ask for anything else too."""
    tests = [test for condition in group if (test := _path_test(condition))]
    if not tests or len(tests) < len(group):
        return None
    if len(tests) == 1:
        return tests[0]
    if any(test.negated or test.folds_case != tests[0].folds_case for test in tests):
        return None
    pattern = "|".join(f"(?:{test.pattern})" for test in tests)
    return replace(tests[0], pattern=pattern) if is_supported_pcre(pattern) else None


def _path_test(condition: Directive) -> PathTest | None:
    if len(condition.args) < 2 or condition.args[0].upper() != "%{REQUEST_URI}":
        return None
    test = condition.args[1]
    pattern = test.removeprefix("!")
    if pattern.startswith("="):
        pattern = f"^{re.escape(_literal(pattern))}$"
    if not _is_pattern(pattern) or not is_supported_pcre(pattern):
        return None
    return PathTest(clean(pattern, 500), _ignores_case(condition), test.startswith("!"))


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


def condition_truth(
    condition: Directive, request: ServerRequest, unknown: Collection[str] = ()
) -> Truth:
    """Return whether a condition is true; None if it asks for what is not known, as for files, or
    for one of the variables `unknown`."""
    if len(condition.args) < 2:
        return None
    subject, test = condition.args[:2]
    if request.is_file and subject.upper() in _OF_FILE and test.removeprefix("!") in _FILE_TESTS:
        truth = _FILE_TESTS[test.removeprefix("!")]
        return not truth if test.startswith("!") else truth
    if subject.upper() == "%{HTTP_USER_AGENT}":
        agents = (request.agent,) if request.agent else _AGENTS
        return _common_truth(agents, test, condition)
    if subject.upper() == "%{HTTP:CONNECTION}" and not request.websocket:
        return _common_truth(_CONNECTIONS, test, condition)
    text = _value(subject, request, unknown)
    return None if text is None else _test(text, test, condition)


def is_constant(subject: str) -> bool:
    """Return whether a TestString has no variable, back-reference or map, and is none of the words
    with which an expression begins."""
    return not re.search(r"[%$]", subject) and subject.lower() != "expr"


def _common_truth(texts: Sequence[str], test: str, condition: Directive) -> Truth:
    """Return whether all of the texts pass the test, or none; None if they differ."""
    first, *others = (_test(text, test, condition) for text in texts)
    return first if all(other == first for other in others) else None


def _test(text: str, test: str, condition: Directive) -> Truth:
    """Return whether a text passes the test; None for a test of files, numbers or expressions."""
    ignores_case = _ignores_case(condition)
    pattern = test.removeprefix("!")
    if not _is_pattern(pattern):
        return None
    if pattern.startswith("="):
        expected = _literal(pattern)
        truth: Truth = text.lower() == expected.lower() if ignores_case else text == expected
    elif is_supported_pcre(pattern):
        truth = pcre_search(pattern, text, ignores_case) is not None
    else:
        return None
    return negated(truth) if test.startswith("!") else truth


def _is_pattern(pattern: str) -> bool:
    """Return whether a test without its "!" is a regular expression or "=" and a text."""
    return not pattern.startswith(("-", "<", ">")) and len(pattern) <= 500 and "%{" not in pattern


def _literal(pattern: str) -> str:
    return pattern[1:].strip('"')


def _ignores_case(condition: Directive) -> bool:
    return "NC" in rewrite_flags(condition)


def _value(subject: str, request: ServerRequest, unknown: Collection[str]) -> str | None:
    """Return the text that a test string stands for; None if a part of it is not known. A look-up
    in a map that is not there gives nothing (mod_rewrite, "RewriteMap")."""
    if _NO_MAP.fullmatch(subject):
        return ""
    if is_constant(subject):
        return subject
    parts: list[str] = []
    position = 0
    for match in _VARIABLE.finditer(subject):
        name = match[1].upper()
        value = None if name in unknown else _variable(name, request)
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
