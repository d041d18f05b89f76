"""The JSON is what Caddy 2.6.2 made of the Caddyfiles in the comments."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.caddy.document import decode
from diagnose.parsers.caddy.sites import admin_address, listens_of, named_sites, sites_of
from diagnose.parsers.web_sites import answering_sites, redirect_of, route_of
from tests.support.caddy_evidence import document

# example.test {
#   handle_path /api/* { reverse_proxy https://127.0.0.1:3000 }
#   reverse_proxy /ws localhost:3001
#   redir /old /new
#   root * /srv
#   file_server
# }
LONG = """{"apps":{"http":{"servers":{"srv0":{"listen":[":443"],"routes":[{"match":[{"host":
["example.test"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"vars","root":
"/srv"}]},{"handle":[{"handler":"static_response","headers":{"Location":["/new"]},"status_code":302}
],"match":[{"path":["/old"]}]},{"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":
"rewrite","strip_path_prefix":"/api"}]},{"handle":[{"handler":"reverse_proxy","transport":{
"protocol":"http","tls":{}},"upstreams":[{"dial":"127.0.0.1:3000"}]}]}]}],"match":[{"path":
["/api/*"]}]},{"handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"localhost:3001"}]}],
"match":[{"path":["/ws"]}]},{"handle":[{"handler":"file_server"}]}]}],"terminal":true}]}}}}}"""


def test_routes_are_read_with_their_paths_and_schemes() -> None:
    site = sites_of(decode(LONG))[0]
    api, ws, page = (route_of(site, path) for path in ("/api/x", "/ws", "/ws/x"))
    assert api
    assert (api.scheme, api.port, api.backend_path) == ("https", 3000, "/")
    assert ws
    assert (ws.host, ws.port, ws.exact) == ("localhost", 3001, True)
    assert page
    assert page.target == ""
    assert site.root == "/srv"
    assert site.redirects[0].target == "/new"


# :5173 {
#   redir /a /a/ permanent
#   handle /a/* { reverse_proxy localhost:5174 }
#   handle / { respond "hello" 200 }
# }
UNNAMED = """{"apps":{"http":{"servers":{"srv0":{"listen":[":5173"],"routes":[{"match":[{"path":
["/a"]}],"handle":[{"handler":"static_response","headers":{"Location":["/a/"]},"status_code":301}]},
{"group":"group2","match":[{"path":["/a/*"]}],"handle":[{"handler":"subroute","routes":[{"handle":
[{"handler":"reverse_proxy","upstreams":[{"dial":"localhost:5174"}]}]}]}]},{"group":"group2",
"match":[{"path":["/"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"body":"hello",
"handler":"static_response","status_code":200}]}]}]}]}}}}}"""


# :443 {
#   forward_auth 127.0.0.1:9091 { uri /verify }
#   reverse_proxy 127.0.0.1:3000
# }
GUARDED = """{"apps":{"http":{"servers":{"srv0":{"listen":[":443"],"routes":[{"handle":[{
"handle_response":[{"match":{"status_code":[2]},"routes":[{"handle":[{"handler":"headers","request":
{}}]}]}],"handler":"reverse_proxy","rewrite":{"method":"GET","uri":"/verify"},"upstreams":[{"dial":
"127.0.0.1:9091"}]},{"handler":"reverse_proxy","upstreams":[{"dial":"127.0.0.1:3000"}]}]}]}}}}}"""


def test_who_is_asked_first_is_not_the_application() -> None:
    (site,) = sites_of(decode(GUARDED))
    assert [guard.port for guard in site.guards] == [9091]
    route = route_of(site, "/")
    assert route
    assert route.port == 3000


def test_a_response_that_is_replaced_is_the_applications() -> None:
    replaced = GUARDED.replace('"headers","request"', '"copy_response","request"')
    (site,) = sites_of(decode(replaced))
    assert (site.guards, len(site.routes)) == ((), 2)


def test_a_site_without_a_name_that_is_alone_is_one_site() -> None:
    """Its directives are the routes of the server."""
    (site,) = sites_of(decode(UNNAMED))
    assert site.names == ("*",)
    passed, own = route_of(site, "/a/x"), route_of(site, "/")
    assert passed
    assert passed.port == 5174
    assert own
    assert own.target == ""
    assert redirect_of(site, "/a/x") is None


def test_a_site_is_redirected_from_port_80_by_itself() -> None:
    sites = sites_of(decode(LONG))
    assert [str(socket) for socket in listens_of(sites)] == ["*:80", "*:443"]
    assert sites[1].redirects[0].target == "https://{host}{uri}"
    off = document("a.test", tls="acme", mode={"disable_redirects": True})
    assert [socket.port for socket in listens_of(sites_of(off))] == [443]


# http://shop.internal:3333 { file_server }
PLAIN = """{"apps":{"http":{"servers":{"srv0":{"listen":["127.0.0.1:3333"],"routes":[{"match":[{
"host":["shop.internal"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":
"file_server"}]}]}],"terminal":true}],"automatic_https":{"skip":["shop.internal"]}}}}}}"""


def test_a_site_written_with_http_on_another_port_has_no_tls_and_no_redirect() -> None:
    (site,) = sites_of(decode(PLAIN))
    assert not site.sockets[0].tls
    secure, redirecting = sites_of(decode(PLAIN.replace('"skip":["shop.internal"]', '"skip":[]')))
    assert secure.sockets[0].tls
    assert redirecting.redirects


def test_where_the_certificate_comes_from() -> None:
    def issuance(value: object) -> str:
        return sites_of(value)[0].issuance

    assert issuance(document("a.test")) == "files"
    assert sites_of(document("a.test"))[0].paths("key") == ("/etc/ssl/shop.key",)
    assert issuance(document("a.test", tls="acme")) == "acme"
    assert issuance(document("a.test", tls="internal")) == "internal"
    assert issuance(document("a.test", tls="none", mode={"disable": True})) == "none"


def test_no_site_answers_a_name_that_none_has() -> None:
    config = WebServerConfig(product="caddy", path="", sites=sites_of(document("a.test")))
    assert answering_sites(config, 443, "a.test")
    assert not answering_sites(config, 443, "b.test")


def test_the_address_of_the_admin_api() -> None:
    assert admin_address({}) == "localhost:2019"
    assert admin_address({"admin": {"disabled": True}}) == ""
    assert admin_address({"admin": {"listen": "unix//run/caddy.sock"}}) == ""
    for listen, address in {
        ":2020": "localhost:2020",
        "0.0.0.0:2019": "localhost:2019",
        "[::1]:2019": "[::1]:2019",
        "tcp/127.0.0.1:2019": "127.0.0.1:2019",
        "admin.example.com:2019": "",
        "192.0.2.1:2019": "",
        "{env.ADMIN}": "",
        "localhost": "",
    }.items():
        assert admin_address({"admin": {"listen": listen}}) == address
    assert admin_address({"admin": {"listen": "127.0.0.1:2020"}}) == "127.0.0.1:2020"


def test_deep_and_broken_json_is_nothing() -> None:
    assert decode("[" * 100000) is None
    assert decode("{") is None
    route: object = []
    for _ in range(40):
        route = [{"handle": [{"handler": "subroute", "routes": route}]}]
    server = {"listen": [":443"], "routes": route}
    (site,) = sites_of({"apps": {"http": {"servers": {"srv0": server}}}})
    assert route_of(site, "/") is None


_KEYS = st.sampled_from(
    ["apps", "http", "servers", "routes", "handle", "match", "host", "path", "listen", "tls"]
)
_VALUES = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_any_document_is_read(value: object) -> None:
    sites_of({"apps": {"http": {"servers": {"srv0": value}, "http_port": value}, "tls": value}})


def test_a_site_without_a_name_on_the_https_port_has_tls_and_no_certificate() -> None:
    route = {"handle": [{"handler": "static_response", "body": "hi"}]}
    server = {"listen": [":443"], "routes": [route]}
    (site,) = sites_of({"apps": {"http": {"servers": {"srv0": server}}}})
    assert (site.names, site.sockets[0].tls, site.issuance) == (("*",), True, "none")


def test_the_names_of_a_refused_file_are_known() -> None:
    text = "{\n\tdebug\n}\nshop.example.com, http://www.example.com:8080 {\n\treverse_prox x\n}\n"
    (site,) = named_sites(blocks_of([("/etc/caddy/Caddyfile", text)]))
    assert site.names == ("shop.example.com", "www.example.com")
    assert [(socket.port, socket.tls) for socket in site.sockets] == [(443, True), (8080, False)]
    assert (site.file, site.line) == ("/etc/caddy/Caddyfile", 4)
    assert not named_sites(blocks_of([("/etc/caddy/Caddyfile", ":80 {\n}\n")]))


def test_a_block_is_known_by_the_usual_ports_of_the_global_options() -> None:
    text = "{\n\thttps_port 8443\n\thttp_port 8080\n}\nshop.test {\n\tfile_server\n}\n"
    route = {"match": [{"host": ["shop.test"]}], "handle": [{"handler": "file_server"}]}
    http = {
        "http_port": 8080,
        "https_port": 8443,
        "servers": {"srv0": {"listen": [":8443"], "routes": [route]}},
    }
    sites = sites_of({"apps": {"http": http}}, blocks_of([("/etc/caddy/Caddyfile", text)]))
    assert [(site.sockets[0].port, site.line, site.end) for site in sites] == [
        (8443, 5, 7),
        (8080, 5, 7),
    ]
