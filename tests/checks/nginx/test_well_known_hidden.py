"""nginx.well-known-hidden: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Severity
from diagnose.model.files import PageFileAccess
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_file_access import examined

CHECK = "nginx.well-known-hidden"
NGINX = "<html><title>{0}</title><center><h1>{0}</h1></center><hr><center>nginx</center></html>"
HIDDEN = "location ~ /\\. { deny all; return 404; }"
DENIED = "location ~ /\\. { deny all; }"
STATIC = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/www;")
APPLE = "/.well-known/apple-developer-merchantid-domain-association"


def claims(
    location: str,
    path: str = "/.well-known/jwks.json",
    lines: str = SITE,
    status: str = "404 Not Found",
    file: PageFileAccess | None = None,
) -> list[Claim]:
    site = lines.replace("    location /", f"    {location}\n    location /", 1)
    target = replace(SHOP, path=path)
    body = NGINX.format(status)
    asked = replace(page(int(status[:3]), body), url=f"{SHOP.origin}{path}")
    files = [file] if file else []
    return judge(CHECK, asked, *files, RUNNING, config(site), target=target, masked=False)


def diff(claim: Claim) -> str:
    step = claim.fix.steps[0] if claim.fix else None
    return step.diff if isinstance(step, Edit) else ""


@pytest.mark.parametrize(
    ("location", "made"),
    [
        (HIDDEN, r"location ~ /\.(?!well-known/) {"),
        (HIDDEN.replace("deny all; ", ""), r"location ~ /\.(?!well-known/) {"),
        (r'location ~* "(^|/)\." { return 404; }', r'location ~* "(^|/)\.(?!well-known/)" {'),
        # The plain exception would open /.well-known/.htpasswd here.
        (r"location ~ ^/\. { return 404; }", r"location ~ ^/\.(?!well-known/(?!(?:.*/)?\.)) {"),
    ],
)
def test_fires_where_an_application_has_what_is_well_known(location: str, made: str) -> None:
    (claim,) = claims(location)
    assert f"+    {made}" in diff(claim)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)


def test_fires_for_sure_on_a_file_that_is_there() -> None:
    file = examined(f"/srv/www{APPLE}", url=APPLE, exists=True)
    (claim,) = claims(DENIED, APPLE, STATIC, "403 Forbidden", file)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert claim.facts["file"] == f"/srv/www{APPLE}"
    assert claim.facts["line"] == "deny all"


def test_silent_on_other_paths_and_rules() -> None:
    assert not claims(HIDDEN, "/.env")
    assert not claims(HIDDEN, "/.well-known/acme-challenge/token")
    assert not claims("location /.well-known/ { return 404; }")
    assert not claims(r"location ~ \.json$ { return 404; }")
    assert not claims("location ~ /\\. { allow 10.0.0.0/8; deny all; }", status="403 Forbidden")


def test_silent_where_nothing_is_there() -> None:
    assert not claims(DENIED, APPLE, STATIC, "403 Forbidden")
    missing = examined(f"/srv/www{APPLE}", url=APPLE)
    assert not claims(DENIED, APPLE, STATIC, "403 Forbidden", missing)
