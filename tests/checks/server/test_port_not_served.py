from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Edit,
    Manual,
    ServedAddress,
)
from diagnose.model.files import StoredCertificate
from diagnose.model.server import Listeners
from diagnose.model.web_servers import ServerFile, SiteSocket, WebServerConfig, WebSite
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.certificates import LEAF
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import STOPPED
from tests.support.nginx_evidence import config as nginx_config
from tests.support.report_builder import ANSWER, CLOSED
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, MODULES, apache_config

CHECK = "server.port-not-served"
PLAIN = "<VirtualHost *:80>\nServerName shop.example.com\n</VirtualHost>\n"
ON_80 = replace(APACHE, ports=(80,))
ONLY_80 = Listeners(sockets=LISTENING.sockets[:1])


def commands(*observations: WebServerConfig) -> list[str]:
    (claim,) = judge(CHECK, ON_80, ONLY_80, *observations)
    assert claim.fix
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_when_the_port_is_configured_and_was_not_loaded() -> None:
    assert commands(apache_config()) == ["apachectl -t", "systemctl reload apache2"]


def test_fires_when_the_module_is_not_loaded_or_the_site_not_enabled() -> None:
    waiting = apache_config(PLAIN, HTTPS, modules=())
    assert commands(waiting)[:2] == ["a2enmod ssl", "a2ensite idle"]


def test_fires_when_no_site_waits_and_leaves_it_to_a_person() -> None:
    (claim,) = judge(CHECK, ON_80, ONLY_80, apache_config(PLAIN, modules=()))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert isinstance(claim.fix.steps[0], Manual)
    # The bare name may mean plain http.
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["there"] == "http://shop.example.com/"
    assert claim.served_at == ServedAddress("http://shop.example.com/", is_named=True)
    https = replace(SHOP, input="https://shop.example.com/")
    only_80 = (ON_80, ONLY_80, apache_config(PLAIN, modules=()))
    (claim,) = judge(CHECK, *only_80, target=https)
    assert (claim.confidence, claim.served_at) == (Confidence.CERTAIN, None)
    other = apache_config(PLAIN.replace("shop.", "blog."), modules=())
    (claim,) = judge(CHECK, ON_80, ONLY_80, other)
    assert claim.confidence is Confidence.LIKELY


def test_silent_about_a_port_that_nothing_gives_to_the_server() -> None:
    target = replace(SHOP, port=3000)
    assert not judge(CHECK, ON_80, ONLY_80, apache_config(PLAIN), target=target)


def test_silent_when_another_server_has_the_port_in_its_configuration() -> None:
    stopped = replace(APACHE, pid=None, ports=(), state="failed")
    caddy = replace(APACHE, product="caddy", pid=7, ports=(80,))
    config = replace(apache_config(PLAIN, modules=()), product="caddy")
    assert not judge(CHECK, caddy, stopped, ONLY_80, config, apache_config())
    assert judge("server.not-running", caddy, stopped, ONLY_80, config, apache_config())


def test_silent_when_somebody_listens_or_too_little_is_known() -> None:
    assert not judge(CHECK, APACHE, LISTENING, apache_config())
    assert not judge(CHECK, ON_80, LISTENING, apache_config())
    unknown = apache_config(PLAIN, modules=(), complete=False)
    assert not judge(CHECK, ON_80, ONLY_80, unknown)
    assert not judge(CHECK, replace(ON_80, pid=None, ports=()), ONLY_80, apache_config())


def test_silent_where_what_stands_in_front_has_the_port() -> None:
    behind = apache_config(PLAIN, modules=())
    assert not judge(CHECK, ON_80, ONLY_80, behind, ANSWER)
    loop = replace(ANSWER, status=301, headers=(("Location", ANSWER.url),))
    assert not judge(CHECK, ON_80, ONLY_80, behind, loop)


def test_fires_where_what_stands_in_front_may_be_refused_or_one_address_is() -> None:
    behind = apache_config(PLAIN, modules=())
    for status in (502, 521):
        assert judge(CHECK, ON_80, ONLY_80, behind, replace(ANSWER, status=status))
    assert judge(CHECK, ON_80, ONLY_80, behind, ANSWER, CLOSED)


def test_silent_where_a_stopped_nginx_has_the_name() -> None:
    other = apache_config(PLAIN.replace("shop.", "blog."), modules=())
    site = nginx_config("server { listen 443 ssl; server_name shop.example.com; }\n")
    assert not judge(CHECK, ON_80, ONLY_80, other, STOPPED, site)
    assert judge(CHECK, ON_80, ONLY_80, apache_config(PLAIN, modules=()), STOPPED, site)


def test_names_the_only_socket_with_tls_on_another_port() -> None:
    text = haproxy_evidence.TEXT.replace("bind :443", "bind :80\n    bind :4443")
    on_4443 = replace(haproxy_evidence.SERVER, ports=(80, 4443))
    (claim,) = judge(CHECK, on_4443, ONLY_80, haproxy_evidence.config(text))
    assert (claim.facts["tls_port"], claim.facts["tls_place"]) == (
        4443,
        "/etc/haproxy/haproxy.cfg:7",
    )
    two = text.replace(":80\n", ":8443 ssl crt /etc/a.pem\n")
    both = replace(on_4443, ports=(8443, 4443))
    (claim,) = judge(CHECK, both, ONLY_80, haproxy_evidence.config(two))
    assert claim.facts["tls_port"] == ""


UNREAD = WebSite(
    names=("shop.example.com",), sockets=(SiteSocket(443),), file="/etc/caddy/sites/shop", line=3
)


def _caddy(text: str, unread: WebSite = UNREAD) -> WebServerConfig:
    return replace(caddy_config(text, document("blog.example.com")), unread=(unread,), sites=())


def test_fires_and_caddy_imports_the_file_with_the_site() -> None:
    seen = replace(_caddy("http://blog.example.com {\n}\n"), listens=())
    caddy = replace(CADDY, ports=(80,))
    (claim,) = judge(CHECK, caddy, ONLY_80, seen)
    assert (claim.confidence, claim.facts["unread"]) == (
        Confidence.CERTAIN,
        "/etc/caddy/sites/shop:3",
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+import /etc/caddy/sites/shop\n" in edit.diff


def test_fires_and_the_file_gets_the_name_that_caddy_imports() -> None:
    seen = replace(_caddy("import sites/*.caddy\n"), listens=())
    (claim,) = judge(CHECK, replace(CADDY, ports=(80,)), ONLY_80, seen, masked=False)
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == (
        "mv", "-n", "/etc/caddy/sites/shop", "/etc/caddy/sites/shop.caddy",
    )  # fmt: skip


def test_silent_about_a_file_beside_where_the_port_is_served() -> None:
    assert not judge(CHECK, replace(CADDY, ports=(80,)), LISTENING, _caddy("import x\n"))


def test_names_caddys_option_for_another_port() -> None:
    text = "{\n\thttps_port 8443\n\temail a@example.com\n}\nshop.example.com {\n}\n"
    config = replace(caddy_config(text, document("shop.example.com")), listens=(), sites=())
    seen = replace(CADDY, ports=(80, 8443)), ONLY_80
    (claim,) = judge(CHECK, *seen, config)
    assert claim.facts["option"] == "https_port 8443"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\thttps_port 8443" in edit.diff
    (claim,) = judge(CHECK, *seen, caddy_config(text.replace("8443", "443"), document()))
    assert not claim.facts["option"]


STORED = StoredCertificate(path="/etc/ssl/shop.crt", chain=(LEAF,), key="/etc/ssl/shop.key")
SITE = PLAIN.replace("</V", "ProxyPass / http://127.0.0.1:3000/\n</V")


def test_fires_and_gives_the_site_of_port_80_the_certificate_that_is_there() -> None:
    seen = (ON_80, ONLY_80, apache_config(SITE, modules=("proxy",)))
    (claim,) = judge(CHECK, *seen, STORED, masked=False)
    assert claim.facts["stored"] == "/etc/ssl/shop.crt"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+<VirtualHost *:443>" in claim.fix.edits[0].diff
    assert isinstance(claim.fix.steps[0], Command)
    assert claim.fix.steps[0].argv == ("a2enmod", "ssl")
    # Rules about https are a person's.
    for line in ("RewriteCond %{HTTPS} off", "Redirect / https://www.example.org/"):
        own = apache_config(SITE.replace("ProxyPass", f"{line}\nProxyPass"), modules=("proxy",))
        (claim,) = judge(CHECK, ON_80, ONLY_80, own, STORED, masked=False)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("port", "is_slip"), [(444, True), (4443, True), (8443, True), (9000, False)]
)
def test_fires_and_writes_the_port_of_which_one_digit_is_wrong(port: int, is_slip: bool) -> None:
    """A port that is often chosen stays, and gets a line for 443 beside it."""
    text = haproxy_evidence.TEXT.replace("bind :443 ssl", f"bind :{port} ssl")
    server = replace(haproxy_evidence.SERVER, ports=(80, port))
    (claim,) = judge(CHECK, server, ONLY_80, haproxy_evidence.config(text))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit) is is_slip
    if isinstance(edit, Edit):
        assert "+    bind :443 ssl crt" in edit.diff
        assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("http://shop.example.com {", "shop.example.com {"),
        ("shop.example.com:80 {", "shop.example.com {"),
        ("http://shop.example.com:80, http://a.example {", "shop.example.com, http://a.example {"),
    ],
)
def test_fires_and_writes_the_name_of_caddys_site_alone(address: str, written: str) -> None:
    site = WebSite(("shop.example.com",), (SiteSocket(80),), file="/etc/caddy/Caddyfile", line=1)
    made = caddy_config(f"{address}\n}}\n", document("shop.example.com"))
    config = replace(made, sites=(site,), listens=(SiteSocket(80),))
    (claim,) = judge(CHECK, replace(CADDY, ports=(80,)), ONLY_80, config, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+{written}\n" in edit.diff
    both = replace(site, sockets=(SiteSocket(80), SiteSocket(8443, tls=True)))
    (claim,) = judge(
        CHECK, replace(CADDY, ports=(80,)), ONLY_80, replace(config, sites=(both,)), masked=False
    )
    assert not claim.facts["plain_address"]


ON_443 = replace(APACHE, ports=(443,))
ONLY_443 = Listeners(sockets=LISTENING.sockets[1:])
HTTP = replace(SHOP, input="http://shop.example.com/", scheme="http", port=80)
PORTS_FILE = "/etc/apache2/ports.conf"


def listening(*lines: str, modules: tuple[str, ...] = MODULES, plain: str = PLAIN) -> list[str]:
    """What the cure changes, where nothing listens for the site of port 80. The last of the lines
    is that of port 443."""
    text = "\n".join((*lines, ""))
    base = apache_config(f"{plain}{HTTPS}", modules=modules)
    waiting = replace(
        base,
        listens=(SiteSocket(port=443, file=PORTS_FILE, line=len(lines)),),
        files=(*base.files, ServerFile(PORTS_FILE, text, real=PORTS_FILE)),
    )
    (claim,) = judge(CHECK, ON_443, ONLY_443, waiting, target=HTTP)
    assert claim.fix
    diffs = [step.diff for step in claim.fix.steps if isinstance(step, Edit)]
    return [row for diff in diffs for row in diff.splitlines()[2:] if row[0] in "+-"]


def test_fires_and_takes_in_the_commented_line_of_apache() -> None:
    assert listening("#Listen 80", "Listen 443 https") == ["-#Listen 80", "+Listen 80"]


def test_fires_and_writes_a_line_like_the_other_port_s() -> None:
    assert listening("Listen 0.0.0.0:443 https") == ["+Listen 0.0.0.0:80"]
    twice = ("# Listen 80", "#Listen 80", "Listen 443")
    assert listening(*twice) == ["+Listen 80"]


def test_fires_and_leaves_it_to_a_person_where_no_line_is_known_or_no_site_has_the_name() -> None:
    assert listening("ServerTokens Prod") == []
    assert listening("Listen 443", plain=PLAIN.replace("shop.", "blog.")) == []
