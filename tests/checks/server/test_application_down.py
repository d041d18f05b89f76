import re
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Failure
from diagnose.model.backends import BackendVisit
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.model.upstream import UnixListeners
from diagnose.parsers.unknown_paths import unknown_path
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import LISTENING as CADDY_LISTENING
from tests.support.check_evidence import CHAT, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, APPLICATION, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.application-down"
NOBODY = Listeners(sockets=LISTENING.sockets[:2])
UNAVAILABLE = replace(ANSWER, status=503)


def test_fires_when_nothing_listens_where_the_route_leads() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), NOBODY, UNAVAILABLE)
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.facts["listening"] == ("apache2 80", "apache2 443")


def test_fires_for_the_websocket_as_well() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), NOBODY, upgrade(503), target=CHAT)
    assert claim.facts["paths"] == ("/ws",)


@pytest.mark.parametrize(
    ("host", "address"), [("[::1]", "127.0.0.1"), ("127.0.0.1", "::1"), ("127.0.0.1", "127.0.0.2")]
)
def test_fires_when_it_listens_on_the_other_loopback_address(host: str, address: str) -> None:
    config = apache_config(HTTPS.replace("127.0.0.1", host))
    listening = Listeners(sockets=(replace(APPLICATION, address=address),))
    (claim,) = judge(CHECK, APACHE, config, listening, UNAVAILABLE)
    shown = address.replace("::1", "[::1]")
    assert claim.facts["elsewhere"] == (shown,)
    assert claim.facts["other"] == f"{shown}:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    ProxyPass / http://{shown}:3000/\n" in edit.diff
    assert f"+    ProxyPass /ws ws://{shown}:3000/ws\n" in edit.diff


def test_fires_without_an_edit_where_several_addresses_have_the_port() -> None:
    sockets = tuple(replace(APPLICATION, address=each) for each in ("127.0.0.2", "127.0.0.3"))
    (claim,) = judge(CHECK, APACHE, apache_config(), Listeners(sockets=sockets), UNAVAILABLE)
    assert not claim.facts["other"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("host", "address", "dual"),
    [
        ("127.0.0.1", "0.0.0.0", False),
        ("127.0.0.1", "::", True),
        ("[::1]", "::", False),
        ("localhost", "::1", False),
    ],
)
def test_silent_when_its_socket_gets_the_connection(host: str, address: str, dual: bool) -> None:
    config = apache_config(HTTPS.replace("127.0.0.1", host))
    listening = Listeners(sockets=(replace(APPLICATION, address=address, dual=dual),))
    assert not judge(CHECK, APACHE, config, listening, UNAVAILABLE)


def test_silent_when_it_listens_answers_or_is_elsewhere() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, UNAVAILABLE)
    assert not judge(CHECK, APACHE, apache_config(), NOBODY, ANSWER)
    remote = apache_config(HTTPS.replace("127.0.0.1", "10.0.0.5"))
    assert not judge(CHECK, APACHE, remote, NOBODY, UNAVAILABLE)
    excluded = apache_config(
        HTTPS.replace("    ProxyPass /ws", "    ProxyPass / !\n    ProxyPass /ws")
    )
    assert not judge(CHECK, APACHE, excluded, NOBODY, UNAVAILABLE)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
def test_fires_for_localhost_of_haproxy_that_is_half_served(address: str) -> None:
    """It takes the first address of a name alone."""
    family = 6 if ":" in address else 4
    half = Listeners(sockets=(replace(APPLICATION, address=address, family=family),))
    config = haproxy_config(TEXT.replace("127.0.0.1:3000", "localhost:3000"))
    (claim,) = judge(CHECK, HAPROXY, config, half, UNAVAILABLE)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["half"] is True
    assert not judge(CHECK, HAPROXY, config, half, ANSWER)
    both = Listeners(sockets=(replace(APPLICATION, address="::", family=6, dual=True),))
    assert not judge(CHECK, HAPROXY, config, both, UNAVAILABLE)


def test_fires_for_who_is_asked_first_whether_a_request_may_go_on() -> None:
    config = caddy_config()
    guard = replace(config.sites[0].routes[0], target="http://127.0.0.1:9091", port=9091)
    sites = tuple(replace(site, guards=(guard,)) for site in config.sites)
    bad = replace(ANSWER, status=502)
    (claim,) = judge(CHECK, CADDY, replace(config, sites=sites), CADDY_LISTENING, bad)
    assert claim.facts["application"] == "127.0.0.1:9091"
    some = tuple(replace(site, guards=(replace(guard, path="/admin"),)) for site in config.sites)
    assert not judge(CHECK, CADDY, replace(config, sites=some), CADDY_LISTENING, bad)


def test_fires_when_haproxy_passes_tls_on_to_nobody() -> None:
    text = (
        "frontend web\n    mode tcp\n    bind :443\n    default_backend app\n"
        "backend app\n    mode tcp\n    server a 127.0.0.1:8443\n"
    )
    gone = Failure("closed", "the connection was closed")
    closed = Handshake(address="203.0.113.10", port=443, failure=gone)
    listening = Listeners(sockets=())
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), listening, closed)
    assert claim.facts["status"] == ""
    assert claim.facts["application"] == "127.0.0.1:8443"
    rejected = replace(closed, failure=Failure("alert", "unrecognized_name"))
    assert not judge(CHECK, HAPROXY, haproxy_config(text), listening, rejected)


@pytest.mark.parametrize(
    ("name", "told"), [("blog.example.org", ("blog.example.org",)), ("shop.example.com", ())]
)
def test_is_likely_where_rules_are_for_other_names_alone(name: str, told: tuple[str, ...]) -> None:
    """What is left to the default may be there by a name that its rule does not have."""
    rule = f"    use_backend blog if {{ hdr(host) -i {name} }} {{ path_beg /blog }}\n"
    other = "backend blog\n    server b 127.0.0.1:3001\n"
    text = TEXT.replace("    default_backend app\n", f"{rule}    default_backend app\n{other}")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), NOBODY, UNAVAILABLE)
    assert claim.facts["rule_names"] == told
    assert claim.confidence is (Confidence.LIKELY if told else Confidence.CERTAIN)


def test_fires_behind_a_frontend_of_haproxys_own_that_ends_tls() -> None:
    outer = "frontend tls\n    mode tcp\n    bind :443\n    default_backend inner\n"
    outer += "backend inner\n    mode tcp\n    server i 127.0.0.1:8443 send-proxy\n"
    text = TEXT.replace("bind :443 ssl", "bind 127.0.0.1:8443 accept-proxy ssl") + outer
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), NOBODY, UNAVAILABLE)
    assert claim.facts["application"] == "127.0.0.1:3000"
    elsewhere = haproxy_config(text.replace("i 127.0.0.1:8443", "i 127.0.0.1:8444"))
    claims = judge(CHECK, HAPROXY, elsewhere, NOBODY, UNAVAILABLE)
    assert [claim.facts["application"] for claim in claims] == ["127.0.0.1:8444"]


def test_fires_for_a_balancer_none_of_whose_members_listens() -> None:
    members = "".join(f"BalancerMember http://127.0.0.1:{port}\n" for port in (3000, 3001))
    site = f"<Proxy balancer://shop>\n{members}</Proxy>\n" + HTTPS.replace(
        "ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://shop/"
    )
    (claim,) = judge(CHECK, APACHE, apache_config(site), NOBODY, UNAVAILABLE)
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert not judge(CHECK, APACHE, apache_config(site), LISTENING, UNAVAILABLE)


def test_fires_for_a_fastcgi_program_of_a_handler() -> None:
    lines = '<FilesMatch \\.php$>\nSetHandler "proxy:fcgi://127.0.0.1:9001"\n</FilesMatch>\n'
    start = HTTPS.index("    ProxyPass")
    site = f"{HTTPS[:start]}DocumentRoot /var/www\n{lines}</VirtualHost>\n"
    (claim,) = judge(CHECK, APACHE, apache_config(site), NOBODY, UNAVAILABLE)
    assert claim.facts["application"] == "127.0.0.1:9001"
    php = Listeners(sockets=(*NOBODY.sockets, replace(APPLICATION, port=9001)))
    assert not judge(CHECK, APACHE, apache_config(site), php, UNAVAILABLE)


def test_fires_for_one_member_of_caddy_where_requests_fail() -> None:
    config = caddy_config()
    members = ("127.0.0.1:3000", "127.0.0.1:3001")
    sites = tuple(
        replace(site, routes=(replace(site.routes[0], host="", port=0, members=members),))
        if site.routes
        else site
        for site in config.sites
    )
    balanced, bad = replace(config, sites=sites), replace(ANSWER, status=502)
    (claim,) = judge(CHECK, CADDY, balanced, CADDY_LISTENING, bad)
    assert claim.facts["application"] == "127.0.0.1:3001"
    assert claim.facts["members"] == members
    assert not judge(CHECK, CADDY, balanced, CADDY_LISTENING, ANSWER)
    (claim,) = judge(CHECK, CADDY, balanced, NOBODY, bad)
    assert not claim.facts["members"]


def test_fires_and_writes_the_port_of_the_only_program_with_a_page() -> None:
    node = replace(APPLICATION, port=4000, process="node")
    visit = BackendVisit(target="http://127.0.0.1:4000", requested="/", path="/", status=200)
    listening = Listeners(sockets=(*NOBODY.sockets, node))
    (claim,) = judge(CHECK, APACHE, apache_config(), listening, UNAVAILABLE, visit)
    assert (claim.facts["sole"], claim.facts["process"]) == ("127.0.0.1:4000", "node")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:4000/\n" in edit.diff
    assert "+    ProxyPass /ws ws://127.0.0.1:4000/ws\n" in edit.diff
    for other in ((), (replace(visit, status=404),)):
        (claim,) = judge(CHECK, APACHE, apache_config(), listening, UNAVAILABLE, *other)
        assert not claim.facts["sole"]


REWRITTEN = HTTPS.replace(
    "ProxyPass /ws ws://127.0.0.1:3000/ws",
    "RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
    "    RewriteRule ^/live/(.*) ws://127.0.0.1:8001/live/$1 [P,L]",
)
LIVE = BackendVisit(
    target="http://127.0.0.1:8000",
    requested="/live/ws",
    path="/live/ws",
    websocket=True,
    accepted=True,
    status=101,
)
NOWHERE = replace(LIVE, path=unknown_path("/live/ws"), accepted=False, status=404)


def test_fires_and_writes_the_port_of_the_program_that_opens_the_websocket() -> None:
    python = replace(APPLICATION, port=8000, process="python")
    listening = Listeners(sockets=(*LISTENING.sockets, python))
    refused = replace(upgrade(503), path="/live/ws")
    seen = (APACHE, apache_config(REWRITTEN), listening, ANSWER, refused)
    (claim,) = judge(CHECK, *seen, LIVE, NOWHERE)
    assert claim.facts["meant_path"] == "/live/ws"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert (
        "+    RewriteRule ^/live/(.*) ws://127.0.0.1:8000/live/$1 [P,L]" in claim.fix.edits[0].diff
    )
    # One that opens a WebSocket at every path may be any program's.
    for controls in ((), (replace(NOWHERE, accepted=True, status=101),)):
        (claim,) = judge(CHECK, *seen, LIVE, *controls)
        assert not claim.facts["sole"]


@pytest.mark.parametrize(("ports", "meant"), [((9000,), 9000), ((9000, 9002), 0), ((), 0)])
def test_fires_and_writes_the_port_of_the_only_php(ports: tuple[int, ...], meant: int) -> None:
    """From Debian's PHP-FPM, whose processes have the name php-fpm8.2."""
    handler = '        SetHandler "proxy:fcgi://127.0.0.1:9001"\n'
    handler = f"    <FilesMatch \\.php$>\n{handler}    </FilesMatch>\n"
    site = re.sub(r"    ProxyPass.*\n", "", HTTPS).replace(
        "</VirtualHost>", f"{handler}</VirtualHost>"
    )
    php = [replace(APPLICATION, port=port, process="php-fpm8.2") for port in ports]
    listening = Listeners(sockets=(*NOBODY.sockets, *php))
    (claim,) = judge(CHECK, APACHE, apache_config(site), listening, UNAVAILABLE)
    assert claim.facts["sole"] == (f"127.0.0.1:{meant}" if meant else "")
    assert claim.fix
    if meant:
        assert '+        SetHandler "proxy:fcgi://127.0.0.1:9000"' in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    ("sockets", "ports", "is_written"),
    [
        (("/run/php/php8.2-fpm.sock", "/run/dbus/socket"), (), True),
        (("/run/php/php8.2-fpm.sock", "/run/php/php8.4-fpm.sock"), (), False),
        (("/run/php/shop.sock",), (), False),
        (("/run/php/php8.2-fpm.sock",), (9002, 9003), False),
    ],
)
def test_fires_and_writes_the_socket_of_the_only_php(
    sockets: tuple[str, ...], ports: tuple[int, ...], is_written: bool
) -> None:
    handler = '        SetHandler "proxy:fcgi://127.0.0.1:9000"\n'
    handler = f"    <FilesMatch \\.php$>\n{handler}    </FilesMatch>\n"
    site = re.sub(r"    ProxyPass.*\n", "", HTTPS).replace(
        "</VirtualHost>", f"{handler}</VirtualHost>"
    )
    php = [replace(APPLICATION, port=port, process="php-fpm8.2") for port in ports]
    listening = Listeners(sockets=(*NOBODY.sockets, *php))
    seen = (APACHE, apache_config(site), listening, UnixListeners(sockets=sockets), UNAVAILABLE)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.fix
    added = '+        SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"'
    assert any(added in edit.diff for edit in claim.fix.edits) is is_written
    assert (claim.confidence is Confidence.LIKELY) is is_written


def test_fires_and_puts_a_handler_in_the_place_of_a_pass_to_a_port() -> None:
    """mod_proxy builds no path of a Unix socket from an expression."""
    line = r"ProxyPassMatch ^/(.*\.php(/.*)?)$ fcgi://127.0.0.1:9000/var/www/shop/$1"
    site = (
        "<VirtualHost *:443>\n    ServerName shop.example.com\n    SSLEngine on\n"
        f"    DocumentRoot /var/www/shop\n    {line}\n</VirtualHost>\n"
    )
    sockets = UnixListeners(sockets=("/run/php/php8.2-fpm.sock",))
    page = replace(UNAVAILABLE, url="https://shop.example.com/index.php")
    target = replace(CHAT, path="/index.php", websockets=())

    def diff(text: str) -> str:
        seen = (APACHE, apache_config(text), NOBODY, sockets, page)
        (claim,) = judge(CHECK, *seen, target=target, masked=False)
        return "".join(edit.diff for edit in claim.fix.edits) if claim.fix else ""

    assert '+    <FilesMatch "\\.php$">\n+        SetHandler "proxy:unix:/run/php/' in diff(site)
    assert not diff(site.replace("9000/var/www/shop", "9000/srv/other")), "another folder"
