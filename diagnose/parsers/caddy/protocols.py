"""The routes of a Caddy server whose sockets all speak TLS, or none, without the matchers of the
protocol (module http.matchers.protocol): they are true for every request, or for none. No I/O."""

from collections.abc import Iterator

from diagnose.parsers.caddy.document import MAX_DEPTH, dictionaries

_SCHEMES = ("http", "https")


def decided_routes(
    routes: list[dict[str, object]], scheme: str, depth: int = 0
) -> list[dict[str, object]]:
    """Return the routes that requests of a scheme ("http", "https") may take, without matchers that
    are true for all of them."""
    return list(_decided(routes, scheme, depth)) if depth <= MAX_DEPTH else routes


def _decided(
    routes: list[dict[str, object]], scheme: str, depth: int
) -> Iterator[dict[str, object]]:
    for route in routes:
        sets = dictionaries(route.get("match"))
        left = [made for each in sets if (made := _decided_set(each, scheme)) is not None]
        if sets and not left:
            continue
        # A set without a matcher is true, whatever the others say.
        match = {"match": left if all(left) else None} if left != sets else {}
        handlers = [
            handler | {"routes": decided_routes(inner, scheme, depth + 1)}
            if (inner := dictionaries(handler.get("routes")))
            else handler
            for handler in dictionaries(route.get("handle"))
        ]
        yield route | match | ({"handle": handlers} if handlers else {})


def _decided_set(matchers: dict[str, object], scheme: str) -> dict[str, object] | None:
    """Return a matcher set without what is true for the scheme; None if it is false."""
    protocol = matchers.get("protocol")
    others = [_decided_set(dictionary, scheme) for dictionary in dictionaries(matchers.get("not"))]
    is_denied = any(other is not None and not other for other in others)
    if is_denied or (protocol in _SCHEMES and protocol != scheme):
        return None
    left = dict(matchers)
    if protocol == scheme:
        del left["protocol"]
    if others:
        kept = [other for other in others if other is not None]
        left = {name: value for name, value in left.items() if name != "not"}
        left |= {"not": kept} if kept else {}
    return left
