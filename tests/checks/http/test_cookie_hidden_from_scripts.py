"""http.cookie-hidden-from-scripts: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Observation, Vantage
from diagnose.model.logs import FailedRequests
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cookie-hidden-from-scripts"
HIDDEN = replace(
    page(200), headers=(("Set-Cookie", "XSRF-TOKEN=a; Path=/; Secure; HttpOnly; SameSite=Lax"),)
)
REFUSED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="POST", path="/api/items",
    status=419, written="29/Nov/2026:08:00:00 +0000", is_from_page=True,
)  # fmt: skip
ALL = "        proxy_cookie_flags ~ httponly secure samesite=lax;\n        proxy_set_header"


def site(line: str = ALL) -> str:
    return SITE.replace("        proxy_set_header", line, 1)


def claims(*seen: Observation, text: str = "", words: str = "") -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words)) if words else SHOP
    observed = (config(text or site()), BUILD, RUNNING, loads(), *seen)
    return judge(CHECK, *observed, target=target, masked=False)


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_and_leaves_the_cookie_out() -> None:
    (claim,) = claims(HIDDEN, REFUSED)
    assert (claim.facts["cookie"], claim.facts["request"]) == ("XSRF-TOKEN", "POST /api/items")
    assert (
        "proxy_cookie_flags XSRF-TOKEN nohttponly secure samesite=lax;"
        " proxy_cookie_flags ~ httponly secure samesite=lax;"
    ) in diff(claim)
    assert claims(HIDDEN, words="CSRF token mismatch")


def test_fires_for_attributes_that_a_path_adds() -> None:
    line = '        proxy_cookie_path / "/; HTTPOnly; Secure";\n        proxy_set_header'
    (claim,) = claims(HIDDEN, REFUSED, text=site(line))
    assert (
        "proxy_cookie_flags XSRF-TOKEN nohttponly secure; proxy_cookie_flags ~ httponly secure;"
    ) in diff(claim)


def test_fires_behind_apache() -> None:
    line = '    Header edit Set-Cookie ^(.*)$ "$1; HttpOnly; Secure"\n'
    text = HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws")
    refused = replace(REFUSED, server="apache")
    (claim,) = judge(CHECK, APACHE, apache_config(text), loads(), HIDDEN, refused, masked=False)
    assert claim.facts["line"] == line.strip()
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ((HIDDEN,), site()),
        ((HIDDEN, replace(REFUSED, is_from_page=False)), site()),
        ((HIDDEN, replace(REFUSED, forms_accepted=True)), site()),
        ((HIDDEN, replace(REFUSED, status=404)), site()),
        ((HIDDEN, REFUSED), SITE),
        ((HIDDEN, REFUSED), site(ALL.replace("~ httponly", "XSRF-TOKEN nohttponly"))),
        ((replace(HIDDEN, headers=(("Set-Cookie", "XSRF-TOKEN=a; Secure"),)), REFUSED), site()),
        ((replace(HIDDEN, headers=(("Set-Cookie", "sid=a; HttpOnly"),)), REFUSED), site()),
        ((replace(HIDDEN, headers=(("Set-Cookie", "_csrf=a; HttpOnly"),)), REFUSED), site()),
        (
            (
                replace(HIDDEN, headers=(("Set-Cookie", "csrftoken=a; HttpOnly"),)),
                loads(tokens=("csrfmiddlewaretoken",)),
                REFUSED,
            ),
            site(),
        ),
    ],
)
def test_silent(seen: tuple[Observation, ...], text: str) -> None:
    assert not claims(*seen, text=text)


def test_fires_for_a_cookie_that_a_script_of_the_page_reads() -> None:
    own = replace(page(200), headers=(("Set-Cookie", "hfs_csrf=a; Path=/; Secure; HttpOnly"),))
    reading = answered(script(), read_cookies=("hfs_csrf", "theme"))
    (claim,) = claims(own, reading)
    assert (claim.facts["cookie"], claim.facts["request"]) == ("hfs_csrf", "")
    assert str(claim.facts["script"]).endswith(".js")
    assert reading in claim.because
    assert "proxy_cookie_flags hfs_csrf nohttponly" in diff(claim)


def test_silent_for_one_that_no_script_reads_or_the_application_hides() -> None:
    own = replace(page(200), headers=(("Set-Cookie", "session=a; Path=/; Secure; HttpOnly"),))
    reading = answered(script(), read_cookies=("theme",))
    assert not claims(own, reading)
    plain = site("        proxy_set_header")
    assert not claims(own, answered(script(), read_cookies=("session",)), text=plain)
    seen = replace(page(200), headers=(("Set-Cookie", "theme=a; Path=/; Secure"),))
    assert not claims(seen, reading)
