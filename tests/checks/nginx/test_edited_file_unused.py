"""nginx.edited-file-unused: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence
from diagnose.model.sites import UnreadCopy
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.edited-file-unused"
PATH = "/api/products"
TARGET = replace(SHOP, path=PATH)
COPY = UnreadCopy(
    path="/etc/nginx/sites-available/shop", line=5, request=PATH, location="location /api/",
    answer="proxy_pass http://127.0.0.1:3001;", used="/etc/nginx/sites-enabled/shop", used_line=1,
    replaces=True,
)  # fmt: skip
MISSING = replace(page(404), url=f"{SHOP.origin}{PATH}")


def test_fires_for_a_copy_and_links_it() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), MISSING, COPY, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["status"], claim.facts["used"]) == (404, COPY.used)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    shown = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert shown[:2] == [
        f"mv -n {COPY.used} {COPY.path}.before-link",
        f"ln -s {COPY.path} {COPY.used}",
    ]


def test_fires_for_a_link_to_another_file_and_leads_it_there() -> None:
    linked = replace(COPY, link=True)
    (claim,) = judge(CHECK, RUNNING, config(SITE), MISSING, linked, target=TARGET)
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert " ".join(first.argv) == f"ln -sfn {COPY.path} {COPY.used}"


def test_a_file_without_the_other_sites_is_a_question_to_a_person() -> None:
    (claim,) = judge(
        CHECK, RUNNING, config(SITE), MISSING, replace(COPY, replaces=False), target=TARGET
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_nothing_was_asked_for_that_path() -> None:
    elsewhere = replace(COPY, request="/other")
    assert not judge(CHECK, RUNNING, config(SITE), MISSING, elsewhere, target=TARGET)
    assert not judge(CHECK, RUNNING, config(SITE), MISSING, target=TARGET)
