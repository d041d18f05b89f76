import pytest

from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.apache.loading import ConfigSource, load
from diagnose.parsers.apache.sites import listens_of, sites_of
from diagnose.parsers.web_sites import route_of

MAIN = "/etc/httpd/conf/httpd.conf"


def sites(text: str) -> tuple[WebSite, ...]:
    return sites_of(load(MAIN, ConfigSource({MAIN: text}, {}), "/etc/httpd", {}), "/etc/httpd")


def site(inner: str, sockets: str = "*:443") -> WebSite:
    (only,) = sites(f"Listen 443 https\n<VirtualHost {sockets}>\n{inner}\n</VirtualHost>")
    return only


def test_names_sockets_and_files() -> None:
    shop = site(
        "ServerName https://Shop.example.com:443\nServerAlias www.example.com *.example.org\n"
        "SSLEngine on\nSSLCertificateFile certs/shop.pem\nSSLCertificateKeyFile /k.key\n",
        "203.0.113.10:443 [2001:db8::1]:443",
    )
    assert shop.names == ("shop.example.com", "www.example.com", "*.example.org")
    assert [str(socket) for socket in shop.sockets] == ["203.0.113.10:443", "[2001:db8::1]:443"]
    assert shop.paths("certificate") == ("/etc/httpd/certs/shop.pem",)
    assert shop.paths("key") == ("/k.key",)
    assert (shop.line, shop.end) == (2, 9)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("*:443", ["*:443"]),
        ("_default_:443", ["*:443"]),
        ("*", ["*:443"]),
        ("203.0.113.10", ["203.0.113.10:443"]),
        ("*:*", ["*:443"]),
        ("*:99999", []),
    ],
)
def test_the_sockets_of_a_virtual_host(argument: str, expected: list[str]) -> None:
    assert [str(socket) for socket in site("", argument).sockets] == expected


def test_tls_is_on_by_its_engine_or_by_the_ports_protocol() -> None:
    assert site("SSLEngine on").sockets[0].tls
    assert not site("SSLEngine off").sockets[0].tls
    assert site("SSLCertificateFile /a.pem").sockets[0].tls, "Listen 443 https"
    assert not site("").sockets[0].tls, "no certificate is named"
    (other,) = sites("Listen 8443\n<VirtualHost *:8443>\n</VirtualHost>")
    assert not other.sockets[0].tls


def test_one_file_holds_certificate_and_key() -> None:
    assert site("SSLCertificateFile /a.pem").paths("bundle") == ("/a.pem",)


def test_files_of_the_main_server_count_where_a_host_names_none() -> None:
    text = "SSLCertificateFile /main.pem\nListen 443\n<VirtualHost *:443>\n{}\n</VirtualHost>"
    assert sites(text.format(""))[0].paths("bundle") == ("/main.pem",)
    own = sites(text.format("SSLCertificateFile /own.pem"))[0]
    assert own.paths("bundle") == ("/own.pem",)


def routes(inner: str) -> list[tuple[str, str, str, int, bool | None, bool]]:
    return [
        (route.path, route.scheme, route.host, route.port, route.websocket, route.pattern)
        for route in site(inner).routes
    ]


def test_routes_of_proxy_pass() -> None:
    assert routes(
        "ProxyPass /static !\n"
        'ProxyPass "/ws" "ws://127.0.0.1:3000/ws" retry=0\n'
        "ProxyPass / http://app.internal:8080/ upgrade=websocket timeout=60\n"
        "ProxyPassMatch ^/(x)$ http://127.0.0.1:4000/$1\n"
        "<Location /api>\nProxyPass https://[2001:db8::1]/\n</Location>\n"
        "<LocationMatch ^/r>\nProxyPass http://127.0.0.1/\n</LocationMatch>"
    ) == [
        ("^/r", "http", "127.0.0.1", 80, False, True),
        ("/api", "https", "2001:db8::1", 443, False, False),
        ("/static", "", "", 0, None, False),
        ("/ws", "ws", "127.0.0.1", 3000, True, False),
        ("/", "http", "app.internal", 8080, True, False),
        ("^/(x)$", "http", "127.0.0.1", 4000, False, True),
    ]


def test_a_section_with_a_pattern_passes_on_what_its_group_has() -> None:
    """As Apache 2.4 does: ProxyPass takes the pattern of a section that has one of "*?["."""
    group = "(api/[^/]+/channels|terminals/websocket)"
    section = '<LocationMatch "{}">\n{} http://127.0.0.1:8888/lab/$1\n</LocationMatch>\n'
    path = "/lab/terminals/websocket/1"
    for pattern, name, inner in (
        (f"/lab/{group}/?", "ProxyPass", "/lab/terminals/websocket"),
        ("^/lab/(terminals/websocket)", "ProxyPassMatch", "/lab/terminals/websocket"),
        ("^/lab/(terminals/websocket)", "ProxyPass", None),
    ):
        text = section.format(pattern, name)
        (host,) = sites(f"Listen 443\n<VirtualHost *:443>\n{text}</VirtualHost>")
        route = route_of(host, path, websocket=True)
        assert (route and route.backend_path) == inner


def test_of_sections_the_last_one_counts_and_before_the_main_servers_sections() -> None:
    section = "<Location {}>\nProxyPass http://127.0.0.1:{}/\n</Location>\n"
    inner = section.format("/a/b", 1) + section.format("/a", 2) + "ProxyPass / http://c/\n"
    text = f"{section.format('/a', 3)}ProxyPass /d http://d/\nListen 443\n"
    (host,) = sites(f"{text}<VirtualHost *:443>\n{inner}</VirtualHost>")
    assert [(route.path, route.port) for route in host.routes] == [
        ("/a", 2), ("/a/b", 1), ("/a", 3), ("/", 80), ("/d", 80),
    ]  # fmt: skip


def test_the_main_server_s_proxy_pass_counts_after_the_virtual_host_s_own() -> None:
    shop, other = sites(
        "Listen 443 https\nRewriteEngine on\nRewriteRule /ws(.*) ws://127.0.0.1:3000/ws$1 [P]\n"
        "ProxyPass / http://127.0.0.1:3000/\n"
        "<VirtualHost *:443>\nProxyPass /api http://127.0.0.1:4000/api\n</VirtualHost>\n"
        "<VirtualHost *:443>\nServerName other.example.com\n</VirtualHost>\n"
    )
    assert [(route.path, route.port, route.line) for route in shop.routes] == [
        ("/api", 4000, 6),
        ("/", 3000, 4),
    ]
    assert [(route.path, route.websocket) for route in other.routes] == [("/", False)]


def test_a_route_to_a_unix_socket_has_no_host() -> None:
    (route,) = site("ProxyPass / unix:/run/app.sock|http://localhost/").routes
    assert route == SiteRoute(
        "/", "unix:/run/app.sock|http://localhost/", "http", "", 0, "/run/app.sock", "/", False,
        False, MAIN, 3, keeps_host=False, idle_s=60.0,
    )  # fmt: skip


def test_a_balancer_is_unknown() -> None:
    assert routes("ProxyPass / balancer://cluster/") == [
        ("/", "balancer", "cluster", 0, None, False)
    ]


def test_the_sockets_of_the_server() -> None:
    text = "Listen 80\nListen [::]:443 https\nListen 203.0.113.10:8080\nListen x"
    config = load(MAIN, ConfigSource({MAIN: text}, {}), "/etc/httpd", {})
    assert [str(socket) for socket in listens_of(config)][:3] == [
        "*:80",
        "*:443",
        "203.0.113.10:8080",
    ]


def test_a_host_without_a_name_has_the_main_servers() -> None:
    text = "ServerName https://Shop.example.com:443\n<VirtualHost *:443>\n</VirtualHost>\n"
    (site,) = sites_of(load("/m", ConfigSource({"/m": text}, {}), "/", {}), "/")
    assert site.names == ("shop.example.com",)


@pytest.mark.parametrize(
    ("section", "guarded"),
    [
        ("", False),
        ("<Directory />\nRequire all denied\n</Directory>\n", False),
        ("<Directory /srv/other>\nRequire all granted\n</Directory>\n", False),
        ("<Directory /srv>\nRequire ip 192.0.2.0/24\n</Directory>\n", True),
        ("<Directory ~ ^/srv/>\nRequire all denied\n</Directory>\n", True),
        ("<Directory /srv/shop>\nOptions None\n</Directory>\n", False),
        ("<Location /server-status>\nRequire local\n</Location>\n", False),
        ("<Directory /srv>\nOrder allow,deny\nAllow from all\n</Directory>\n", False),
        ("<Directory /srv>\nAllow from all\nDeny from 192.0.2.1\n</Directory>\n", True),
        ("<Directory /srv>\nAllow from 192.0.2.1\n</Directory>\n", True),
        ("<Directory /srv>\nAllow from all\nRequire valid-user\n</Directory>\n", True),
        ("<Location />\n<RequireAny>\nRequire ip ::1\n</RequireAny>\n</Location>\n", True),
    ],
)
def test_whether_a_section_says_who_may_see_the_folder(section: str, guarded: bool) -> None:
    text = "<VirtualHost *:443>\nDocumentRoot /srv/shop\n</VirtualHost>\n"
    (found,) = sites(f"{section}{text}")
    assert found.guarded is guarded


ABOVE = "<Directory /srv/>\nRequire all granted\n</Directory>\n"
OLD_WORDS = "<Directory /srv/shop>\nOrder allow,deny\nAllow from all\n</Directory>\n"


@pytest.mark.parametrize(
    ("sections", "guarded"),
    [
        (ABOVE + OLD_WORDS, None),
        (ABOVE + OLD_WORDS + OLD_WORDS.replace("Allow from all", "Require all granted"), True),
        (OLD_WORDS + "<Location />\nRequire ip ::1\n</Location>\n", True),
        (OLD_WORDS + "<DirectoryMatch ^/srv>\nRequire ip ::1\n</DirectoryMatch>\n", True),
        (ABOVE + OLD_WORDS.replace("/srv/shop", "/srv"), True),
    ],
)
def test_who_may_see_a_folder_is_unknown_where_its_own_section_has_old_words(
    sections: str, guarded: bool | None
) -> None:
    (found,) = sites(f"{sections}<VirtualHost *:443>\nDocumentRoot /srv/shop\n</VirtualHost>\n")
    assert found.guarded is guarded


def test_where_old_words_let_everybody_in() -> None:
    text = "<VirtualHost *:443>\nDocumentRoot /srv/shop\n</VirtualHost>\n"
    old = "<Directory /srv/shop>\nOrder allow,deny\nAllow from all\n</Directory>\n"
    (found,) = sites(f"{old}{text}")
    assert found.old_access.endswith(":1")
    (found,) = sites(text)
    assert found.old_access == ""


def test_the_sockets_of_php() -> None:
    text = (
        "<VirtualHost *:443>\n</VirtualHost>\n<FilesMatch \\.php$>\n"
        'SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"\n</FilesMatch>\n'
    )
    (found,) = sites(text)
    assert found.gateways == ("/run/php/php8.2-fpm.sock",)


def test_the_only_member_of_a_balancer() -> None:
    text = (
        "<Proxy balancer://app>\nBalancerMember http://127.0.0.1:3999{}\n</Proxy>\n"
        "<VirtualHost *:443>\nProxyPass / balancer://app/\n</VirtualHost>\n"
    )
    (found,) = sites(text.format(""))
    route = found.routes[0]
    assert (route.scheme, route.host, route.port) == ("http", "127.0.0.1", 3999)
    assert route.target == "balancer://app/"
    (several,) = sites(text.format("\nBalancerMember https://127.0.0.1:3998"))
    assert several.routes[0].scheme == "balancer"


def test_several_members_of_one_protocol_are_a_route_to_the_first() -> None:
    (route,) = site(
        "<Proxy balancer://app>\nBalancerMember http://127.0.0.1:3998\n"
        "BalancerMember http://127.0.0.1:3999\n</Proxy>\nProxyPass / balancer://app/\n"
    ).routes
    assert (route.scheme, route.host, route.port) == ("http", "127.0.0.1", 3998)
    assert route.members == ("127.0.0.1:3998", "127.0.0.1:3999")
    assert route.target == "balancer://app/"
    balancer = site("ProxyPass / balancer://app/\n").routes[0]
    assert route.line == balancer.line + 4


def test_the_folders_of_aliases_with_what_their_sections_say() -> None:
    (shop,) = sites(
        "Alias /icons/ /usr/share/icons/\nListen 80\n<VirtualHost *:80>\nAlias /admin /srv/admin\n"
        "Alias relative x\n<Directory /srv/admin>\nAllowOverride All\nRequire all granted\n"
        "</Directory>\n</VirtualHost>"
    )
    admin, icons = shop.aliases
    assert (admin.prefix, admin.folder) == ("/admin", "/srv/admin")
    assert (admin.guarded, admin.reads_htaccess) == (True, True)
    assert (icons.prefix, icons.guarded, icons.reads_htaccess) == ("/icons/", False, False)


def test_the_members_of_a_balancer_stand_in_its_section_or_outside() -> None:
    members = "BalancerMember http://127.0.0.1:8081 route=a\nBalancerMember http://[::1]:8082\n"
    inner = f"<Proxy balancer://shop>\n{members}</Proxy>\nProxyPass / balancer://shop/\n"
    assert site(inner).routes[0].members == ("127.0.0.1:8081", "[::1]:8082")
    outside = "BalancerMember balancer://shop http://127.0.0.1:8081\n"
    (route,) = site(f"{outside}ProxyPass / balancer://shop/\n").routes
    assert (route.host, route.port, route.members) == ("127.0.0.1", 8081, ("127.0.0.1:8081",))
    assert site("ProxyPass / balancer://none/\n").routes[0].members == ()
