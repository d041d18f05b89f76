from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.haproxy.addresses import servers_of, sockets_of
from diagnose.parsers.haproxy.config import Configuration, parse
from diagnose.parsers.haproxy.sites import certificate_paths, listens_of, sites_of
from diagnose.parsers.web_sites import answering_sites, redirect_of, route_of

TEXT = """\
global
    crt-base /etc/ssl/private
defaults
    mode http
frontend web
    bind :80
    bind *:443 ssl crt shop.pem crt /etc/haproxy/more alpn h2,http/1.1
    bind quic4@:443 ssl crt shop.pem
    http-request redirect scheme https unless { ssl_fc }
    acl is_api path_beg /api /v1
    acl shop hdr(host) -i shop.example.com www.example.com
    acl any hdr_end(host) -i .example.org
    acl office src 192.0.2.0/24
    use_backend admin if shop office
    use_backend api if shop is_api
    use_backend shop if shop
    use_backend other if any or { hdr(host) -i example.net }
    default_backend rest
backend api
    server a 127.0.0.1:4000 ssl verify none
backend admin
    server a 127.0.0.1:5000
backend shop
    server down 127.0.0.1:2999 disabled
    server a 127.0.0.1:3000
backend other
    server a unix@/run/other.sock
backend rest
    server a [::1]:3001 backup
"""


def read(text: str = TEXT) -> Configuration:
    return parse([("/etc/haproxy/haproxy.cfg", text)])


def site(host: str, port: int = 443, text: str = TEXT) -> WebSite:
    config = read(text)
    state = WebServerConfig(product="haproxy", path="x", sites=sites_of(config, {}))
    (chosen,) = answering_sites(state, port, host)
    return chosen


def target(host: str, path: str = "/", text: str = TEXT) -> str | None:
    route = route_of(site(host, text=text), path)
    return route.target if route else None


def test_sockets_of_tcp_are_those_that_it_opens() -> None:
    assert [str(socket) for socket in listens_of(read())] == ["*:80", "*:443"]
    text = "listen x\n bind 192.0.2.1:8443-8444,[::]:80 ssl crt a.pem\n bind /run/x.sock\n"
    sockets = [str(socket) for socket, _ in sockets_of(read(text).frontends[0])]
    assert sockets == ["192.0.2.1:8443", "192.0.2.1:8444", "*:80"]


def test_a_name_is_answered_by_its_own_site_and_others_by_the_default() -> None:
    assert site("shop.example.com").names == ("shop.example.com",)
    assert site("x.example.org").names == ("*.example.org",)
    assert site("unknown.example").names == ()


def test_the_backend_is_chosen_as_far_as_the_condition_is_known() -> None:
    assert target("x.example.org") == "http:///run/other.sock"
    assert target("example.net") == "http:///run/other.sock"
    assert target("unknown.example") == "http://[::1]:3001"


def test_a_condition_that_is_not_known_makes_the_route_unknown() -> None:
    assert target("shop.example.com") is None
    without = TEXT.replace("    use_backend admin if shop office\n", "")
    assert target("shop.example.com", "/api/x", without) == "https://127.0.0.1:4000"
    assert target("shop.example.com", "/", without) == "http://127.0.0.1:3000"


def test_a_path_is_compared_by_its_characters_or_whole() -> None:
    rule = "    use_backend api if { path_beg /app }\n"
    text = TEXT.replace("    use_backend admin if shop office\n", rule)
    assert target("shop.example.com", "/apple", text) == "https://127.0.0.1:4000"
    whole = text.replace("path_beg /app", "path /app")
    assert target("shop.example.com", "/app", whole) == "https://127.0.0.1:4000"
    assert target("shop.example.com", "/app/x", whole) == "http://127.0.0.1:3000"


def test_a_redirect_of_one_path_leaves_the_paths_below() -> None:
    rule = "    http-request redirect location /app/ if { path /app }\n"
    text = TEXT.replace("    acl is_api", f"{rule}    acl is_api")
    assert redirect_of(site("shop.example.com", text=text), "/app") is not None
    assert redirect_of(site("shop.example.com", text=text), "/app/") is None


def test_options_may_stand_before_the_target_of_a_redirect() -> None:
    rule = "    redirect code 301 location /app/ if { path_beg /app }\n"
    text = TEXT.replace("    acl is_api", f"{rule}    acl is_api")
    redirect = redirect_of(site("shop.example.com", text=text), "/app/")
    assert redirect is not None
    assert (redirect.path, redirect.target) == ("/app", "/app/")
    other = text.replace("location /app/ ", "").replace("code 301", "drop-query")
    assert redirect_of(site("shop.example.com", text=other), "/app/") is None


def test_a_redirect_unless_tls_is_one_on_the_plain_port_only() -> None:
    redirect = redirect_of(site("shop.example.com", 80), "/")
    assert redirect is not None
    assert redirect.target.startswith("https://")
    assert redirect.line == 9
    assert not site("shop.example.com").redirects


def test_a_redirect_without_a_condition_is_one_on_both_ports() -> None:
    text = TEXT.replace(" unless { ssl_fc }", "")
    assert redirect_of(site("shop.example.com", text=text), "/") is not None


def test_a_redirect_that_asks_a_header_is_conditional() -> None:
    text = TEXT.replace("unless { ssl_fc }", "unless { hdr(x-forwarded-proto) https }")
    (redirect,) = site("shop.example.com", 80, text).redirects
    assert redirect.conditional


def test_certificates_are_bundles_and_keys_may_lie_beside_them() -> None:
    config = read()
    assert certificate_paths(config) == (
        ("crt", "/etc/ssl/private/shop.pem"),
        ("crt", "/etc/haproxy/more"),
    )
    resolved = {
        "/etc/haproxy/more": ("/etc/haproxy/more/a.pem", "/etc/haproxy/more/b.pem"),
        "/etc/haproxy/more/b.pem.key": ("/etc/haproxy/more/b.pem.key",),
    }
    secure = next(each for each in sites_of(config, resolved) if each.sockets[0].tls)
    assert secure.paths("bundle") == ("/etc/ssl/private/shop.pem", "/etc/haproxy/more/a.pem")
    assert secure.paths("certificate") == ("/etc/haproxy/more/b.pem",)
    assert secure.paths("key") == ("/etc/haproxy/more/b.pem.key",)


def test_an_upgrade_is_lost_only_where_its_header_is_deleted() -> None:
    assert all(route.websocket for route in site("shop.example.com").routes)
    line = "    http-request del-header Upgrade\n    use_backend api"
    text = TEXT.replace("    use_backend api", line)
    assert not any(route.websocket for route in site("shop.example.com", text=text).routes)
    guarded = text.replace("header Upgrade\n", "header Upgrade if { path_beg /static }\n")
    assert all(route.websocket for route in site("shop.example.com", text=guarded).routes)


def test_the_options_of_a_server_may_come_from_default_server() -> None:
    text = "backend b\n default-server check ssl verify none\n server a app.example:8443 no-ssl\n"
    (server,) = servers_of(read(text).proxies[0])
    assert (server.host, server.port, server.check, server.tls) == (
        "app.example",
        8443,
        True,
        False,
    )
    assert not server.verify


def test_passthrough_is_chosen_by_the_name_in_tls() -> None:
    text = """\
frontend tls
    mode tcp
    bind :443
    use_backend shop if { req.ssl_sni -i shop.example.com }
backend shop
    mode tcp
    server a 127.0.0.1:8443
"""
    assert target("shop.example.com", text=text) == "tcp://127.0.0.1:8443"
    assert target("other.example", text=text) is None


@given(
    st.lists(st.sampled_from([*TEXT.split("\n"), "use_backend", "acl", "acl a", "bind", "server"]))
)
def test_any_lines_make_sites(lines: list[str]) -> None:
    sites_of(read("\n".join(lines)), {})
