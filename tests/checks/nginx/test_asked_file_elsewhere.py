"""nginx.asked-file-elsewhere: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Observation, Vantage
from diagnose.model.files import PageFileAccess, PathComponent, SiblingFile
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "nginx.asked-file-elsewhere"
TARGET = replace(SHOP, path="/downloads/app.zip")
URL = f"{SHOP.origin}/downloads/app.zip"
PATH = "/srv/shop/downloads/app.zip"
SIBLING = SiblingFile(
    vantage=Vantage.SERVER, path=PATH, url=URL, is_only=True, uid=33, user="www-data",
    parts=(PathComponent(PATH, 0, "root", 0, "root", 0o644, folder=False),),
)  # fmt: skip
FILES = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop/public;")
PAGE = Exchange(url=URL, address="203.0.113.10", port=443, status=404, purpose="target")


def of(*observations: Observation, text: str = FILES) -> list[Claim]:
    return list(judge(CHECK, RUNNING, config(text), *observations, target=TARGET))


def test_fires_for_a_folder_beside_the_public_one() -> None:
    (claim,) = of(PAGE, SIBLING)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["asked"] == "/srv/shop/public/downloads/app.zip"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = str(claim.fix.steps[0])
    assert "location /downloads/ {" in edit
    assert "alias /srv/shop/downloads/;" in edit


def test_fires_for_the_folder_of_the_program_that_is_asked() -> None:
    (claim,) = of(PAGE, replace(SIBLING, of_program=True, is_only=False), text=SITE)
    assert claim.facts["application"] == "http://127.0.0.1:3000"


@pytest.mark.parametrize(
    "line", ["auth_basic shop;", "deny all;", "rewrite ^/old /new;", "if ($arg_x) { return 403; }"]
)
def test_fires_without_an_edit_where_the_location_has_rules(line: str) -> None:
    text = FILES.replace("root /srv/shop/public;", f"root /srv/shop/public; {line}")
    claims = of(PAGE, SIBLING, text=text)
    assert all(c.fix and c.fix.applicability is Applicability.MANUAL for c in claims)


@pytest.mark.parametrize(
    ("observations", "text"),
    [
        ((replace(PAGE, status=200), SIBLING), FILES),
        ((PAGE, replace(SIBLING, url=f"{SHOP.origin}/other.zip")), FILES),
        ((PAGE, replace(SIBLING, path="/srv/blog/downloads/app.zip")), FILES),
        ((PAGE, SIBLING), FILES.replace("/srv/shop/public", "/srv/public")),
        ((PAGE, SIBLING), SITE),
        ((PAGE, SIBLING), FILES.replace("root /srv/shop/public;", "return 404;")),
        (
            (
                PAGE,
                SIBLING,
                PageFileAccess(path=PATH, url=URL, elsewhere=PATH, mistake="root"),
            ),
            FILES,
        ),
    ],
)
def test_silent_for_files_of_others_and_known_mistakes(
    observations: tuple[Observation, ...], text: str
) -> None:
    assert not of(*observations, text=text)
