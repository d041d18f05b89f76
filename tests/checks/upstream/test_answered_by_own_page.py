from dataclasses import replace

from diagnose.model import Applicability, Claim, Observation, Severity, Target
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.firewall_rules import listening, nic
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.upstream_evidence import page
from tests.support.upstreams import tried

CHECK = "upstream.answered-by-own-page"
OWN = "http://203.0.113.10/"
API: Target = replace(SHOP, path="/jeecgboot/sys/randomImage/1")
TEXT = """\
server {
    listen 80;
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/www;
    location / { try_files $uri $uri/ /index.html; }
    location /jeecgboot/ {
        proxy_pass http://203.0.113.10/;
        proxy_set_header Host $host;
    }
}
"""
ITSELF = tried(OWN, "203.0.113.10", host="203.0.113.10", port=80)
HTML = replace(page(200), body="<!doctype html><title>App</title><div id=app></div>")


def seen(text: str = TEXT, *more: Observation) -> tuple[Observation, ...]:
    return (config(text), BUILD, RUNNING, ITSELF, nic(), *more)


def answered(target: Target, answer: Exchange = HTML) -> Exchange:
    return replace(answer, url=target.url)


def edit_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_where_an_interface_is_answered_by_the_page() -> None:
    """Issue 4288 of jeecgboot/JeecgBoot."""
    java = listening(9999, process="java")
    (claim,) = judge(CHECK, *seen(TEXT, answered(API), java), target=API)
    assert claim.severity is None
    assert claim.facts["inner"] == "/sys/randomImage/1"
    assert claim.facts["page"] == "/index.html"
    assert claim.facts["listening"] == ("java 9999",)
    assert "+        proxy_pass http://127.0.0.1:9999/;" in edit_of(claim)
    two = (java, listening(9998, process="node"))
    (claim,) = judge(CHECK, *seen(TEXT, answered(API), *two), target=API)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_a_note_where_nobody_asked_for_it() -> None:
    (claim,) = judge(CHECK, *seen(TEXT, answered(SHOP)))
    assert claim.severity is Severity.NOTE


def test_silent_where_another_block_or_another_machine_answers() -> None:
    other = TEXT.replace("    listen 80;\n", "") + (
        "server {\n    listen 80;\n    server_name shop.example.com;\n"
        "    location / { try_files $uri /index.html; }\n}\n"
    )
    assert not judge(CHECK, *seen(other, answered(API)), target=API)
    away = replace(ITSELF, address="203.0.113.99")
    given = [one for one in seen(TEXT, answered(API)) if one is not ITSELF]
    assert not judge(CHECK, *given, away, target=API)


def test_silent_where_no_page_stands_for_what_is_missing() -> None:
    strict = TEXT.replace("$uri/ /index.html", "$uri/ =404")
    assert not judge(CHECK, *seen(strict, answered(API)), target=API)
    proxied = TEXT.replace("try_files $uri $uri/ /index.html;", "proxy_pass http://127.0.0.1:3000;")
    assert not judge(CHECK, *seen(proxied, answered(API)), target=API)
