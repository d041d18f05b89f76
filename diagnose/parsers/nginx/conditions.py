"""The variables of a request and the conditions of `if` that compare them.

nginx.org: ngx_http_rewrite_module, "Alphabetical index of variables". No I/O.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.long_runs import entries
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables

#: Values of variables. None: cannot be known. A missing variable is looked up.
Variables: TypeAlias = dict[str, str | None]


def request_variables(request: ClientRequest) -> dict[str, str]:
    """Return the variables of a request that do not depend on the visitor."""
    path, _, query = request.path.partition("?")
    return {
        "scheme": request.scheme,
        "https": "on" if request.scheme == "https" else "",
        "host": request.host,
        "request_method": request.method,
        "request_uri": request.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
        "server_port": str(request.port),
        "http_host": request.host
        if request.port in {80, 443}
        else f"{request.host}:{request.port}",
        **({"server_protocol": f"HTTP/{request.version}"} if request.version else {}),
        **{f"http_{name.replace('-', '_')}": value for name, value in request.fields},
    }


def address_variables(request: ClientRequest) -> dict[str, str]:
    if not request.address:
        return {}
    text = f"::ffff:{request.address}" if request.mapped else request.address
    return {"remote_addr": text, "realip_remote_addr": text}


def set_variables(block: Directive) -> Iterator[str]:
    """Yield the variables that `set` defines. They are empty before it runs."""
    for directive in block.block or ():
        if directive.name == "set" and directive.args:
            yield directive.args[0].lstrip("$")
        elif directive.block is not None:
            yield from set_variables(directive)


_VARIABLE = re.compile(r"\$\{?(\w+)")
#: The visitor's address, as nginx has it (ngx_http_core_module, ngx_http_realip_module).
_OF_ADDRESS = frozenset({"remote_addr", "binary_remote_addr", "realip_remote_addr"})
#: What shows who the visitor is (ngx_http_ssl_module, ngx_http_secure_link_module, and the fields,
#: cookies and arguments that carry keys).
_OF_LOGIN = re.compile(
    r"ssl_client_(?!hello)|(?:http_authorization|remote_user)$|secure_link|jwt_|cookie_"
    r"|(?:http|arg)_\w*(?:token|key|secret|auth|sign)"
)


class _ById:
    """A list that is looked for by what it is, not by what it holds: that takes long."""

    def __init__(self, lines: tuple[Directive, ...]) -> None:
        self.lines = lines

    def __hash__(self) -> int:
        return id(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.lines is other.lines


@lru_cache(maxsize=16)
def _of_run(run: _ById) -> frozenset[str]:
    """Return the variables in the entries of a long run."""
    words = (word for line in run.lines for word in (line.name, *line.args) if "$" in word)
    return frozenset(name for word in words for name in _VARIABLE.findall(word))


def used_variables(server: Server) -> Iterator[str]:
    """Yield the variables that a server block or a map uses. Only these are computed, because a
    geo list may hold all the networks of the world."""
    tables = children(server.http, "map")
    for directive in walk((server.block, *tables)):
        for text in (directive.name, *directive.args):
            yield from _VARIABLE.findall(text)
    for table in tables:
        for line in table.block or ():
            if line.run:
                yield from _of_run(_ById(line.run))


def depends_on_address(server: Server, directive: Directive) -> bool:
    """Return whether the condition of an `if` compares something that nginx computes from the
    visitor's address: the address itself, its country, a `geo`, or a `map` or `set` of these."""
    return any(name in _OF_ADDRESS or "geoip" in name for name in _sources(server, directive))


def depends_on_login(server: Server, directive: Directive) -> bool:
    """Return whether the condition of an `if` compares what shows who the visitor is: a client
    certificate, a password, a token, a cookie, the signature of a link, or a `map` or `set` of
    these."""
    return any(_OF_LOGIN.match(name) for name in _sources(server, directive))


def _sources(server: Server, directive: Directive) -> set[str]:
    """Return the variables in the words of a directive, and those from which nginx computes
    them."""
    sources = _variable_sources(server)
    pending = [name for word in directive.args for name in _VARIABLE.findall(word)]
    names: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += sources.get(name, ())
    return names


def _variable_sources(server: Server) -> dict[str, list[str]]:
    """Return the variables from which `geo`, `map` and `set` compute one. The condition around a
    `set` counts too: `if ($remote_addr = …) { set $refused 1; }`."""
    sources: dict[str, list[str]] = {}
    for block in children(server.http, "geo"):
        if block.args:
            source = block.args[0] if len(block.args) > 1 else "$remote_addr"
            sources.setdefault(block.args[-1].lstrip("$"), []).extend(_VARIABLE.findall(source))
    for block in children(server.http, "map"):
        if len(block.args) > 1:
            values = (word for line in entries(block.block) for word in line.args)
            names = [name for word in (block.args[0], *values) for name in _VARIABLE.findall(word)]
            sources.setdefault(block.args[-1].lstrip("$"), []).extend(names)
    pending: list[tuple[Directive, tuple[str, ...]]] = [(server.block, ())]
    while pending:
        block, condition = pending.pop()
        for line in block.block or ():
            if line.name == "set" and len(line.args) > 1:
                names = [*_VARIABLE.findall(line.args[1]), *condition]
                sources.setdefault(line.args[0].lstrip("$"), []).extend(names)
            elif line.name == "if":
                words = [name for word in line.args for name in _VARIABLE.findall(word)]
                pending.append((line, (*condition, *words)))
            elif line.block is not None:
                pending.append((line, ()))
    return sources


def condition_holds(location: LocationMatch, directive: Directive, env: Variables) -> bool | None:
    """Return whether the condition of an `if` holds, or None if that cannot be known."""
    words = _condition_words(directive)
    if len(words) == 1:
        value = expand_variables(location, words[0], env)
        return None if value is None else value not in {"", "0"}
    if len(words) != 3 or not words[0].startswith("$"):
        return None
    left = expand_variables(location, words[0], env)
    if left is None:
        return None
    if words[1] in {"=", "!="}:
        right = expand_variables(location, words[2], env)
        return None if right is None else (left == right) is (words[1] == "=")
    return _pattern_holds(left, words[1], words[2])


def _condition_words(directive: Directive) -> list[str]:
    """Return the words between the parentheses: one, or a variable, an operator and a value."""
    words = list(directive.args)
    if not words or not words[0].startswith("("):
        return []
    # A parenthesis may stand apart (ngx_http_rewrite_if_condition).
    words = words[1:] if words[0] == "(" else [words[0][1:], *words[1:]]
    if not words:
        return []
    return words[:-1] if words[-1] == ")" else [*words[:-1], words[-1].removesuffix(")")]


def _pattern_holds(text: str, operator: str, pattern: str) -> bool | None:
    """Evaluate "~" and "~*", negated with "!"; None for anything else and what `re` cannot do."""
    base_operator = operator.removeprefix("!")
    if base_operator not in {"~", "~*"} or not is_supported_pcre(pattern):
        return None
    return pcre_matches(pattern, text, base_operator == "~*") is (base_operator == operator)
