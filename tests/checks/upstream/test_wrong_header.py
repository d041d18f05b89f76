"""upstream.wrong-header: one field that nginx sets, passes on or drops."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Failure
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.wrong-header"
HOST = "        proxy_set_header Host $host;\n"
UPGRADE = SITE.replace(HOST, f'{HOST}        proxy_set_header Connection "upgrade";\n')
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
REFUSED = compared(400)
CLOSE = compared(200, "field", "Connection", "replaced", original="upgrade", value="close")


def claim(text: str, *observations: ComparedRequest, status: int = 400) -> Claim:
    (only,) = judge(CHECK, config(text), BUILD, RUNNING, page(status), *controlled(*observations))
    return only


def diff(made: Claim) -> str:
    assert made.fix
    edit = made.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_on_an_upgrade_of_every_page() -> None:
    made = claim(UPGRADE, REFUSED, CLOSE)
    assert made.confidence is Confidence.CERTAIN
    assert made.facts["place"] == "/etc/nginx/nginx.conf:11"
    assert made.fix
    assert made.fix.applicability is Applicability.AUTOMATIC
    assert "+        proxy_set_header Connection $connection_upgrade;\n" in diff(made)
    assert "+map $http_upgrade $connection_upgrade {\n" in diff(made)


def test_an_existing_map_is_used() -> None:
    made = diff(claim(MAP + UPGRADE, REFUSED, CLOSE))
    assert "+        proxy_set_header Connection $connection_upgrade;\n" in made
    assert "+map" not in made


def test_a_map_of_that_name_and_another_meaning_is_left_alone() -> None:
    other = "map $arg_x $connection_upgrade { default ''; }\n"
    assert '+        proxy_set_header Connection "";\n' in diff(
        claim(other + UPGRADE, REFUSED, CLOSE)
    )


def test_fires_on_another_field_and_a_person_reviews_it() -> None:
    text = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-Host b.test;\n")
    removed = compared(200, "field", "X-Forwarded-Host", "removed", original="b.test")
    made = claim(text, REFUSED, removed)
    assert made.fix
    assert made.fix.applicability is Applicability.REVIEW
    assert "-        proxy_set_header X-Forwarded-Host b.test;\n" in diff(made)


def test_fires_on_credentials_that_are_passed_on() -> None:
    removed = compared(200, "field", "Authorization", "removed", original="***")
    made = claim(SITE, compared(401), removed, status=401)
    assert '+        proxy_set_header Authorization "";\n' in diff(made)
    assert made.fix
    assert made.fix.applicability is Applicability.REVIEW


def test_fires_on_a_field_that_is_dropped() -> None:
    text = SITE.replace(HOST, f'{HOST}        proxy_set_header User-Agent "";\n')
    added = compared(200, "field", "User-Agent", "added", value="diagnose")
    assert "-        proxy_set_header User-Agent" in diff(
        claim(text, compared(403), added, status=403)
    )


def test_without_a_control_it_is_not_certain() -> None:
    (made,) = judge(CHECK, config(UPGRADE), BUILD, RUNNING, page(400), REFUSED, CLOSE)
    assert made.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "observations",
    [
        (page(400), REFUSED),
        (page(400), REFUSED, replace(CLOSE, status=400)),
        (page(400), REFUSED, CLOSE, replace(CLOSE, status=400, is_control=True)),
        (page(400), REFUSED, CLOSE, replace(REFUSED, status=200, is_control=True)),
        (page(403), REFUSED, CLOSE),
        (page(400), REFUSED, compared(200, "version", change="replaced", value="1.1")),
        (page(400), REFUSED, compared(200, "field", "X-Forwarded-For", "removed")),
        (page(400), REFUSED, compared(200, "field", "X-Forwarded-Proto", "added")),
    ],
    ids=[
        "nothing was changed", "no change helps", "not again", "it answers by turns",
        "nginx's own answer", "the version", "the visitor's address", "the scheme",
    ],
)  # fmt: skip
def test_silent_when(observations: tuple[ComparedRequest, ...]) -> None:
    assert not judge(CHECK, config(UPGRADE), BUILD, RUNNING, *observations)


def test_fires_where_the_application_closes_the_connection() -> None:
    closed = replace(compared(None), failure=Failure("closed", "connection closed"))
    changed = compared(
        200, "field", "Connection", "replaced", original="upgrade", value="close", is_html=True
    )
    (claim,) = judge(
        CHECK, config(UPGRADE), BUILD, RUNNING, page(502), *controlled(closed, changed)
    )
    assert claim.facts["closed"]
    assert claim.facts["status"] == 502


def test_fires_on_the_folder_of_another_path() -> None:
    text = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Script-Name /calibre;\n")
    right = compared(200, "field", "X-Script-Name", "replaced", original="/calibre", value="/books")
    made = claim(text, compared(404), right, status=404)
    assert made.facts["folder"] == "/books"
    assert "+        proxy_set_header X-Script-Name /books;\n" in diff(made)
