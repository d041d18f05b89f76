"""http.cors-refused: lines of Apache that do not count for its own answers."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cors-refused"
ORIGIN = "https://app.example.net"
OWN_PAGE = (
    "<h1>Unauthorized</h1><address>Apache/2.4.62 (Debian) Server at shop.example.com</address>"
)
REFUSED = replace(
    page(401),
    body=OWN_PAGE,
    headers=(("Content-Type", "text/html"),),
    equivalent=f"curl -sSi -H 'Origin: {ORIGIN}' https://shop.example.com/",
)
PREFLIGHT = replace(REFUSED, method="OPTIONS")
LINES = (
    f'    Header set Access-Control-Allow-Origin "{ORIGIN}"\n'
    '    Header set Access-Control-Allow-Headers "authorization" env=CORS\n'
)
SITE = HTTPS.replace("    ProxyPass /ws", f"{LINES}    ProxyPass /ws")
PASTED = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))


def test_the_lines_count_for_all_answers() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), REFUSED, target=PASTED, masked=False)
    assert claim.facts["in_apache"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = claim.fix.edits[0].diff
    assert "+    Header onsuccess unset Access-Control-Allow-Origin" in diff
    assert f'+    Header always set Access-Control-Allow-Origin "{ORIGIN}"' in diff
    assert '+    Header always set Access-Control-Allow-Headers "authorization" env=CORS' in diff
    assert "RewriteRule" not in diff


def test_a_preflight_ends_before_the_password() -> None:
    config = apache_config(SITE, modules=("ssl", "headers", "rewrite"))
    (claim,) = judge(CHECK, APACHE, config, PREFLIGHT, masked=False)
    assert claim.fix
    assert "+    RewriteRule ^ - [R=204,L]" in claim.fix.edits[0].diff
    (claim,) = judge(CHECK, APACHE, apache_config(SITE, modules=()), PREFLIGHT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "a2enmod" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    "site",
    [
        HTTPS,
        SITE.replace(ORIGIN, "https://other.example.net"),
        SITE.replace("Header set", "Header always set"),
        SITE.replace(LINES, f"    <Location /a>\n{LINES}    </Location>\n"),
    ],
)
def test_leaves_it_to_a_person_where_no_line_permits_the_site(site: str) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(site), PREFLIGHT, masked=False)
    assert not claim.facts["in_apache"]


def test_leaves_it_to_a_person_where_the_application_answers() -> None:
    other = replace(PREFLIGHT, body="no")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), other, masked=False)
    assert not claim.facts["in_apache"]


def test_a_person_loads_the_module_of_rewriting_where_no_command_does() -> None:
    red_hat = replace(APACHE, config="/etc/httpd/conf/httpd.conf")
    config = apache_config(SITE, modules=("headers", "ssl", "proxy"))
    (claim,) = judge(CHECK, red_hat, config, PREFLIGHT, target=PASTED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
