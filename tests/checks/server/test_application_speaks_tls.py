from dataclasses import replace

from diagnose.model import Edit, Failure, Manual
from diagnose.model.backends import BackendHandshake
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.certificates import leaf
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT, attempt, config, page
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.application-speaks-tls"
PORTAINER = caddy_config(
    "shop.example.com {\n\treverse_proxy localhost:9443\n}\n",
    document("shop.example.com", dial="localhost:9443"),
)
SHAKEN = BackendHandshake(
    target="http://localhost:9443",
    host="localhost",
    port=9443,
    verify_code=18,
    verify_text="self-signed",
)
FAILED = replace(ANSWER, status=502)
REFUSED = replace(ANSWER, status=400, body="Client sent an HTTP request to an HTTPS server.\n")


def test_fires_with_the_line_that_names_the_application() -> None:
    (claim,) = judge(CHECK, CADDY, PORTAINER, REFUSED)
    assert claim.facts["target"] == "localhost:9443"
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:2"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\treverse_proxy https://localhost:9443 {" in edit.diff
    far = caddy_config(
        "shop.example.com {\n\treverse_proxy 10.0.0.5:9443\n}\n",
        document("shop.example.com", dial="10.0.0.5:9443"),
    )
    (claim,) = judge(CHECK, CADDY, far, REFUSED)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual), "another machine: nothing proves who it is"


def test_silent_when_the_answer_is_another() -> None:
    assert not judge(CHECK, CADDY, PORTAINER, replace(REFUSED, body="Bad Request"))
    assert not judge(CHECK, CADDY, PORTAINER, ANSWER)


def test_fires_when_the_application_is_silent_and_a_handshake_succeeds() -> None:
    (claim,) = judge(CHECK, CADDY, PORTAINER, FAILED, SHAKEN)
    assert not claim.facts["says_so"]


def test_a_trusted_certificate_must_be_for_the_name_of_the_line() -> None:
    trusted = replace(SHAKEN, verify_code=0, verify_text="ok")
    for names, is_named in ((("localhost",), True), (("app.example.com",), False)):
        chain = (leaf(dns_names=names),)
        (claim,) = judge(CHECK, CADDY, PORTAINER, FAILED, replace(trusted, chain=chain))
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert ("tls_insecure_skip_verify" not in edit.diff) is is_named
        assert claim.facts["unverified"] is not is_named


def test_silent_without_such_a_handshake_or_with_a_page() -> None:
    assert not judge(CHECK, CADDY, PORTAINER, FAILED)
    assert not judge(CHECK, CADDY, PORTAINER, FAILED, replace(SHAKEN, verify_code=None))
    assert not judge(CHECK, CADDY, PORTAINER, FAILED, replace(SHAKEN, plain=True))
    assert not judge(CHECK, CADDY, PORTAINER, ANSWER, SHAKEN)


def test_fires_when_plain_http_is_refused_without_a_word_of_tls_and_the_page_comes_over_tls() -> (
    None
):
    cloud = replace(REFUSED, body="<H1>400 ERROR</H1> The request could not be satisfied.")
    (claim,) = judge(CHECK, CADDY, PORTAINER, cloud, replace(SHAKEN, status=200))
    assert (claim.facts["status"], claim.facts["tls_status"]) == (400, 200)
    refused_too = replace(SHAKEN, status=400)
    assert not judge(CHECK, CADDY, PORTAINER, cloud, refused_too)
    assert not judge(CHECK, CADDY, PORTAINER, cloud, replace(SHAKEN, verify_code=None))
    assert not judge(CHECK, CADDY, PORTAINER, ANSWER, replace(SHAKEN, status=200))


def test_fires_for_visitors_who_use_plain_http_too() -> None:
    text = haproxy_text(":80", "api.example.net:443")
    target = replace(SHOP, scheme="http", port=80)
    page = replace(REFUSED, url="http://shop.example.com/", port=80)
    (claim,) = judge(CHECK, HAPROXY, config(text), page, target=target)
    assert claim.facts["server_name"] == "api.example.net"
    assert (claim.facts["scheme"], claim.facts["over_tls"]) == ("http", False)


def test_silent_where_the_port_itself_may_want_tls() -> None:
    text = haproxy_text(":80 ssl crt /etc/ssl/shop.pem", "api.example.net:443")
    target = replace(SHOP, scheme="http", port=80)
    page = replace(REFUSED, url="http://shop.example.com/", port=80)
    assert not judge(CHECK, HAPROXY, config(text), page, target=target)


def haproxy_text(bind: str, server: str) -> str:
    return (
        f"defaults\n    mode http\nfrontend web\n    bind {bind}\n    default_backend app\n"
        f"backend app\n    server a {server}\n"
    )


def test_fires_with_an_edit_when_haproxys_health_check_is_refused() -> None:
    text = TEXT.replace(":3000", ":8443")
    shaken = replace(SHAKEN, target="http://127.0.0.1:8443", status=200)
    refused = attempt(status=400)
    (claim,) = judge(CHECK, HAPROXY, config(text), page(503), refused, shaken)
    assert claim.facts["by_check"]
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    server a 127.0.0.1:8443 check ssl verify none\n" in edit.diff
    assert not judge(CHECK, HAPROXY, config(text), page(503), attempt(status=200), shaken)
    assert not judge(CHECK, HAPROXY, config(text), page(503), refused)


def test_fires_when_the_application_ends_the_connections_of_haproxys_health_check() -> None:
    text = TEXT.replace(":3000", ":8443")
    shaken = replace(SHAKEN, target="http://127.0.0.1:8443", status=200)
    ended = attempt(status=None, failure=Failure("reset", "Connection reset by peer"))
    (claim,) = judge(CHECK, HAPROXY, config(text), page(503), ended, shaken)
    assert claim.facts["cut"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert not judge(CHECK, HAPROXY, config(text), page(503), replace(ended, tls=True), shaken)
    late = attempt(status=None, failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, HAPROXY, config(text), page(503), late, shaken)
    assert not judge(CHECK, HAPROXY, config(text), page(503), ended, replace(shaken, status=500))


SOCKETS = HTTPS.replace(
    "ProxyPass / http://", "SSLProxyEngine on\n    ProxyPass / https://"
)  # its line for /ws has ws://127.0.0.1:3000


def test_fires_for_websockets_where_another_line_has_tls_for_the_port() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SOCKETS), ANSWER, upgrade(502), target=CHAT)
    assert claim.facts["other"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /ws wss://127.0.0.1:3000/ws\n" in edit.diff


def test_silent_for_websockets_where_all_lines_have_tls_or_none() -> None:
    secure = apache_config(SOCKETS.replace("ws://", "wss://"))
    assert not judge(CHECK, APACHE, secure, ANSWER, upgrade(502), target=CHAT)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, upgrade(502), target=CHAT)


def test_the_fix_of_apache_is_for_an_application_of_this_machine_alone() -> None:
    lines = HTTPS.replace("/ http://127.0.0.1:3000/", "/ http://127.0.0.1:3000/ upgrade=websocket")
    for text, is_written in (
        (lines, True),
        (lines.replace("127.0.0.1", "10.0.0.5"), False),
        (
            lines.replace("ProxyPass /ws", "ProxyPass /b https://10.0.0.5/\n    ProxyPass /ws"),
            False,
        ),
    ):
        (claim,) = judge(CHECK, APACHE, apache_config(text), REFUSED)
        assert claim.fix
        edits = [step.diff for step in claim.fix.steps if isinstance(step, Edit)]
        assert bool(edits) is is_written
        for diff in edits:
            assert "+    ProxyPass /ws wss://127.0.0.1:3000/ws\n" in diff
            assert "+    ProxyPass / https://127.0.0.1:3000/ upgrade=websocket\n" in diff
            assert "+    SSLProxyEngine on\n+    SSLProxyVerify none\n" in diff
