"""Evaluates the matchers of Caddy's routes for a request of this run (Caddy's JSON, module
http.matchers). No I/O."""

from collections.abc import Callable, Mapping

from diagnose.model.server_rules import Question
from diagnose.parsers.caddy.document import at, dictionaries, dictionary, text_of, texts
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest, Truth, all_of, any_of, negated
from diagnose.parsers.web_sites import name_matches

#: Maximum depth of matchers in "not".
MAX_DEPTH = 8

_QUESTIONS: dict[str, Question] = {
    "remote_ip": "address",
    "client_ip": "address",
    "header": "field",
    "header_regexp": "field",
}

#: Fields that this run does not send, so that a matcher for them is false.
_ABSENT = {"authorization", "cookie", "x-forwarded-for", "x-forwarded-proto", "forwarded"}


def route_matches(route: Mapping[str, object], request: ServerRequest) -> Truth:
    """Return whether a route takes the request: matcher sets are alternatives."""
    sets = dictionaries(route.get("match"))
    return any_of([_set(matcher_set, request, 0) for matcher_set in sets]) if sets else True


def questions_of(route: Mapping[str, object], request: ServerRequest) -> tuple[Question, ...]:
    """Return what the matchers of a route ask for that is not known."""
    questions: list[Question] = []
    for matcher_set in dictionaries(route.get("match")):
        _ask(matcher_set, request, questions, 0)
    return tuple(dict.fromkeys(questions))


def words_of(route: Mapping[str, object]) -> str:
    """Return the matchers of a route in the words of a Caddyfile, shortened."""
    sets = (_words(matcher_set, 0) for matcher_set in dictionaries(route.get("match"))[:5])
    return clean(" or ".join(text for text in sets if text), 300)


def _set(matchers: Mapping[str, object], request: ServerRequest, depth: int) -> Truth:
    if depth > MAX_DEPTH:
        return None
    return all_of([_holds(name, value, request, depth) for name, value in matchers.items()])


def _holds(name: str, value: object, request: ServerRequest, depth: int) -> Truth:
    if name == "not":
        return negated(
            any_of([_set(matcher_set, request, depth + 1) for matcher_set in dictionaries(value)])
        )
    matcher = _MATCHERS.get(name)
    return matcher(value, request) if matcher else None


def _path(value: object, request: ServerRequest) -> Truth:
    """A path matcher is exact, or has "*" at its end, at its beginning, or somewhere (glob)."""
    paths = [text.lower() for text in texts(value)]
    if any("{" in path or "%" in path for path in paths):
        return None
    own = request.path.lower()
    return any(own == path or ("*" in path and name_matches(path, own)) for path in paths)


def _path_pattern(value: object, request: ServerRequest) -> Truth:
    pattern = text_of(at(value, "pattern"))
    if len(pattern) > 500 or not is_supported_pcre(pattern):
        return None
    return pcre_search(pattern, request.path, False) is not None


def _header(value: object, request: ServerRequest) -> Truth:
    return all_of([_field(name, pattern, request) for name, pattern in dictionary(value).items()])


def _field(name: str, value: object, request: ServerRequest) -> Truth:
    """Return whether a field has one of the values, as browsers write it; None as value means that
    it is absent. Values are compared with their case (http.matchers.header)."""
    known_fields = {"host": request.authority, "upgrade": "websocket", "connection": "Upgrade"}
    lower = name.lower()
    sent = lower == "host" or (lower in known_fields and request.websocket)
    if not sent:
        is_absent = lower in _ABSENT or lower in known_fields
        return value is None if is_absent else None
    own = known_fields[lower]
    return any(_value_matches(expected, own) for expected in texts(value))


def _value_matches(expected: str, own: str) -> bool:
    """Return whether a field has a value; "*" at its end, its beginning or both stands for more."""
    begins, ends = expected.endswith("*"), expected.startswith("*")
    part = expected[1 if ends else 0 : -1 if begins and len(expected) > 1 else None]
    if begins and ends:
        return expected == "*" or part in own
    return own.startswith(part) if begins else own.endswith(part) if ends else own == expected


def _host(value: object, request: ServerRequest) -> Truth:
    names = texts(value)
    if any("{" in name for name in names):
        return None
    labels = request.host.lower().split(".")
    return any(_is_name(name.lower().split("."), labels) for name in names)


def _is_name(pattern: list[str], labels: list[str]) -> bool:
    """Return whether a name matches: each "*" stands for one label."""
    return len(pattern) == len(labels) and all(
        part in {"*", label} for part, label in zip(pattern, labels, strict=True)
    )


_MATCHERS: dict[str, Callable[[object, ServerRequest], Truth]] = {
    "path": _path,
    "path_regexp": _path_pattern,
    "header": _header,
    "host": _host,
    "method": lambda value, request: request.method in texts(value),
    "protocol": lambda value, request: value == ("https" if request.tls else "http"),
}


def _ask(
    matchers: Mapping[str, object], request: ServerRequest, questions: list[Question], depth: int
) -> None:
    for name, value in matchers.items() if depth <= MAX_DEPTH else ():
        if name == "not":
            for matcher_set in dictionaries(value):
                _ask(matcher_set, request, questions, depth + 1)
        elif _holds(name, value, request, depth) is None:
            questions.append(_QUESTIONS.get(name, "other"))


def _words(matchers: Mapping[str, object], depth: int) -> str:
    parts: list[str] = []
    for name, value in matchers.items() if depth <= MAX_DEPTH else ():
        if name == "not":
            inner = " or ".join(
                _words(matcher_set, depth + 1) for matcher_set in dictionaries(value)[:3]
            )
            parts.append(f"not {inner}")
        else:
            parts.append(f"{name} {_value(value)}".rstrip())
    return " ".join(parts)


def _value(value: object) -> str:
    """Return the value of a matcher on one line."""
    if isinstance(value, dict):
        inner = dictionary(value)
        if "ranges" in inner:
            return _value(inner["ranges"])
        if "pattern" in inner:
            return text_of(inner["pattern"])
        return " ".join(
            f"{name} {_value(argument)}".rstrip() for name, argument in list(inner.items())[:5]
        )
    if isinstance(value, list):
        return " ".join(texts(value)[:8]) + (" …" if len(value) > 8 else "")
    return value if isinstance(value, str) else ""
