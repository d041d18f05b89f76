"""upstream.header-name-dropped: when it fires, and when it is silent."""

from diagnose.model import Applicability, Confidence, Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.header-name-dropped"
REFUSED = compared(401)
ADDED = compared(200, "field", "api_key", "added", value="***")


def test_fires_and_accepts_underscores() -> None:
    observations = (RUNNING, BUILD, page(401), *controlled(REFUSED, ADDED))
    (claim,) = judge(CHECK, config(), *observations)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    underscores_in_headers on;\n" in claim.fix.steps[0].diff
    assert not judge("upstream.wrong-header", config(), *observations)


def test_silent_for_other_names_and_where_underscores_are_accepted() -> None:
    named = compared(200, "field", "Authorization", "added", value="***")
    rest = (RUNNING, BUILD, page(401))
    assert not judge(CHECK, config(), *rest, *controlled(REFUSED, named))
    text = SITE.replace("    location", "    underscores_in_headers on;\n    location")
    assert not judge(CHECK, config(text), *rest, *controlled(REFUSED, ADDED))
