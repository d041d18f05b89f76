"""nginx.name-expression-unused: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Target
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.name-expression-unused"
WILD = "server { listen 443 ssl; server_name *.example.com; root /var/www/all; }\n"
OWN = (
    "server {\n listen 443 ssl;\n server_name ~^(?<tenant>shop|store)\\.example\\.com$;\n"
    " root /var/www/shop;\n}\n"
)
TOLD = replace(SHOP, symptom=Symptom("wrong-site", "shows the landing page instead of the shop"))


def claims(text: str, status: int = 404, target: Target = SHOP) -> list[Claim]:
    # A masked expression matches other names.
    return judge(CHECK, RUNNING, config(text), page(status), target=target, masked=False)


def test_fires_a_wildcard_comes_before_an_expression_and_the_name_before_both() -> None:
    (claim,) = claims(WILD + OWN)
    assert (claim.facts["winner"], claim.facts["wildcard"]) == ("*.example.com", True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+ server_name shop.example.com ~^(?<tenant>shop|store)" in edit.diff
    assert claims(WILD + OWN, 200, TOLD)


def test_of_two_expressions_the_first_one_is_taken() -> None:
    first = WILD.replace("*.example.com", "~^[a-z]+\\.example\\.com$")
    (claim,) = claims(first + OWN)
    assert not claim.facts["wildcard"]
    assert claims(OWN + WILD.replace("*.example.com", "shop.*"))[0].facts["winner"] == "shop.*"


def test_a_block_that_uses_its_groups_is_left_to_a_person() -> None:
    (claim,) = claims(WILD + OWN.replace("/var/www/shop", "/var/www/$tenant"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_site_comes_or_no_block_is_beaten() -> None:
    assert not claims(WILD + OWN, 200)
    assert not claims(WILD)
    assert not claims(
        WILD + OWN.replace("~^(?<tenant>shop|store)\\.example\\.com$", "shop.example.com")
    )
    assert not claims(WILD + OWN.replace("/var/www/shop", "/var/www/all"))
    assert not claims(WILD + OWN.replace("~^(?<tenant>shop|store)\\.example\\.com$", "~^.*$"))
