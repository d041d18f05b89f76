"""nginx.slowed-down: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config
from tests.support.page_errors import logged, page
from tests.support.page_evidence import loads, script

CHECK = "nginx.slowed-down"
ZONE = "limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;\n"
FILES = loads(*(script(f"/assets/{number}.js") for number in range(4)))


def site(lines: str, before: str = "") -> Any:
    return config(before + SITE.replace("proxy_set_header", f"{lines}\n        proxy_set_header"))


@pytest.mark.parametrize("lines", ["limit_rate 500;", "proxy_limit_rate 1000;", "limit_rate 2k;"])
def test_fires_for_bytes_a_second(lines: str) -> None:
    (claim,) = judge(CHECK, RUNNING, site(lines), page(200), masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert claim.facts["rule"] == lines.rstrip(";")
    assert claim.fix
    assert f"+        {lines.split()[0]} 500k;" in str(claim.fix.steps[0]).replace("\\n", "\n")
    assert claim.fix.applicability is Applicability.REVIEW


def test_a_warning_for_another_location() -> None:
    other = "location /files/ { limit_rate 500; }\n    location / {"
    (claim,) = judge(
        CHECK, RUNNING, config(SITE.replace("location / {", other)), page(200), masked=False
    )
    assert claim.severity is None


def test_silent_for_a_location_that_refuses_slowly() -> None:
    other = "location /wp-login.php { limit_rate 10; return 404; }\n    location / {"
    text = config(SITE.replace("location / {", other))
    assert not judge(CHECK, RUNNING, text, page(200), masked=False)


def test_fires_for_files_that_wait() -> None:
    text = site("limit_req zone=one burst=20;", ZONE)
    (claim,) = judge(CHECK, RUNNING, text, page(200), FILES, masked=False)
    assert (claim.facts["seconds"], claim.facts["number"]) == (4.0, 5)
    assert "limit_req zone=one burst=20 nodelay;" in str(claim.fix)


@pytest.mark.parametrize(
    "lines",
    [
        "limit_rate 500k;",
        "limit_rate 0;",
        "limit_rate $rate;",
        "fastcgi_limit_rate 500;",
        "limit_req zone=one burst=20 nodelay;",
        "limit_req zone=one burst=20 delay=8;",
        "limit_req zone=one;",
        "limit_req zone=other burst=20;",
    ],
)
def test_silent_for_limits_that_nobody_notices(lines: str) -> None:
    assert not judge(CHECK, RUNNING, site(lines, ZONE), page(200), FILES, masked=False)


def test_silent_for_a_fast_zone_and_for_some_visitors_only() -> None:
    text = "limit_req zone=one burst=20;"
    fast, some = ZONE.replace("1r/s", "10r/s"), ZONE.replace("$binary_remote_addr", "$limited")
    assert not judge(CHECK, RUNNING, site(text, fast), page(200), FILES, masked=False)
    assert not judge(CHECK, RUNNING, site(text, some), page(200), FILES, masked=False)
    assert not judge(CHECK, RUNNING, site(text, ZONE), page(200), loads(), masked=False)


def test_silent_where_the_limit_refused_files_of_the_page() -> None:
    """The refusals come first: nginx.request-limit names them."""
    text = 'limiting requests, excess: 2.960 by zone "one"'
    earlier = replace(logged(text, path="/assets/3.js"), when=LOADED + 1)
    observations = (RUNNING, site("limit_req zone=one burst=2;", ZONE), page(200), FILES)
    assert judge(CHECK, *observations)
    assert not judge(CHECK, *observations, earlier)
