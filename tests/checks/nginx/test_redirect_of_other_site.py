"""nginx.redirect-of-other-site: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Severity, Target
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import SITE, config
from tests.support.redirect_evidence import applied, led

CHECK = "nginx.redirect-of-other-site"
BLOG = "blog.example.org"
#: The other site, and the blocks of port 80 as a generator writes them: without their names.
OTHER = SITE.replace("shop.example.com", BLOG).replace("3000", "4000")
LEAD = """\
server {
    listen 80;
    location / { return 301 https://blog.example.org$request_uri; }
}
"""
OWN = LEAD.replace(BLOG, "shop.example.com")
NAMED = LEAD.replace("listen 80;", f"listen 80;\n    server_name {BLOG};")
STEP = led("http://shop.example.com/", f"https://{BLOG}/")
PLAIN_SHOP = replace(SHOP, scheme="http", port=80)


@pytest.mark.parametrize("target", [SHOP, PLAIN_SHOP])
def test_fires_where_the_redirect_of_the_name_has_no_name(target: Target) -> None:
    is_plain = target is PLAIN_SHOP
    step = replace(STEP, purpose="target") if is_plain else STEP
    text = OTHER + LEAD + SITE + OWN
    (claim,) = judge(CHECK, config(text), step, target=target)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    assert claim.facts["other"] == BLOG
    assert applied(claim) == (Applicability.REVIEW, ["+server_name shop.example.com;"])


def test_fires_where_the_name_has_no_redirect() -> None:
    """Its first name stands in the redirect: `$server_name`."""
    lead = NAMED.replace("https://blog.example.org$", "https://$server_name$")
    (claim,) = judge(CHECK, config(OTHER + lead + SITE), STEP)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["own"] == ""
    assert "+return 301 https://$host$request_uri;" in applied(claim)[1]


def test_says_what_to_write_where_the_name_has_other_plain_blocks() -> None:
    plain = "server {\n    listen 8080;\n    server_name shop.example.com;\n    root /srv;\n}\n"
    (claim,) = judge(CHECK, config(OTHER + NAMED + SITE + plain), STEP)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "text",
    [
        # A redirect of all names to one, on purpose.
        OTHER + LEAD + SITE,
        OTHER + NAMED.replace("listen 80;", "listen 80 default_server;") + SITE,
        # The name's own line leads there.
        OTHER + SITE + NAMED.replace(BLOG, f"{BLOG} shop.example.com", 1),
        # Both names show the same.
        SITE.replace("shop.example.com", BLOG) + NAMED + SITE,
        # Nothing is at the name, or the other one is no site of this nginx.
        OTHER + NAMED,
        NAMED + SITE,
        # Two blocks might be meant.
        OTHER + LEAD + SITE + OWN + OWN,
    ],
)
def test_silent_where_it_may_be_meant(text: str) -> None:
    assert not judge(CHECK, config(text), STEP)


def test_silent_about_a_redirect_to_the_name_itself_or_below_it() -> None:
    for place in ("https://shop.example.com/", "https://www.shop.example.com/", "https://[::1]/"):
        step = led("http://shop.example.com/", place)
        assert not judge(CHECK, config(OTHER + LEAD + SITE + OWN), step)
