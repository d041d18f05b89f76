"""Evaluates the rules of Traefik's routers for a request of this run ("Routers", rule syntax of
versions 2 and 3). No I/O.

A rule is an expression of matchers, such as Host(`example.com`), with `&&`, `||`, `!` and
parentheses.
What a matcher asks for that is not known here makes a part of it unknown.
"""

import re
from collections.abc import Callable

from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.server_request import ServerRequest, Truth, all_of, any_of, negated

#: Maximum length of a rule, number of its tokens, and depth of its parentheses.
MAX_LENGTH, MAX_TOKENS, MAX_DEPTH = 4000, 400, 20

#: A pattern of version 2 in a value, and the first version that does not read it.
OLD_PATTERN = re.compile(r"\{[A-Za-z_][\w-]{0,60}(?::((?:[^{}]|\{[\d,]{1,9}\}){1,200}))?\}")
LITERAL_BRACES = 3
#: A value that no request has.
_NOBODY = "`(?!)`"

_TOKEN = re.compile(r"\s*(&&|\|\||!|\(|\)|,|`[^`]*`|\"[^\"]*\"|'[^']*'|[A-Za-z]\w*)")


def rule_holds(rule: str, request: ServerRequest, major: int = 0) -> Truth:
    """Return whether a rule takes the request; None if that is not known, or the rule cannot be
    read. Version 3 takes the patterns of version 2, "{name:…}", as they stand, and no name or path
    has a brace."""
    tokens = _tokens(rule)
    if not tokens:
        return None
    if major >= LITERAL_BRACES:
        tokens = [_NOBODY if OLD_PATTERN.search(token) else token for token in tokens]
    truth, unread = _alternatives(tokens, request, 0)
    return None if unread else truth


def rule_names(rule: str) -> tuple[str, ...]:
    """Return the names in Host(…) of a rule."""
    names: list[str] = []
    tokens = _tokens(rule)
    for index, token in enumerate(tokens):
        if token in {"Host", "HostHeader", "HostSNI"} and tokens[index + 1 : index + 2] == ["("]:
            for value in tokens[index + 2 :]:
                if value == ")":
                    break
                names += [value[1:-1].lower()] if value != "," else []
    return tuple(dict.fromkeys(name for name in names if name))[:100]


def _tokens(rule: str) -> list[str]:
    """Return the tokens of a rule, [] if it has something else."""
    tokens: list[str] = []
    position, text = 0, rule[:MAX_LENGTH].rstrip()
    while position < len(text) and len(tokens) <= MAX_TOKENS:
        match = _TOKEN.match(text, position)
        if match is None:
            return []
        tokens.append(match[1])
        position = match.end()
    return tokens if len(tokens) <= MAX_TOKENS and len(rule) <= MAX_LENGTH else []


def _alternatives(tokens: list[str], request: ServerRequest, depth: int) -> tuple[Truth, list[str]]:
    truths: list[Truth] = []
    while True:
        truth, tokens = _conjunction(tokens, request, depth)
        truths.append(truth)
        if tokens[:1] != ["||"]:
            return any_of(truths), tokens
        tokens = tokens[1:]


def _conjunction(tokens: list[str], request: ServerRequest, depth: int) -> tuple[Truth, list[str]]:
    truths: list[Truth] = []
    while True:
        truth, tokens = _operand(tokens, request, depth)
        truths.append(truth)
        if tokens[:1] != ["&&"]:
            return all_of(truths), tokens
        tokens = tokens[1:]


def _operand(tokens: list[str], request: ServerRequest, depth: int) -> tuple[Truth, list[str]]:
    if depth > MAX_DEPTH or not tokens:
        return None, []
    if tokens[0] == "!":
        truth, unread = _operand(tokens[1:], request, depth + 1)
        return negated(truth), unread
    if tokens[0] == "(":
        truth, unread = _alternatives(tokens[1:], request, depth + 1)
        return truth, unread[1:]
    if tokens[1:2] != ["("] or ")" not in tokens:
        return None, []
    stop = tokens.index(")")
    values = [token[1:-1] for token in tokens[2:stop] if token != ","]
    matcher = _MATCHERS.get(tokens[0])
    return (matcher(values, request) if matcher else None), tokens[stop + 1 :]


def _host(values: list[str], request: ServerRequest) -> Truth:
    return request.host.lower() in {value.lower() for value in values}


def _pattern(values: list[str], text: str) -> Truth:
    """Version 3 has regular expressions; "{name:…}" is the form of version 2."""
    if any("{" in value and ":" in value for value in values):
        return None
    supported = [value for value in values if len(value) <= 500 and is_supported_pcre(value)]
    if len(supported) != len(values):
        return None
    return any(pcre_search(value, text, True) is not None for value in supported)


def _path(values: list[str], request: ServerRequest) -> Truth:
    return None if any("{" in value for value in values) else request.path in values


def _prefix(values: list[str], request: ServerRequest) -> Truth:
    if any("{" in value for value in values):
        return None
    return request.path.startswith(tuple(values))


_MATCHERS: dict[str, Callable[[list[str], ServerRequest], Truth]] = {
    "Host": _host,
    "HostHeader": _host,
    "HostRegexp": lambda values, request: _pattern(values, request.host),
    "Path": _path,
    "PathPrefix": _prefix,
    "PathRegexp": lambda values, request: _pattern(values, request.path),
    "Method": lambda values, request: request.method in values,
}
