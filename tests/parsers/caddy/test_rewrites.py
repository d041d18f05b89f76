"""What `rewrite` and `uri` make of a path. The handlers are those of `caddy adapt` (2.6.2)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.caddy.rewrites import rewritten_path
from diagnose.parsers.caddy.sites import sites_of
from diagnose.parsers.web_sites import inner_path, route_of


def test_each_rewrite_of_a_path() -> None:
    for handler, path, expected in (
        ({"strip_path_prefix": "/api"}, "/api/x", "/x"),
        ({"strip_path_prefix": "api"}, "/api", "/"),
        ({"strip_path_prefix": "/api"}, "/x", "/x"),
        ({"uri": "/v1{http.request.uri}"}, "/x", "/v1/x"),
        ({"uri": "/v1{http.request.uri.path}?{http.request.uri.query}"}, "/x", "/v1/x"),
        ({"uri": "/health?full=1"}, "/x", "/health"),
        ({"uri": "?a=b"}, "/x", "/x"),
        ({"uri_substring": [{"find": "/v1", "replace": "/v2"}]}, "/v1/x", "/v2/x"),
        ({"uri": "{http.regexp.old.1}"}, "/x", None),
        ({}, "/x", "/x"),
    ):
        assert rewritten_path(path, handler) == expected  # type: ignore[arg-type]


PROXY = {"handler": "reverse_proxy", "upstreams": [{"dial": "localhost:3001"}]}
OTHER = {"handler": "reverse_proxy", "upstreams": [{"dial": "localhost:3002"}]}


def rewrite(**fields: Any) -> dict[str, Any]:
    return {"handler": "rewrite", **fields}


def route(*handlers: dict[str, Any], **matchers: Any) -> dict[str, Any]:
    return {"handle": list(handlers)} | ({"match": [matchers]} if matchers else {})


def site(*routes: dict[str, Any]) -> WebSite:
    inner = {"handler": "subroute", "routes": list(routes)}
    own = {"match": [{"host": ["shop.example.com"]}], "handle": [inner], "terminal": True}
    servers = {"srv0": {"listen": [":443"], "routes": [own]}}
    return sites_of({"apps": {"http": {"servers": servers}}})[0]


def passed(path: str, *routes: dict[str, Any]) -> tuple[int, str]:
    """The port of the application that gets a path, and the path that it gets."""
    found = route_of(site(*routes), path)
    assert isinstance(found, SiteRoute)
    return found.port, inner_path(found, path)


def test_the_application_gets_the_rewritten_path() -> None:
    api = route(rewrite(uri="/v1{http.request.uri}"), PROXY, path=["/api/*"])
    assert passed("/api/users", api) == (3001, "/v1/api/users")
    assert passed("/a/b", route(rewrite(uri="/index"), PROXY)) == (3001, "/index")


def test_a_prefix_is_taken_off_the_paths_that_have_it() -> None:
    routes = (route(rewrite(strip_path_prefix="/api"), PROXY),)
    assert passed("/api/users", *routes) == (3001, "/users")
    assert passed("/users", *routes) == (3001, "/users")


def test_a_rewrite_for_some_paths_is_seen_by_the_matchers_behind_it() -> None:
    routes = (
        route(rewrite(uri="/new{http.request.uri}"), path=["/old/*"]) | {"group": "group0"},
        route(rewrite(uri="/gone"), path=["/new/*"]) | {"group": "group0"},
        route(PROXY, path=["/new/*"]),
        route(OTHER),
    )
    assert passed("/old/x", *routes) == (3001, "/new/old/x")
    assert passed("/new/x", *routes) == (3002, "/gone")
    assert passed("/x", *routes) == (3002, "/x")


def test_a_matcher_behind_handle_path_is_about_the_short_path() -> None:
    inner = {
        "handler": "subroute",
        "routes": [
            route(rewrite(strip_path_prefix="/a")),
            route(PROXY, path=["/b/*"]),
            route(OTHER),
        ],
    }
    assert passed("/a/b/x", route(inner, path=["/a/*"])) == (3001, "/b/x")
    assert passed("/a/x", route(inner, path=["/a/*"])) == (3002, "/x")


def test_a_path_of_a_pattern_stays_as_it_is() -> None:
    found = site(route(rewrite(uri="{http.regexp.old.1}"), PROXY)).routes[0]
    assert (found.backend_path, found.fixed_path) == ("/", False)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_total(path: str, uri: str, prefix: str) -> None:
    handler = rewrite(
        uri=uri, strip_path_prefix=prefix, uri_substring=[{"find": prefix, "replace": uri}]
    )
    rewritten_path(path, handler)
    site(route(handler, PROXY, path=[path]), route(handler), route(OTHER))
