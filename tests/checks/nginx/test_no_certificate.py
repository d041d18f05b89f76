from dataclasses import replace

from diagnose.model import Applicability, Edit
from tests.checks.nginx.test_certificate_file_missing import BESIDE
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, SITE, STOPPED, config, nginx_says

CHECK = "nginx.no-certificate"
BARE = SITE.replace("    ssl_certificate shop.pem;\n    ssl_certificate_key shop.key;\n", "")
SAID = f'no "ssl_certificate" is defined for the "listen ... ssl" directive in {FILE}:2'


def test_fires_for_the_block_that_nginx_names() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(BARE), STOPPED)
    assert claim.facts["names"] == ("shop.example.com",)
    assert not claim.facts["plain"]
    assert claim.location


def test_names_the_pair_that_lies_on_the_server() -> None:
    observations = (nginx_says(SAID), config(BARE), STOPPED)
    (claim,) = judge(CHECK, *observations, BESIDE)
    assert claim.facts["stored"] == BESIDE.path
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW, "no tool keeps it"
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert (
        "+    ssl_certificate /etc/ssl/shop.crt;\n+    ssl_certificate_key /etc/ssl/shop.key;\n"
    ) in edit.diff
    other = replace(BESIDE, chain=(replace(BESIDE.chain[0], dns_names=("example.org",)),))
    (claim,) = judge(CHECK, *observations, other)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_names_no_pair_beside_a_key_of_another_certificate() -> None:
    text = BARE.replace(
        "    listen 443 ssl;", "    listen 443 ssl;\n    ssl_certificate_key own.key;"
    )
    assert "own.key" in text
    (claim,) = judge(CHECK, nginx_says(SAID), config(text), STOPPED, BESIDE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_when_another_block_made_the_socket_one_of_tls() -> None:
    text = BARE.replace("443 ssl", "443") + SITE
    (claim,) = judge(CHECK, nginx_says(SAID), config(text), STOPPED)
    assert claim.facts["plain"]


def test_fires_when_only_the_key_is_not_named() -> None:
    text = SITE.replace("    ssl_certificate_key shop.key;\n", "")
    said = 'no "ssl_certificate_key" is defined for certificate "/etc/nginx/shop.pem"'
    (claim,) = judge(CHECK, nginx_says(said), config(text), STOPPED)
    assert claim.facts["directive"] == "ssl_certificate_key"
    assert claim.location


def test_silent_when_a_line_without_its_semicolon_has_swallowed_it() -> None:
    text = SITE.replace("server_name shop.example.com;", "server_name shop.example.com")
    assert not judge(CHECK, nginx_says(SAID), config(text), STOPPED)


def test_silent_when_nginx_is_content_or_says_something_else() -> None:
    assert not judge(CHECK, nginx_says(), config())
    assert not judge(CHECK, nginx_says("unknown directive"), config(BARE))


def test_fires_and_names_the_key_that_other_blocks_pair_with_the_certificate() -> None:
    bare = SITE.replace("    ssl_certificate_key shop.key;\n", "")
    said = 'no "ssl_certificate_key" is defined for certificate "/etc/nginx/shop.pem"'
    www = SITE.replace("shop.example.com", "www.shop.example.com")
    (claim,) = judge(CHECK, nginx_says(said), config(bare + www), STOPPED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "     ssl_certificate shop.pem;\n+    ssl_certificate_key shop.key;\n" in edit.diff
    (claim,) = judge(CHECK, nginx_says(said), config(bare), STOPPED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
