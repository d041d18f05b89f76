from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.caddy.matchers import route_matches
from diagnose.parsers.caddy.routes import parts_of
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import inner_path, route_of

HANDSHAKE = ServerRequest("/ws", host="shop.example.com", websocket=True)


def takes(**fields: str) -> bool | None:
    return route_matches({"match": [{"header": {n: [v] for n, v in fields.items()}}]}, HANDSHAKE)


def test_values_of_a_handshake_are_compared_with_their_case() -> None:
    assert takes(Connection="Upgrade", Upgrade="websocket") is True
    assert takes(Connection="*Upgrade*") is True
    assert takes(Connection="*grade") is True
    assert takes(Connection="Up*") is True
    assert takes(Connection="*") is True
    assert takes(Connection="upgrade") is False
    assert takes(Connection="*upgrade*") is False
    assert takes(Upgrade="WebSocket") is False


def routes(**fields: str) -> tuple[SiteRoute, ...]:
    """Return the routes of a site with a matcher for a handshake before the one for all."""
    chat = {"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:6001"}]}
    pages = {"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:8000"}]}
    match = [{"header": {name: [value] for name, value in fields.items()}}]
    return parts_of([{"match": match, "handle": [chat]}, {"handle": [pages]}]).routes


def at(found: tuple[SiteRoute, ...], websocket: bool) -> tuple[int, str] | None:
    route = route_of(WebSite(routes=found), "/ws/chat", websocket)
    return (route.port, inner_path(route, "/ws/chat")) if route else None


def test_a_matcher_for_handshakes_parts_websockets_from_pages() -> None:
    found = routes(Connection="*Upgrade*", Upgrade="websocket")
    assert at(found, True) == (6001, "/ws/chat")
    assert at(found, False) == (8000, "/ws/chat")
    assert at(routes(Connection="upgrade"), True) == (8000, "/ws/chat")


def test_fields_that_are_not_known_leave_it_open() -> None:
    assert at(routes(Accept="text/event-stream"), True) is None
