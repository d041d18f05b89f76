"""upstream.scheme-replaced: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Observation,
    Vantage,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.pages import Page
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from diagnose.parsers.nginx.config import parse
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "upstream.scheme-replaced"
URL = "https://shop.example.com/"
LOOP = Exchange(url=URL, address="203.0.113.80", port=443, status=301, headers=(("Location", URL),))
OWN = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("10.0.0.5/24",))
PATH = "/etc/nginx/conf.d/shop.conf"


def nginx(scheme: str, listen: str = "80", before: str = "") -> NginxConfig:
    text = (
        f"{before}server {{ listen {listen};\n server_name shop.example.com;\n location / {{\n"
        f" proxy_pass http://127.0.0.1:3000;\n proxy_set_header Host $host;\n {scheme} }} }}\n"
    )
    main = parse(f"http {{\n{text}}}\n", PATH)
    file = ConfigFile(path=PATH, text=f"http {{\n{text}}}\n")
    return NginxConfig(path=PATH, main=main, files=(file,))


def listening(*ports: int) -> Listeners:
    return Listeners(
        sockets=tuple(
            Listener(address="0.0.0.0", port=port, family=4, process="nginx") for port in ports
        )
    )


def answer(proto: str, port: int = 3000, **more: Any) -> BackendAnswer:
    own = BackendAnswer(
        target=f"http://127.0.0.1:{port}/", path="/", host="shop.example.com", proto=proto,
        status=301, location=URL,
    )  # fmt: skip
    return replace(own, **more)


FIRST = answer("https", 80)
PLAIN, SECURE = answer("http"), answer("https", status=200, location="")
ASKED = (FIRST, PLAIN, SECURE, PLAIN, SECURE)
ELSEWHERE = (OWN, listening(80), LOOP)
WRONG = "proxy_set_header X-Forwarded-Proto $scheme;"


def added(*observations: Observation) -> list[str]:
    """The lines that the remedy adds."""
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    lines = "".join(edit.diff for edit in edits).split("\n")
    return [line[1:].strip() for line in lines if line.startswith("+") and line[1:2] != "+"]


def test_fires_behind_a_balancer_and_maps_the_scheme() -> None:
    observations = (*ELSEWHERE, nginx(WRONG), *ASKED)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["place"] == f"{PATH}:7"
    assert added(*observations) == [
        "map $http_x_forwarded_proto $forwarded_scheme {",
        "default $scheme;",
        "https https;",
        "}",
        "",
        "proxy_set_header X-Forwarded-Proto $forwarded_scheme; } }",
    ]


def test_fires_and_takes_the_map_that_is_there() -> None:
    own = "map $http_x_forwarded_proto $visitors { default $scheme; https https; }\n"
    lines = added(*ELSEWHERE, nginx(WRONG, before=own), *ASKED)
    assert lines == ["proxy_set_header X-Forwarded-Proto $visitors; } }"]


def test_likely_without_a_control() -> None:
    (claim,) = judge(CHECK, *ELSEWHERE, nginx(WRONG), FIRST, PLAIN, SECURE, masked=False)
    assert claim.confidence is Confidence.LIKELY


def servers(server: WebServer, config: WebServerConfig, port: int = 80) -> tuple[Observation, ...]:
    return replace(server, ports=(port,)), config


BALANCED = """\
defaults
    mode http
frontend web
    bind :80
    http-request del-header X-Forwarded-Proto
    http-request add-header X-Forwarded-Proto http
    default_backend app
backend app
    server a 127.0.0.1:3000
"""
SPARES = "unless { req.hdr(X-Forwarded-Proto) -m found }"
VHOST = """\
<VirtualHost *:80>
    ServerName shop.example.com
    ProxyPreserveHost On
    ProxyPass / http://127.0.0.1:3000/
    RequestHeader set X-Forwarded-Proto http
</VirtualHost>
"""


def test_fires_for_other_servers_each_in_its_words() -> None:
    seen = (*ELSEWHERE, *ASKED)
    assert added(*servers(HAPROXY, haproxy_config(BALANCED)), *seen) == [
        f"http-request add-header X-Forwarded-Proto http {SPARES}"
    ]
    assert added(*servers(APACHE, apache_config(VHOST)), *seen) == [
        "RequestHeader setifempty X-Forwarded-Proto http"
    ]
    config = caddy_config()
    sites = tuple(replace(site, sockets=(SiteSocket(80),)) for site in config.sites)
    caddy = servers(CADDY, replace(config, sites=sites))
    (claim,) = judge(CHECK, *caddy, *seen, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+\t\theader_up X-Forwarded-Proto https" in str(claim.fix).replace("\\t", "\t")
    # A line that says something else is for a person.
    written = replace(
        config.files[0], text="shop.example.com {\n\treverse_proxy 127.0.0.1:3000 {\n"
        "\t\theader_up X-Forwarded-Proto {scheme}\n\t}\n}\n",
    )  # fmt: skip
    own = servers(CADDY, replace(config, sites=sites, files=(written,)))
    (claim,) = judge(CHECK, *own, *seen, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


TERMINATES = """\
defaults
    mode http
frontend web
    bind :443 ssl crt /etc/haproxy/shop.pem
    http-request set-header X-Forwarded-Proto https
    default_backend app
backend app
    server a 127.0.0.1:8080
"""
INSIDE = replace(LOOP, address="10.0.0.5")


def test_fires_for_the_second_server_of_this_machine() -> None:
    front = servers(HAPROXY, haproxy_config(TERMINATES), 443)
    inner = nginx(WRONG, "127.0.0.1:8080")
    seen = (OWN, listening(443, 8080), INSIDE, *front, PLAIN, SECURE, PLAIN, SECURE)
    assert added(inner, *seen) == [
        "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto; } }"
    ]
    kept = nginx("proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;", "127.0.0.1:8080")
    assert not judge(CHECK, kept, *seen)
    assert not judge(CHECK, nginx("", "127.0.0.1:8080"), *seen)


def test_fires_for_a_cookie_only_with_somebodys_words() -> None:
    page = replace(LOOP, status=200, headers=())
    plain = answer("http", status=200, location="")
    secure = replace(plain, proto="https", secure_cookies=("sid",))
    first = answer("https", 80, status=200, location="")
    seen = (OWN, listening(80), page, nginx(WRONG), first, plain, secure, plain, secure)
    assert not judge(CHECK, *seen)
    told = replace(SHOP, symptom=Symptom("cookie", "the session is lost"))
    (claim,) = judge(CHECK, *seen, target=told, masked=False)
    assert claim.facts["shown"] == "sid"


def test_only_possible_where_a_login_cannot_be_tried() -> None:
    page = replace(LOOP, status=200, headers=())
    form = Page(url=URL, address="203.0.113.80", port=443, posts=("/login",))
    plain = answer("http", status=200, location="")
    secure, first = replace(plain, proto="https"), answer("https", 80, status=200, location="")
    seen = (OWN, listening(80), page, form, nginx(WRONG), first, plain, secure, plain, secure)
    told = replace(SHOP, symptom=Symptom("login", "I am logged out again at once"))
    (claim,) = judge(CHECK, *seen, target=told, masked=False)
    assert claim.confidence is Confidence.POSSIBLE
    told = replace(SHOP, symptom=Symptom("login", "the login redirects to http"))
    (claim,) = judge(CHECK, *seen, target=told, masked=False)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_field_is_kept_or_heals_nothing() -> None:
    assert not judge(CHECK, *ELSEWHERE, nginx(""), *ASKED)
    still = replace(SECURE, status=301, location=URL)
    assert not judge(CHECK, *ELSEWHERE, nginx(WRONG), FIRST, PLAIN, still)
    broken = replace(SECURE, status=500)
    assert not judge(CHECK, *ELSEWHERE, nginx(WRONG), FIRST, PLAIN, broken)


def test_silent_where_this_server_does_not_answer_as_visitors_are_answered() -> None:
    other = replace(FIRST, status=200, location="")
    assert not judge(CHECK, *ELSEWHERE, nginx(WRONG), other, PLAIN, SECURE)
    assert not judge(CHECK, *ELSEWHERE, nginx(WRONG), PLAIN, SECURE)
    assert not judge(CHECK, OWN, listening(80), INSIDE, nginx(WRONG), *ASKED)


def test_silent_where_the_value_is_not_known() -> None:
    unknown = "proxy_set_header X-Forwarded-Proto $somebodys;"
    assert not judge(CHECK, *ELSEWHERE, nginx(unknown), *ASKED)


TRAEFIK_STATIC = """\
entryPoints:
  web:
    address: ":8080"  # inner
"""


def behind_haproxy(static: str, loaded: float = 10.0) -> list[Claim]:
    path = "/etc/traefik/traefik.yml"
    server = WebServer(
        product="traefik", pid=11, version="3.1.2", ports=(8080,), unit="traefik", loaded=loaded
    )
    route = SiteRoute("/", "http://127.0.0.1:3000", "http", "127.0.0.1", 3000, keeps_host=True)
    site = WebSite(names=("shop.example.com",), sockets=(SiteSocket(8080),), routes=(route,))
    files = (ServerFile(path, static, 5.0),)
    config = WebServerConfig(product="traefik", path=path, sites=(site,), files=files)
    front = servers(HAPROXY, haproxy_config(TERMINATES), 443)
    seen = (OWN, listening(443), INSIDE, *ASKED[1:])
    return judge(CHECK, *front, server, config, *seen, masked=False)


def test_fires_for_traefik_that_trusts_nobody() -> None:
    (claim,) = behind_haproxy(TRAEFIK_STATIC)
    assert claim.facts["place"] == "/etc/traefik/traefik.yml:3"
    assert claim.fix
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    forwardedHeaders:\n+      trustedIPs:\n+        - "127.0.0.1/32"\n' in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "traefik")


def test_fires_for_traefik_that_was_not_started_again() -> None:
    trusts = f"{TRAEFIK_STATIC}    forwardedHeaders:\n      insecure: true\n"
    (claim,) = behind_haproxy(trusts, loaded=2.0)
    assert claim.fix
    assert [type(step) for step in claim.fix.steps] == [Command]


def test_silent_for_traefik_that_trusts_or_sets_the_field() -> None:
    assert not behind_haproxy(f"{TRAEFIK_STATIC}    forwardedHeaders:\n      insecure: true\n")
    own = "http: {middlewares: {a: {headers: {customRequestHeaders: {X-Forwarded-Proto: https}}}}}"
    assert not behind_haproxy(f"{TRAEFIK_STATIC}{own}\n")
