from dataclasses import replace

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServerConfig,
    WebSite,
)
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.traefik_evidence import TRAEFIK
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CADDYFILE = "/etc/caddy/Caddyfile"
CHECK = "server.host-not-passed"
REFUSED = replace(ANSWER, status=400)
RIGHT = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", proto="https", status=200
)
WRONG = replace(RIGHT, host="127.0.0.1:3000", status=400)


def test_fires_and_passes_the_host_on() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), REFUSED, RIGHT, WRONG, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPreserveHost On\n" in edit.diff


def test_fires_for_a_websocket_whose_origin_is_compared_with_the_host() -> None:
    target = replace(SHOP, websockets=("/ws",))
    url = "wss://shop.example.com/ws"
    refused = Upgrade(url=url, path="/ws", address="203.0.113.10", port=443, status=403)
    right = replace(RIGHT, target="ws://127.0.0.1:3000/ws", path="/ws", status=101)
    right = replace(right, websocket=True)
    wrong = replace(right, host="127.0.0.1:3000", status=403)
    observations = (refused, right, wrong)
    (claim,) = judge(CHECK, APACHE, apache_config(), *observations, target=target, masked=False)
    assert claim.facts["path"] == "/ws"
    same = replace(right, status=403)
    assert not judge(CHECK, APACHE, apache_config(), refused, same, wrong, target=target)


def test_a_line_of_caddy_that_replaces_the_host_becomes_a_comment() -> None:
    proxy = "\treverse_proxy 127.0.0.1:3000 {\n\t\theader_up Host {upstream_hostport}\n\t}\n"
    text = f"shop.example.com {{\n{proxy}}}\n"
    route = SiteRoute(
        path="/", target="http://127.0.0.1:3000/", host="127.0.0.1", port=3000, keeps_host=False,
        file=CADDYFILE, line=2,
    )  # fmt: skip
    socket = SiteSocket(port=443, tls=True)
    site = WebSite(
        names=("shop.example.com",), sockets=(socket,), routes=(route,), file=CADDYFILE, line=1,
        end=6,
    )  # fmt: skip
    config = WebServerConfig(
        product="caddy", path=CADDYFILE, sites=(site,), files=(ServerFile(CADDYFILE, text),)
    )
    server = replace(APACHE, product="caddy", config=CADDYFILE)
    (claim,) = judge(CHECK, server, config, REFUSED, RIGHT, WRONG, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\t# header_up Host {upstream_hostport}\n" in edit.diff
    bare = replace(config, files=(ServerFile(CADDYFILE, text.replace("header_up", "#")),))
    (claim,) = judge(CHECK, server, bare, REFUSED, RIGHT, WRONG, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_the_line_of_traefik_that_replaces_the_host_goes() -> None:
    dynamic, static = "/etc/traefik/dynamic/shop.yml", "/etc/traefik/traefik.yml"
    route = SiteRoute(
        path="/", target="http://127.0.0.1:3000/", host="127.0.0.1", port=3000, keeps_host=False
    )
    site = WebSite(("shop.example.com",), (SiteSocket(port=443, tls=True),), routes=(route,))
    text = "      loadBalancer:\n        passHostHeader: false\n"
    config = WebServerConfig(
        product="traefik", path=static, sites=(site,), listens=(SiteSocket(443),),
        files=(ServerFile(static, "providers: {}\n"), ServerFile(dynamic, text)),
    )  # fmt: skip
    server = replace(TRAEFIK, config=static)
    (claim,) = judge(CHECK, server, config, REFUSED, RIGHT, WRONG, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "-        passHostHeader: false\n" in edit.diff
    unwatched = ServerFile(static, "providers:\n  file:\n    watch: false\n")
    files = (unwatched, config.files[1])
    (claim,) = judge(CHECK, server, replace(config, files=files), REFUSED, RIGHT, WRONG)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_the_websocket_that_gets_the_same_answer_is_covered() -> None:
    url = "wss://shop.example.com/ws"
    refused = Upgrade(url=url, path="/ws", address="203.0.113.10", port=443, status=400)
    (claim,) = judge(CHECK, APACHE, apache_config(), REFUSED, RIGHT, WRONG, refused, masked=False)
    assert [subject.path for subject in claim.covers] == ["/", "/ws"]
    other = replace(refused, status=426)
    (claim,) = judge(CHECK, APACHE, apache_config(), REFUSED, RIGHT, WRONG, other, masked=False)
    assert [subject.path for subject in claim.covers] == ["/"]


def test_silent_when_the_host_is_passed_on_or_the_answers_are_the_same() -> None:
    line = "    ProxyPreserveHost On\n"
    kept = apache_config(HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws"))
    assert not judge(CHECK, APACHE, kept, REFUSED, RIGHT, WRONG)
    assert not judge(CHECK, APACHE, apache_config(), REFUSED, replace(RIGHT, status=400), WRONG)
    assert not judge(CHECK, APACHE, apache_config(), replace(ANSWER, status=404), RIGHT, WRONG)


def test_fires_where_the_application_redirects_to_its_own_name() -> None:
    loop = replace(ANSWER, status=302, headers=(("Location", SHOP.url),))
    redirected = replace(WRONG, status=302, location=SHOP.url)
    (claim,) = judge(CHECK, APACHE, apache_config(), loop, RIGHT, redirected, masked=False)
    assert claim.facts["loops"]


def test_silent_where_it_redirects_under_both_names_or_elsewhere() -> None:
    loop = replace(ANSWER, status=302, headers=(("Location", SHOP.url),))
    redirected = replace(WRONG, status=302, location=SHOP.url)
    assert not judge(CHECK, APACHE, apache_config(), loop, replace(RIGHT, status=302), redirected)
    login = replace(ANSWER, status=302, headers=(("Location", f"{SHOP.url}login"),))
    assert not judge(CHECK, APACHE, apache_config(), login, RIGHT, redirected)


ORIGIN = "https://shop.example.com"
DELETED = FailedRequests(
    file="/var/log/apache2/access.log", method="DELETE", path="/api/sessions/7", status=404,
    written="24/Nov/2026:12:00:00 +0000", is_from_page=True, server="apache",
)  # fmt: skip


def test_fires_for_what_the_scripts_of_the_page_send() -> None:
    """Issue 56 of jupyter/help: the application compares the Origin with the Host."""
    right = replace(RIGHT, path="/api/sessions", origin=ORIGIN)
    wrong = replace(right, host="127.0.0.1:3000", status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(), ANSWER, right, wrong, DELETED, masked=False)
    assert claim.facts["request"] == "DELETE /api/sessions/7"
    assert claim.severity is Severity.WARNING
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPreserveHost On\n" in edit.diff
    gone = replace(right, status=404)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, gone, wrong, DELETED, masked=False)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, right, wrong, masked=False)
