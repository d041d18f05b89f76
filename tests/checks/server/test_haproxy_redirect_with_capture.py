from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-redirect-with-capture"
ACL = "    acl old path_reg ^/old/([^/]+)\n"
RULE = "    http-request redirect code 301 location https://www.example.com/new/\\1 if old\n"
TARGET = replace(SHOP, path="/old/item")
URL = f"https://shop.example.com{TARGET.path}"


def claims(
    rules: str = ACL + RULE, location: str = "https://www.example.com/new/\\1", status: int = 301
) -> list[Claim]:
    text = TEXT.replace("    default_backend", f"{rules}    default_backend")
    answer = page(status, url=URL, headers=(("location", location),))
    return list(judge(CHECK, SERVER, config(text), answer, target=TARGET))


@pytest.mark.parametrize(
    ("rules", "location", "new"),
    [
        (ACL + RULE, "https://www.example.com/new/\\1", "https://www.example.com%[path,{}] if old"),
        (
            "    redirect location /new/\\1 if { path_reg -i ^/old/(.*)$ }\n",
            "/new/\\1",
            "redirect location %[path,{}] if {{ path_reg -i ^/old/(.*)$ }}",
        ),
        (
            # The other name does not meet the rule again, although its path begins so.
            f"{ACL}    acl own hdr(host) -i shop.example.com\n"
            "    redirect location https://www.example.com/old/new/\\1 if own old\n",
            "https://www.example.com/old/new/\\1",
            "redirect location https://www.example.com%[path,{}] if own old",
        ),
    ],
)
def test_fires_and_replaces_the_beginning(rules: str, location: str, new: str) -> None:
    (claim,) = claims(rules, location)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["written"] == location
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    path = location.removeprefix("https://www.example.com").removesuffix("\\1")
    assert new.format(f"regsub(^/old/,{path})") in edit.diff


@pytest.mark.parametrize(
    ("rules", "location"),
    [
        # The new path would meet the rule again.
        (f"{ACL}    redirect location /old/new/\\1 if old\n", "/old/new/\\1"),
        (
            f"{ACL}    redirect location https://www.example.com/old/new/\\1 if old\n",
            "https://www.example.com/old/new/\\1",
        ),
        (f"{ACL}    redirect prefix /new/\\1 if old\n", "/new/\\1/old/item"),
        ("    redirect location /new/\\2 if { path_reg ^/(old)/(.*) }\n", "/new/\\2"),
        (f"{ACL}    redirect location https://%[hdr(host)]/new/\\1 if old\n", "https://a/new/\\1"),
        ("    redirect location /new/%5C1 if { path_beg /old }\n", "/new/%5C1"),
    ],
)
def test_words_where_the_new_path_is_not_sure(rules: str, location: str) -> None:
    (claim,) = claims(rules, location)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_location_or_the_rule_has_no_capture() -> None:
    right = RULE.replace("/new/\\1", "%[path,regsub(^/old/,/new/)]")
    assert not claims(ACL + right, "https://www.example.com/new/item")
    assert not claims(ACL + right), "the application writes it"
    assert not claims(location="https://www.example.com/new/item")
    assert not claims(location="https://www.example.com/other/\\1")
    assert not claims(status=200)
