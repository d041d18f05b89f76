from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.site_folders import FileInOtherCase
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import answered, loads, picture

CHECK = "http.file-name-case"
LOGO = replace(SHOP, path="/Images/Logo.PNG")
FOUND = FileInOtherCase(
    url="https://shop.example.com/Images/Logo.PNG",
    folder="/srv/shop",
    path="/srv/shop/images/logo.png",
    address="/images/logo.png",
)
MISSING = Exchange(url=FOUND.url, address="203.0.113.10", port=443, status=404)


def test_fires_for_the_asked_address_with_the_real_one() -> None:
    (claim,) = judge(CHECK, MISSING, FOUND, target=LOGO)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["url"] == "https://shop.example.com/images/logo.png"
    assert claim.facts["command"] == "grep -rnIF -- Images/Logo.PNG /srv/shop"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_file_of_the_page() -> None:
    file = picture("/Images/Logo.PNG")
    (claim,) = judge(CHECK, loads(file), answered(file, 404, "text/html"), FOUND)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["page"] == "https://shop.example.com/"


def test_silent_where_the_address_is_answered() -> None:
    assert judge(CHECK, replace(MISSING, status=200), FOUND, target=LOGO) == []
    file = picture("/Images/Logo.PNG")
    assert judge(CHECK, loads(file), answered(file), FOUND) == []


def test_silent_about_another_address() -> None:
    assert judge(CHECK, MISSING, replace(FOUND, url=f"{SHOP.origin}/a.png"), target=LOGO) == []


def test_fires_and_links_each_name_that_differs() -> None:
    (claim,) = judge(CHECK, MISSING, replace(FOUND, is_free=True), target=LOGO, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("ln", "-s", "/srv/shop/images", "/srv/shop/Images"),
        ("ln", "-s", "/srv/shop/images/logo.png", "/srv/shop/images/Logo.PNG"),
    ]
