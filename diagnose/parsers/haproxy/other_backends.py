"""The other backends of HAProxy that a request may be meant for: what the rules of its frontend
send elsewhere, and why. No I/O."""

from collections.abc import Iterator

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.haproxy.conditions import (
    Literal,
    Rule,
    literal_holds,
    match_of,
    path_rules_of,
    rules_of,
)
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.haproxy.path_changes import path_changes
from diagnose.parsers.haproxy.sites import first_server, route_to
from diagnose.parsers.haproxy.view import TargetProxies, path_to_backends, situation_of

#: Maximum number of backends that are asked for one path.
MAX_BACKENDS = 6


@frozen
class OtherBackend:
    """A backend that does not get a request, the route to its first server, and the rules of the
    frontend that choose it for other requests. `is_named` is False if no frontend names it."""

    name: str
    route: SiteRoute
    rules: tuple[Rule, ...] = ()
    is_named: bool = True


@frozen
class FalseLiteral:
    """The only literal of a rule's condition that is not true for a request: its place in the
    condition, and what it compares."""

    index: int
    literal: Literal


def other_backends(proxies: TargetProxies, target: Target) -> tuple[OtherBackend, ...]:
    """Return the backends that this frontend may choose for the target's name, and those that no
    frontend names, without the one that gets the request."""
    if proxies.frontend.mode != "http" or not proxies.is_decided:
        return ()
    return tuple(_other_backends(proxies, target))[:MAX_BACKENDS]


def own_route(proxies: TargetProxies, target: Target) -> SiteRoute | None:
    """Return the route to the first server of the backend that gets the request, None if there is
    none."""
    backend = proxies.backend
    server = first_server(backend) if backend else None
    if backend is None or server is None:
        return None
    situation = situation_of(rules_of(proxies.frontend), target, proxies.tls)
    changes = path_changes(path_rules_of(backend), situation)
    return route_to(proxies.frontend, backend, server, changes)


def _other_backends(proxies: TargetProxies, target: Target) -> Iterator[OtherBackend]:
    frontend = proxies.frontend
    rules = rules_of(frontend)
    situation = situation_of(rules, target, proxies.tls)
    named = {name for proxy in proxies.config.frontends for name in _named(proxy)}
    default = frontend.setting("default_backend")
    for backend in proxies.config.proxies:
        server = first_server(backend) if backend.section.kind == "backend" else None
        if server is None or backend.name == proxies.backend_name or backend.mode != "http":
            continue
        own = tuple(
            rule for rule in rules if rule.backend == backend.name and match_of(rule, situation)
        )
        is_default = default is not None and default.words[1:2] == (backend.name,)
        is_meant = is_named_after(backend.name, target) > is_named_after(
            proxies.backend_name, target
        )
        if own or is_default or is_meant or backend.name not in named:
            changes = path_changes(path_rules_of(backend), situation)
            route = route_to(frontend, backend, server, changes)
            yield OtherBackend(backend.name, route, own, backend.name in named)


def is_named_after(backend: str, target: Target) -> bool:
    """Return whether a backend has a part of the target's name: "shop" of shop.example.com."""
    labels = target.host.lower().removeprefix("www.").split(".")[:-1]
    return backend.lower() in labels


def _named(proxy: Proxy) -> Iterator[str]:
    yield from (rule.backend for rule in rules_of(proxy))
    if default := proxy.setting("default_backend"):
        yield from default.words[1:2]


def false_literal(
    proxies: TargetProxies, target: Target, path: str, rule: Rule, websocket: bool
) -> FalseLiteral | None:
    """Return the one literal for which a rule does not take a path; None if there are more, or if
    that is not known. A rule with alternatives ("or") is not read."""
    if len(rule.alternatives) != 1 or rule.negated:
        return None
    situation = situation_of(rules_of(proxies.frontend), target, proxies.tls)
    own = path_to_backends(proxies.frontend, target, proxies.tls, path)
    truths = [
        _truth_of_upgrade(literal, websocket)
        if all(criterion.subject == "websocket" for criterion in literal.criteria)
        else literal_holds(literal, situation, own)
        for literal in rule.alternatives[0]
    ]
    if truths.count(False) != 1 or None in truths:
        return None
    index = truths.index(False)
    return FalseLiteral(index, rule.alternatives[0][index])


def _truth_of_upgrade(literal: Literal, websocket: bool) -> bool:
    return websocket != literal.negated
