"""server.forwarded-field-twice: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.model.http import Exchange
from diagnose.parsers.repeated_fields import adding_lines
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, config
from tests.support.nginx_evidence import RUNNING
from tests.support.nginx_evidence import SITE as SITES
from tests.support.nginx_evidence import config as nginx_config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.forwarded-field-twice"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=400)
FIELD = "proxy_set_header X-Forwarded-For $remote_addr;"
FRONT = SITES.replace("proxy_set_header Host $host;", FIELD).replace(":3000", ":8080")
TRIAL = RepeatedFieldTrial(
    target="http://127.0.0.1:8123", path="/", port=8080, name="X-Forwarded-For", once=200, twice=400
)
BEHIND = replace(SERVER, ports=(8080,))


def haproxy(*rules: str, bind: str = "127.0.0.1:8080", defaults: str = "") -> str:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return (
        f"defaults\n    mode http\n{defaults}frontend web\n    bind {bind}\n{lines}"
        "    default_backend app\nbackend app\n    server a 127.0.0.1:8123\n"
    )


def behind_nginx(
    text: str, front: str = FRONT, trial: RepeatedFieldTrial = TRIAL, page: Exchange = PAGE
) -> list[Claim]:
    seen = (RUNNING, nginx_config(front), BEHIND, config(text), trial, page)
    return judge(CHECK, *seen, target=SHOP, masked=False)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_haproxy_adds_a_second_address_behind_nginx() -> None:
    (claim,) = behind_nginx(haproxy("option forwardfor"))
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["front"], claim.facts["field"]) == ("nginx", "X-Forwarded-For")
    assert "+    option forwardfor if-none" in diff_of(claim)


def test_fires_and_joins_both_addresses_where_others_reach_the_proxy() -> None:
    (claim,) = behind_nginx(haproxy("option forwardfor", bind="*:8080"))
    diff = diff_of(claim)
    assert "%[req.fhdr(X-Forwarded-For)], %[src]" in diff
    assert "set-header X-Forwarded-For %[src] unless { req.hdr(X-Forwarded-For) -m found }" in diff


def test_fires_and_changes_the_option_of_frontend_and_backend() -> None:
    text = haproxy("option forwardfor").replace(
        "backend app\n    server", "backend app\n    option forwardfor\n    server"
    )
    (claim,) = behind_nginx(text)
    assert diff_of(claim).count("+    option forwardfor if-none") == 2
    (claim,) = behind_nginx(text.replace("127.0.0.1:8080", "*:8080"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_leaves_a_line_of_all_sites_to_a_person() -> None:
    text = haproxy(bind="*:8080", defaults="    option forwardfor\n")
    (claim,) = behind_nginx(text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_two_lines_of_one_proxy_add_it() -> None:
    trial = replace(TRIAL, port=443)
    text = haproxy(
        "option forwardfor", "http-request add-header X-Forwarded-For %[src]",
        bind=":443 ssl crt /etc/haproxy/shop.pem",
    )  # fmt: skip
    (claim,) = judge(CHECK, SERVER, config(text), trial, PAGE, target=SHOP, masked=False)
    assert claim.facts["itself"] is True
    assert "-    http-request add-header X-Forwarded-For %[src]" in diff_of(claim)


def test_fires_on_a_loop_of_a_program_that_is_told_https_twice() -> None:
    front = FRONT.replace(FIELD, "proxy_set_header X-Forwarded-Proto $scheme;")
    trial = replace(TRIAL, name="X-Forwarded-Proto", twice=301)
    loop = replace(PAGE, status=301, headers=(("Location", SHOP.url),))
    rule = "http-request add-header X-Forwarded-Proto https"
    (claim,) = behind_nginx(haproxy(rule), front, trial, loop)
    assert "set-header X-Forwarded-Proto https unless" in diff_of(claim)


@pytest.mark.parametrize(
    ("text", "front", "trial", "page"),
    [
        (haproxy("option forwardfor if-none"), FRONT, TRIAL, PAGE),
        (haproxy("option forwardfor except 127.0.0.1"), FRONT, TRIAL, PAGE),
        (haproxy("option forwardfor header X-Client-IP"), FRONT, TRIAL, PAGE),
        (haproxy(), FRONT, TRIAL, PAGE),
        (haproxy("option forwardfor"), SITES.replace(":3000", ":8080"), TRIAL, PAGE),
        (haproxy("option forwardfor"), FRONT, replace(TRIAL, once=400), PAGE),
        (haproxy("option forwardfor"), FRONT, replace(TRIAL, twice=200), PAGE),
        (haproxy("option forwardfor"), FRONT, TRIAL, replace(PAGE, status=200)),
        (haproxy("option forwardfor"), FRONT, TRIAL, replace(PAGE, status=403)),
    ],
    ids=["if-none", "except", "header", "nothing", "not sent", "once", "twice", "open", "other"],
)
def test_silent(text: str, front: str, trial: RepeatedFieldTrial, page: Exchange) -> None:
    assert not behind_nginx(text, front, trial, page)


def test_silent_where_one_of_two_lines_is_for_each_scheme() -> None:
    lines = (
        "http-request add-header X-Forwarded-Proto https if { ssl_fc }",
        "http-request add-header X-Forwarded-Proto http if !{ ssl_fc }",
    )
    text = haproxy(*lines, bind=":443 ssl crt /etc/haproxy/shop.pem")
    trial = replace(TRIAL, port=443, name="X-Forwarded-Proto")
    assert not judge(CHECK, SERVER, config(text), trial, PAGE, target=SHOP, masked=False)


def test_reads_the_lines_of_apache_and_caddy() -> None:
    site = (
        "<VirtualHost 127.0.0.1:8080>\n    ServerName shop.example.com\n"
        '    RequestHeader add X-Forwarded-Proto "https"\n'
        '    RequestHeader add X-Forwarded-Host "a" env=A\n</VirtualHost>\n'
    )
    seen = (
        RUNNING,
        nginx_config(FRONT.replace(FIELD, "proxy_set_header X-Forwarded-Proto https;")),
    )
    trial = replace(TRIAL, name="X-Forwarded-Proto")
    apache = replace(APACHE, ports=(8080,))
    (claim,) = judge(CHECK, *seen, apache, apache_config(site), trial, PAGE, masked=False)
    assert "+    RequestHeader setifempty X-Forwarded-Proto" in diff_of(claim)
    text = "shop.example.com {\n\treverse_proxy :3000 {\n\t\theader_up +X-Forwarded-For 1\n\t}\n}\n"
    caddy = caddy_config(text)
    assert [line.name for line in adding_lines(caddy, 443, "shop.example.com")] == [
        "X-Forwarded-For"
    ]
    assert CADDY.product == caddy.product
