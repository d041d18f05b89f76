"""Rules of HAProxy that compare the URL of a request with a path ("url_beg /api"). Over HTTP/2 the
URL is absolute, "https://host/api", and does not begin so (Configuration Manual, "url", "path").
No I/O."""

from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_KEYWORDS = {"use_backend", "http-request", "redirect"}
_METHODS = {"url": "str", "url_beg": "beg", "url_reg": "reg"}


@frozen
class UrlRule:
    """A `rule`, and the line that compares the URL for it: an ACL, or the rule itself. `fetch` is
    how ("url_beg"), `values` with what."""

    rule: Line
    line: Line
    fetch: str
    values: tuple[str, ...]


def url_rules(proxy: Proxy, path: str) -> Iterator[UrlRule]:
    """Yield the rules of a proxy that compare a path (with its query) so, in their order."""
    acls = [
        (line, line.words[2], values)
        for line in proxy.own("acl")
        if (values := _values(line.words[2:], path))
    ]
    for rule in proxy.lines:
        starts = [index for index, word in enumerate(rule.words) if word in {"if", "unless"}]
        if rule.keyword not in _KEYWORDS or not starts:
            continue
        condition = rule.words[starts[0] + 1 :]
        names = {word.lstrip("!") for word in condition}
        for line, fetch, values in acls:
            if line.words[1] in names:
                yield UrlRule(rule, line, fetch, values)
        for test in _tests(condition):
            if values := _values(test, path):
                yield UrlRule(rule, rule, test[0], values)


def _tests(condition: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the words between each pair of braces."""
    test: list[str] | None = None
    for word in condition:
        if word.lstrip("!") == "{":
            test = []
        elif word == "}" and test is not None:
            yield tuple(test)
            test = None
        elif test is not None:
            test.append(word)


def _values(words: Sequence[str], path: str) -> tuple[str, ...]:
    """Return the values of a test of the URL that takes a path over HTTP/1.1 and, as each is a
    path, never over HTTP/2; () of another test."""
    method, rest = _METHODS.get(words[0], "") if words else "", list(words[1:])
    folds_case = False
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        folds_case = folds_case or flag == "-i"
        if flag == "-m" and rest:
            method = rest.pop(0)
        elif flag not in {"-i", "--"}:
            return ()
    begin = "^/" if method == "reg" else "/"
    if method not in _METHODS.values() or not all(value.startswith(begin) for value in rest):
        return ()
    is_taken = any(_takes(value, method, path, folds_case) for value in rest)
    return tuple(rest) if is_taken else ()


def _takes(value: str, method: str, path: str, folds_case: bool) -> bool:
    if method == "reg":
        is_read = len(value) <= 300 and is_supported_pcre(value)
        return is_read and bool(pcre_search(value, path, folds_case))
    if folds_case:
        value, path = value.lower(), path.lower()
    return path.startswith(value) if method == "beg" else path == value
