"""nginx.redirect-behind: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Edit, Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import InnerNginx
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "nginx.redirect-behind"
URL = "https://shop.example.com"
SITE = """\
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    root /srv/wiki;
}
"""
INNER = InnerNginx(
    vantage=Vantage.SERVER, port=8080, address="127.0.0.1", host="shop.example.com",
    product="haproxy", file="/etc/haproxy/haproxy.cfg", line=20,
)  # fmt: skip
WIKI = replace(SHOP, path="/wiki")
LOOP = SITE.replace("root /srv/wiki", "return 301 https://$host$request_uri")
ASKED = SITE.replace("root", "if ($scheme = http) { return 301 https://$host$request_uri; }\n root")


def page(path: str, location: str) -> Exchange:
    return Exchange(
        url=f"{URL}{path}", address="203.0.113.10", port=443, status=301,
        headers=(("Location", location),),
    )  # fmt: skip


SLASH = page("/wiki", "http://shop.example.com:8080/wiki/")
HOME = page("/", f"{URL}/")


def test_fires_for_a_folder_and_makes_the_redirect_relative() -> None:
    (claim,) = judge(CHECK, SLASH, INNER, RUNNING, config(SITE), target=WIKI, masked=False)
    assert claim.facts["folder"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    absolute_redirect off;\n" in edit.diff


def test_fires_for_a_redirect_to_https() -> None:
    (claim,) = judge(CHECK, HOME, INNER, RUNNING, config(LOOP), masked=False)
    assert claim.facts["loop"] is True
    assert claim.facts["line"] == "return 301 https://$host$request_uri"


def test_fires_and_lets_a_condition_ask_for_the_visitors_scheme() -> None:
    (claim,) = judge(CHECK, HOME, INNER, RUNNING, config(ASKED), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    if ($http_x_forwarded_proto = http) {" in edit.diff


REDIRECTS = """\
<VirtualHost *:80>
    ServerName shop.example.com
    Redirect permanent / https://shop.example.com/
</VirtualHost>
"""


def test_leaves_the_redirect_to_a_front_that_makes_it() -> None:
    """After issue 5905 of certbot/certbot: nginx itself has port 80, not the server in front."""
    inner = replace(INNER, product="apache")
    for seen, makes in (
        ((APACHE, apache_config(HTTPS + REDIRECTS)), True),
        ((APACHE, apache_config(HTTPS)), False),
        ((replace(APACHE, ports=(443,)), apache_config(HTTPS + REDIRECTS)), False),
        ((), False),
    ):
        (claim,) = judge(CHECK, HOME, inner, RUNNING, config(LOOP), *seen, masked=False)
        assert claim.facts["front_redirects"] is makes
        assert ("redirects port 80 by itself" in "".join(texts(CHECK, claim))) is makes


def test_silent_for_other_redirects_and_without_an_inner_nginx() -> None:
    assert not judge(CHECK, SLASH, RUNNING, config(SITE), target=WIKI)
    elsewhere = page("/wiki", f"{URL}/wiki/Main_Page")
    assert not judge(CHECK, elsewhere, INNER, RUNNING, config(SITE), target=WIKI)
    relative = SITE.replace("root", "absolute_redirect off;\n    root")
    assert not judge(CHECK, SLASH, INNER, RUNNING, config(relative), target=WIKI)
    assert not judge(CHECK, HOME, INNER, RUNNING, config(SITE))


FAR = SITE.replace("127.0.0.1:8080", "8080").replace("shop.example.com", "_")


def test_fires_for_a_folder_behind_a_front_on_another_machine() -> None:
    (claim,) = judge(CHECK, SLASH, RUNNING, config(FAR), target=WIKI, masked=False)
    assert (claim.facts["far"], claim.facts["inner"]) == (True, "*:8080")
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_where_another_program_may_have_written_the_port() -> None:
    for text in (
        FAR.replace("8080", "8081"),
        f"{FAR}server {{\n listen 443 ssl;\n}}\n",
        FAR.replace("root /srv/wiki", "location / { proxy_pass http://127.0.0.1:3000; }"),
        FAR.replace("root", "absolute_redirect off;\n root"),
    ):
        assert not judge(CHECK, SLASH, RUNNING, config(text), target=WIKI, masked=False)
    other = page("/wiki", "http://shop.example.com:8080/other/")
    assert not judge(CHECK, other, RUNNING, config(FAR), target=WIKI, masked=False)


RENAMED = replace(INNER, host="localhost")
LOCAL = SITE.replace("shop.example.com", "localhost")


def test_fires_where_the_front_sends_another_name() -> None:
    for name in ("localhost:8080", "localhost"):
        step = page("/wiki", f"http://{name}/wiki/")
        (claim,) = judge(CHECK, step, RENAMED, RUNNING, config(LOCAL), target=WIKI, masked=False)
        assert claim.facts["folder"] is True
        assert claim.fix
        assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_a_rule_that_names_a_path_alone() -> None:
    start = SITE.replace("root /srv/wiki;", "location = /wiki { return 301 /start; }")
    step = page("/wiki", "http://shop.example.com:8080/start")
    (claim,) = judge(CHECK, step, INNER, RUNNING, config(start), target=WIKI, masked=False)
    assert claim.facts["folder"] is False
    assert claim.facts["own_address"] is True


def test_silent_where_an_application_may_make_the_address() -> None:
    passed = LOCAL.replace("root /srv/wiki;", "location / { proxy_pass http://127.0.0.1:3000; }")
    step = page("/wiki", "http://localhost:8080/wiki/")
    assert not judge(CHECK, step, RENAMED, RUNNING, config(passed), target=WIKI)


def test_silent_for_another_name_or_port() -> None:
    for address in ("http://localhost:9000", "http://127.0.0.1:8080", "https://localhost:8080"):
        step = page("/wiki", f"{address}/wiki/")
        assert not judge(CHECK, step, RENAMED, RUNNING, config(LOCAL), target=WIKI)


def test_silent_behind_an_apache_that_sends_another_name() -> None:
    """ProxyPassReverse is what is missing there."""
    step, inner = page("/wiki", "http://localhost:8080/wiki/"), replace(RENAMED, product="apache")
    assert not judge(CHECK, step, inner, RUNNING, config(LOCAL), target=WIKI)


SECURE = """\
server {
    listen 127.0.0.1:8443 ssl;
    server_name shop.example.com;
    root /srv/wiki;
}
"""
FRONT = HAPROXY_TEXT.replace("3000 check", "8080 check")


def test_fires_and_haproxy_asks_the_block_with_tls() -> None:
    line = FRONT.split("\n").index("    server a 127.0.0.1:8080 check") + 1
    inner = replace(INNER, line=line)
    seen = (HOME, inner, RUNNING, HAPROXY, haproxy_config(FRONT))
    (claim,) = judge(CHECK, *seen, config(LOOP + SECURE), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    new = "+    server a 127.0.0.1:8443 ssl verify none sni req.hdr(host) check"
    assert new in edit.diff
    for text in (LOOP, LOOP + SECURE.replace("127.0.0.1:8443", "192.0.2.7:8443"), ASKED + SECURE):
        (claim,) = judge(CHECK, *seen, config(text), masked=False)
        assert claim.fix
        assert not any(isinstance(s, Edit) and "8443 ssl" in s.diff for s in claim.fix.steps)
