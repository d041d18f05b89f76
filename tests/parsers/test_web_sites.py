from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import (
    SiteAlias,
    SiteRedirect,
    SiteRoute,
    SiteSocket,
    WebServerConfig,
    WebSite,
)
from diagnose.parsers.web_sites import (
    answering_sites,
    has_name,
    inner_path,
    name_matches,
    needs_folder,
    redirect_of,
    rest_of,
    route_of,
    serves_files,
    sibling_of,
    site_at,
    slashed_path,
    sole_application,
    takes,
)

ANY, ONE = SiteSocket(443), SiteSocket(443, "203.0.113.10")
FIRST = WebSite(names=("www.example.org",), sockets=(ANY,))
SHOP = WebSite(names=("shop.example.com", "*.shop.example.com"), sockets=(ANY,))
ON_ONE = WebSite(names=("other.example.com",), sockets=(ONE,))
PLAIN = WebSite(names=("shop.example.com",), sockets=(SiteSocket(80),))


def config(*sites: WebSite) -> WebServerConfig:
    return WebServerConfig(product="apache", path="/etc/apache2/apache2.conf", sites=sites)


def test_the_site_with_the_name_answers_else_the_first_on_the_socket() -> None:
    both = config(FIRST, SHOP, PLAIN)
    assert answering_sites(both, 443, "shop.example.com") == (SHOP,)
    assert answering_sites(both, 443, "www.shop.example.com") == (SHOP,)
    assert answering_sites(both, 443, "unknown.example.com") == (FIRST,)
    assert answering_sites(both, 80, "unknown.example.com") == (PLAIN,)
    assert answering_sites(both, 8443, "shop.example.com") == ()


def test_a_site_on_one_address_takes_it_away_from_the_others() -> None:
    assert answering_sites(config(SHOP, ON_ONE), 443, "shop.example.com") == (SHOP, ON_ONE)


@pytest.mark.parametrize(
    ("name", "host", "matches"),
    [
        ("shop.example.com", "SHOP.example.com.", True),
        ("*.example.com", "shop.example.com", True),
        ("*.example.com", "example.com", False),
        ("*", "anything", True),
        ("sh?p.example.com", "shop.example.com", True),
        ("sh?p.example.com", "shp.example.com", False),
        ("*a*b", "xaxb", True),
        ("", "shop.example.com", False),
    ],
)
def test_names_with_wildcards(name: str, host: str, matches: bool) -> None:
    assert name_matches(name, host) is matches


@given(st.text("a*?.", max_size=30), st.text("a.", max_size=30))
def test_a_name_matches_as_a_pattern_of_the_shell_does(name: str, host: str) -> None:
    import fnmatch

    expected = fnmatch.fnmatchcase(host.rstrip("."), name.rstrip("."))
    assert name_matches(name, host) is expected


def test_a_hostile_name_takes_no_time_out_of_proportion() -> None:
    assert not name_matches("*a" * 2000 + "b", "a" * 2000)


def test_a_prefix_takes_whole_segments() -> None:
    assert takes("/", "/anything")
    assert takes("/ws", "/ws")
    assert takes("/ws", "/ws/1")
    assert not takes("/ws", "/wsx")
    assert not takes("/ws/", "/ws")


def test_the_first_route_takes_the_path_unless_a_pattern_stands_before_it() -> None:
    socket, page = SiteRoute("/ws", "ws://app"), SiteRoute("/", "http://app")
    pattern = SiteRoute("^/(.*)$", "http://app", pattern=True)
    assert route_of(WebSite(routes=(socket, page)), "/ws") is socket
    assert route_of(WebSite(routes=(socket, page)), "/index.html") is page
    assert route_of(WebSite(routes=(socket,)), "/index.html") is None
    assert route_of(WebSite(routes=(pattern, page)), "/index.html") is None


def test_a_redirect_with_a_condition_is_not_certain() -> None:
    redirect = SiteRedirect("/", "https://shop.example.com/")
    conditional = SiteRedirect("/", "https://shop.example.com/", conditional=True)
    assert redirect_of(WebSite(redirects=(conditional, redirect)), "/a") is redirect
    assert redirect_of(WebSite(redirects=(conditional,)), "/a") is None


@pytest.mark.parametrize(
    ("name", "host", "matches"),
    [
        ("*.example.com", "Shop.Example.com", True),
        ("*.example.com", "api.shop.example.com", False),
        ("*.*.example.com", "api.shop.example.com", True),
        ("*", "api.shop.example.com", True),
    ],
)
def test_a_wildcard_of_caddy_stands_for_one_label(name: str, host: str, matches: bool) -> None:
    assert has_name(WebSite(names=(name,), one_label=True), host) is matches


def test_a_path_needs_the_folder_where_only_scripts_and_files_answer() -> None:
    script = SiteRoute(path="/", target="unix//run/php.sock", scheme="fcgi", pattern=True)
    rule = SiteRoute(path="/", target="", scheme="", pattern=True)
    application = SiteRoute(path="/", target="127.0.0.1:3000", host="127.0.0.1", pattern=True)
    site = WebSite(root="/var/www/shop", routes=(rule, script))
    assert needs_folder(site, "/login")
    assert not serves_files(site, "/login")
    assert not needs_folder(replace(site, routes=(script, application)), "/login")
    assert not needs_folder(replace(site, root=""), "/login")


def test_the_server_answers_what_the_expression_of_scripts_misses() -> None:
    scripts = SiteRoute(r"^/(.*\.php)$", "fcgi://127.0.0.1:9000", "fcgi", "127.0.0.1", pattern=True)
    site = WebSite(root="/var/www/shop", routes=(scripts,))
    assert serves_files(site, "/login")
    assert not serves_files(site, "/login.php")
    assert not serves_files(site, "/")


def test_the_only_application_of_a_site() -> None:
    own, php = SiteRoute("/", "", scheme=""), SiteRoute("/", "fcgi://unix//run/php.sock")
    assert sole_application(WebSite(routes=(own, replace(php, pattern=True)))) == replace(
        php, pattern=True
    )
    assert sole_application(WebSite(routes=(own,))) is None
    assert sole_application(WebSite(routes=(php, SiteRoute("/api", "http://a:1")))) is None


def test_what_follows_the_beginning_that_chose_the_route() -> None:
    route = SiteRoute(path="/api/", target="http://127.0.0.1:3000", backend_path="/api/")
    assert rest_of(route, "/api/users") == "/users"
    assert rest_of(route, "/api") == ""
    assert rest_of(replace(route, path="/api"), "/api") == "/"
    assert rest_of(replace(route, path="/"), "/api/users") == ""
    exact = replace(route, path="/api", exact=True)
    assert rest_of(exact, "/api/users") == ""
    assert rest_of(exact, "/api") == "/"
    assert rest_of(replace(exact, path="/api/users"), "/api/users") == ""
    assert rest_of(replace(exact, path="/robots.txt"), "/robots.txt") == ""


def rule(path: str, backend_path: str, pages: bool | None, websockets: bool | None) -> SiteRoute:
    return SiteRoute(
        path, "http://127.0.0.1:3000/$1", "http", "127.0.0.1", 3000, backend_path=backend_path,
        pattern=True, for_pages=pages, for_websockets=websockets,
    )  # fmt: skip


def test_a_regular_expression_becomes_the_route_of_one_path() -> None:
    site = WebSite(routes=(rule("^/app/(.*)$", "/$1", True, True), SiteRoute("/", "http://b/")))
    route = route_of(site, "/app/x")
    assert route is not None
    assert (route.path, route.backend_path, route.exact) == ("/app/x", "/x", True)
    assert inner_path(route, "/app/x") == "/x"
    other = route_of(site, "/y")
    assert other is not None
    assert other.target == "http://b/"


def test_conditions_decide_by_what_is_requested() -> None:
    page = SiteRoute("/", "http://b/")
    site = WebSite(routes=(rule("/(.*)", "/$1", False, True), page))
    assert route_of(site, "/ws") is None
    assert route_of(site, "/ws", websocket=False) == page
    route = route_of(site, "/ws", websocket=True)
    assert route is not None
    assert route.backend_path == "/ws"
    unknown = WebSite(routes=(rule("/(.*)", "/$1", None, None), page))
    assert route_of(unknown, "/ws", websocket=True) is None
    assert route_of(WebSite(routes=(rule("/(.*)", "/$x", True, True), page)), "/ws") is None


@pytest.mark.parametrize(
    ("path", "folder", "inner"),
    [
        ("/admin/login", "/usr/share/admin", "/login"),
        ("/admin", "/usr/share/admin", "/"),
        ("/icons/a.png", "/usr/share/icons/", "/a.png"),
        ("/icons", "/var/www", "/icons"),
        ("/administrator", "/var/www", "/administrator"),
    ],
)
def test_below_an_alias_a_site_has_its_folder(path: str, folder: str, inner: str) -> None:
    aliases = (
        SiteAlias("/admin", "/usr/share/admin", reads_htaccess=False),
        SiteAlias("/icons/", "/usr/share/icons/"),
    )
    site, inner_path = site_at(replace(SHOP, root="/var/www", aliases=aliases), path)
    assert (site.root, inner_path) == (folder, inner)


def test_slashed_path_has_the_slash_that_the_application_misses() -> None:
    route = SiteRoute("/app", "http://127.0.0.1:3000/", backend_path="/")
    assert slashed_path(route, "/app/login") == "/login"
    assert slashed_path(route, "/app") == ""
    assert slashed_path(route, "/app/") == ""
    assert slashed_path(route, "/other") == ""
    assert slashed_path(replace(route, path="/app/"), "/app/login") == ""
    assert slashed_path(replace(route, exact=True), "/app/login") == ""
    base = replace(route, path="/app/", backend_path="/base")
    assert slashed_path(base, "/app/login") == "/base/login"
    assert slashed_path(replace(base, path="/app"), "/app/login") == ""


def test_the_only_application_that_may_take_a_path() -> None:
    """Two applications behind patterns: one of them misses the path for certain."""
    blog = SiteRoute("/blog/", "fcgi://blog", scheme="fcgi", socket="/run/blog", pattern=True)
    shop = SiteRoute("/", "fcgi://shop", scheme="fcgi", socket="/run/shop", pattern=True)
    site = WebSite(routes=(blog, shop))
    assert sole_application(site, "/") == shop
    assert sole_application(site, "/blog/a") is None
    assert sole_application(site) is None


def test_only_the_sites_of_the_addresses_that_visitors_reach() -> None:
    """If one of these has no site of its own, the sites of all addresses may answer."""
    six = replace(ON_ONE, sockets=(SiteSocket(443, "2001:DB8:0::1", True),))
    both = config(SHOP, ON_ONE, six)

    def answering(*visited: str) -> tuple[WebSite, ...]:
        return answering_sites(both, 443, "shop.example.com", visited)

    assert answering(ONE.address) == (ON_ONE,)
    assert answering(ONE.address, "2001:db8::1") == (ON_ONE, six)
    assert answering(ONE.address, "2001:db8::2") == (SHOP, ON_ONE, six)
    assert answering("192.0.2.200") == answering() == (SHOP, ON_ONE, six)


def test_a_sibling_takes_off_what_a_route_keeps() -> None:
    rule = SiteRoute("^/?(.*)", "ws://a:1/$1", "ws", "a", 1, backend_path="/$1", pattern=True)
    pages = SiteRoute("/app/", "http://a:1/", host="a", port=1)
    at_path = replace(rule, path="/app/ws", backend_path="/app/ws", pattern=False, exact=True)
    site = WebSite(routes=(rule, pages))
    assert sibling_of(site, at_path, "/app/ws") == pages
    assert sibling_of(site, replace(at_path, backend_path="/ws"), "/app/ws") is None
    assert sibling_of(site, replace(at_path, port=2), "/app/ws") is None
    assert sibling_of(WebSite(routes=(rule,)), at_path, "/app/ws") is None
    whole = replace(pages, backend_path="/app/")
    assert sibling_of(WebSite(routes=(rule, whole)), at_path, "/app/ws") is None
