"""The rules of Apache, Caddy and HAProxy that refuse visitors by their address, and which of their
lists decides about one visitor (mod_authz_host; Caddy's `remote_ip`; HAProxy's `src`)."""

from collections.abc import Iterator

from checks.server import ServerView, place_text
from checks.server._haproxy import haproxy_view
from diagnose.model.frozen import frozen
from diagnose.model.server_rules import AddressTest
from diagnose.parsers.address_tests import contains, deciding_test
from diagnose.parsers.haproxy.address_lists import refused_addresses
from diagnose.parsers.haproxy.conditions import refusing_rules_of
from diagnose.parsers.haproxy.view import refusal_status, situation_of


@frozen
class AddressRefusal:
    """A rule with its status and its place, and what is true for the addresses that it refuses."""

    rule: str
    place: str
    status: int
    tests: tuple[AddressTest, ...]

    def list_against(self, visitor: str) -> AddressTest | None:
        """Return the list that alone decides that the visitor is refused; None if none does."""
        return deciding_test(self.tests, visitor)


def address_refusals(view: ServerView) -> tuple[AddressRefusal, ...]:
    """Return the rules that refuse the target's page by the address of the visitor."""
    if view.server.product == "haproxy":
        return tuple(_of_haproxy(view))
    path = view.evidence.target.path_without_query
    rules = (
        AddressRefusal(rule.rule, place_text(rule.file, rule.line), rule.status, rule.refuses)
        for rule in view.rules
        if rule.refuses and rule.path == path and not rule.websocket
        if rule.status == 0 or rule.status >= 400
    )
    return tuple(dict.fromkeys(rules))


def _of_haproxy(view: ServerView) -> Iterator[AddressRefusal]:
    target = view.evidence.target
    haproxy = haproxy_view(view.evidence, target.path)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    for proxy in (haproxy.proxies.frontend, haproxy.proxies.backend):
        rules = refusing_rules_of(proxy) if proxy else ()
        situation = situation_of(rules, target, haproxy.proxies.tls)
        for rule in rules:
            own = target.path_without_query
            tests = refused_addresses(rule, proxy, situation, own, proxy.maps) if proxy else ()
            status = refusal_status(rule.line)
            if any(test.test == "in" for test in tests) and status >= 400 and status != 401:
                line = rule.line
                place = place_text(line.file, line.number)
                yield AddressRefusal(" ".join(line.words), place, status, tests)


def is_listed(test: AddressTest, visitor: str) -> bool:
    """Return whether a list that decides has the visitor: of two kinds of lists, one of those who
    are kept out, and one of those who may come in."""
    return contains(test.networks, visitor)
