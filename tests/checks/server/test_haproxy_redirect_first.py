from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Manual
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-redirect-first"
ACL = "    acl acme path_beg /.well-known/acme-challenge/\n"
RULE = "    use_backend certbot if acme\n"
PLAIN = f"frontend http\n    bind :80\n{ACL}    {{}}\n{RULE}"
CERTBOT = "backend certbot\n    server c 127.0.0.1:8089\n"
TARGET = replace(SHOP, scheme="http", port=80, path="/.well-known/acme-challenge/token")
MISSING = page(404, url=f"https://shop.example.com{TARGET.path}", purpose="redirect")
REDIRECT = "http-request redirect scheme https code 301"


def site(rule: str) -> str:
    return TEXT + PLAIN.format(rule) + CERTBOT


@pytest.mark.parametrize(
    ("rule", "spared"),
    [
        (REDIRECT, f"{REDIRECT} unless acme"),
        (f"{REDIRECT} if !{{ ssl_fc }}", f"{REDIRECT} if !{{ ssl_fc }} !acme"),
        (f"{REDIRECT} unless {{ ssl_fc }}", f"{REDIRECT} unless {{ ssl_fc }} or acme"),
        (f"{REDIRECT} unless {{ ssl_fc }} acme", f"{REDIRECT} unless {{ ssl_fc }} or acme"),
        (f"{REDIRECT} if !{{ ssl_fc }} or !acme", f"{REDIRECT} if !{{ ssl_fc }} !acme"),
        ("redirect scheme https if !{ ssl_fc }", "redirect scheme https if !{ ssl_fc } !acme"),
    ],
)
def test_fires_and_spares_the_path(rule: str, spared: str) -> None:
    (claim,) = judge(CHECK, SERVER, config(site(rule)), MISSING, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["backend"] == "certbot"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"-    {rule}\n+    {spared}\n" in edit.diff
    assert not judge(CHECK, SERVER, config(site(spared)), MISSING, target=TARGET)


def test_fires_with_the_condition_itself_where_its_acl_stands_below() -> None:
    text = site(REDIRECT).replace(f"{ACL}    {REDIRECT}\n", f"    {REDIRECT}\n{ACL}")
    (claim,) = judge(CHECK, SERVER, config(text), MISSING, target=TARGET)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    {REDIRECT} unless {{ path_beg /.well-known/acme-challenge/ }}\n" in edit.diff


def test_fires_without_an_edit_where_the_condition_is_another() -> None:
    text = site(f"{REDIRECT} if !{{ ssl_fc }} or {{ hdr(x) 1 }}")
    (claim,) = judge(CHECK, SERVER, config(text), MISSING, target=TARGET)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_nothing_is_missing_or_the_same_rule_is_there_for_https() -> None:
    text = site(REDIRECT)
    good = replace(MISSING, status=200)
    assert not judge(CHECK, SERVER, config(text), good, target=TARGET)
    both = text.replace("    default_backend app", f"{ACL}{RULE}    default_backend app", 1)
    assert not judge(CHECK, SERVER, config(both), MISSING, target=TARGET)
    own = both.replace("certbot if acme", "app if acme", 1)
    assert not judge(CHECK, SERVER, config(own), MISSING, target=TARGET), "another rule for it"
    other = text.replace(RULE, "    use_backend certbot if { hdr(host) shop.example.com }\n")
    assert not judge(CHECK, SERVER, config(other), MISSING, target=TARGET), "for every path"


def test_fires_for_a_challenge_after_a_message() -> None:
    told = replace(SHOP, symptom=Symptom("acme-response", "Invalid response", 404))
    answer = page(404, url=f"https://shop.example.com{TARGET.path}", purpose="acme")
    for status in (404, 200):
        made_up = replace(answer, status=status)
        (claim,) = judge(CHECK, SERVER, config(site(REDIRECT)), made_up, target=told)
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert f"+    {REDIRECT} unless acme" in edit.diff
    spared = site(f"{REDIRECT} unless acme")
    assert not judge(CHECK, SERVER, config(spared), answer, target=told)
    assert not judge(CHECK, SERVER, config(site(REDIRECT)), answer, target=SHOP)
