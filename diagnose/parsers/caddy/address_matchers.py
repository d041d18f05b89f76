"""What a route of Caddy's asks about the visitor's address: the matchers `remote_ip` and
`client_ip` (Caddy's JSON, module http.matchers). No I/O."""

from collections.abc import Mapping

from diagnose.model.server_rules import AddressTest
from diagnose.parsers.address_tests import TRUE, UNKNOWN, Tests, joined, network_of
from diagnose.parsers.caddy.document import at, dictionaries, texts

_MATCHERS = {"remote_ip", "client_ip"}
_MAX_DEPTH = 8


def address_test(route: Mapping[str, object]) -> Tests:
    """Return what is true for the addresses that a route takes, if all its other matchers take the
    request. Matcher sets are alternatives."""
    return joined("any", [_set(dictionary, 0) for dictionary in dictionaries(route.get("match"))])


def _set(matchers: Mapping[str, object], depth: int) -> Tests:
    if depth > _MAX_DEPTH:
        return UNKNOWN
    return joined("all", [TRUE, *(_test(name, matchers[name], depth) for name in matchers)])


def _test(name: str, value: object, depth: int) -> Tests:
    if name == "not":
        return joined("none", [_set(dictionary, depth + 1) for dictionary in dictionaries(value)])
    if name not in _MATCHERS:
        return TRUE
    networks = [network_of(word) for word in texts(at(value, "ranges"))]
    if not networks or None in networks:
        return UNKNOWN
    return (AddressTest(0, "in", tuple(map(str, networks))),)
