"""upstream.own-answer: whose answer an error is."""

from dataclasses import replace

from diagnose.model import Claim, Severity
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config, direct, front
from tests.support.upstream_evidence import asked, compared, controlled, page

CHECK = "upstream.own-answer"
REFUSED = compared(403, body="rate-limit: too many")
OTHER = compared(403, "field", "X-Forwarded-Proto", "added", value="https", body="too many")


def claims(answer: Exchange, *observations: ComparedRequest) -> list[Claim]:
    return judge(CHECK, config(SITE), BUILD, RUNNING, answer, *observations)


def test_fires_as_a_note_with_what_was_tried() -> None:
    (claim,) = claims(page(403), REFUSED, OTHER)
    assert claim.severity in {None, Severity.NOTE}
    assert claim.facts["tried"] == ("X-Forwarded-Proto",)
    assert "too many" in str(claim.facts["answer"])


def test_silent_when_a_port_of_tls_was_asked_in_plain_http() -> None:
    bad = compared(400, body="Bad request.")
    assert claims(page(400), bad)
    assert not claims(page(400), replace(bad, target="http://api.example.net:443", port=443))


def test_fires_with_what_a_second_nginx_sees() -> None:
    body = "<h1>403 Forbidden</h1><hr><center>nginx/1.26.3</center>"
    (claim,) = claims(page(403, body), replace(REFUSED, body=body))
    assert claim.facts["inner_nginx"] is True
    (claim,) = claims(page(403), REFUSED)
    assert claim.facts["inner_nginx"] is False


def test_fires_and_names_the_websocket_of_the_address() -> None:
    evidence = (config(SITE), BUILD, RUNNING, page(400), compared(400, body="Bad Request"))
    for handshake, url in (
        (front(101, "/"), "wss://shop.example.com/"),
        (front(400, "/"), ""),
        (front(101, "/other"), ""),
        (direct(101, "/"), ""),
    ):
        (claim,) = judge(CHECK, *evidence, handshake, masked=False)
        assert claim.facts["websocket"] == url


def test_fires_and_follows_from_the_lost_upgrade_that_it_tells() -> None:
    told = 'Can "Upgrade" only to "WebSocket".'
    (claim,) = claims(page(400, told), compared(400, body=told))
    assert "websocket.upgrade-headers-missing" in claim.consequence_of
    (claim,) = claims(page(400), compared(400, body="Bad Request"))
    assert claim.consequence_of == ()


def test_fires_and_names_the_host_that_clients_of_a_storage_do_not_sign() -> None:
    body = (
        "<Error><Code>AccessDenied</Code><RequestId>17A1</RequestId><HostId>dd90</HostId></Error>"
    )
    denied = compared(403, body=body)
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    for text, request, sent in (
        (bare, denied, "127.0.0.1:3000"),
        (SITE, denied, ""),
        (bare, REFUSED, ""),
        (bare, replace(denied, address="203.0.113.77"), ""),
    ):
        (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(403), request, masked=False)
        assert claim.facts["signed_host"] == sent


def test_silent_where_one_change_decides() -> None:
    served = replace(OTHER, status=200)
    assert not claims(page(403), *controlled(REFUSED, served))


def test_silent_where_another_host_name_decides() -> None:
    evidence = (config(SITE), BUILD, RUNNING, page(403), REFUSED, asked(200, "visitor"))
    assert not judge(CHECK, *evidence)


def test_silent_where_the_application_answers_otherwise_or_says_nothing() -> None:
    assert not claims(page(404), REFUSED)
    assert not claims(page(403), replace(REFUSED, body=""))
    assert not claims(page(200), compared(200, body="too many"))


def test_silent_where_another_block_of_the_same_nginx_answers() -> None:
    inner = "server {\n    listen 127.0.0.1:3000;\n    %s\n}\n"
    body = "<h1>403 Forbidden</h1><hr><center>nginx</center>"
    seen = (BUILD, RUNNING, page(403, body), replace(REFUSED, body=body))
    assert not judge(CHECK, config(SITE + inner % "deny all;"), *seen)
    passed = "location / { proxy_pass http://127.0.0.1:3001; }"
    assert judge(CHECK, config(SITE + inner % passed), *seen)
