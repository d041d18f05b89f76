from dataclasses import replace

from diagnose.model import Applicability, Severity
from tests.support.caddy_evidence import CADDY, INTERNAL_ERROR, PASSED, caddy_config, sites
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.reload-needed"
OLD = sites("example.com")
MOVED = sites("shop.example.com", dial="127.0.0.1:3999")


def test_fires_when_the_name_was_not_loaded() -> None:
    config = caddy_config(loaded=False, running=OLD)
    (claim,) = judge(CHECK, CADDY, config, PASSED, INTERNAL_ERROR)
    assert claim.facts["missing"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_when_the_application_moved() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    (claim,) = judge(CHECK, CADDY, config, PASSED, replace(ANSWER, status=502))
    assert claim.severity is None


def test_fires_as_a_note_when_nothing_is_wrong() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    for answer in (
        replace(ANSWER, body="shop"),
        replace(ANSWER, status=401),
        replace(ANSWER, body="", method="HEAD"),
    ):
        (claim,) = judge(CHECK, CADDY, config, PASSED, answer)
        assert claim.severity is Severity.NOTE


def test_silent_when_it_is_loaded_unknown_or_another_site_changed() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), PASSED, INTERNAL_ERROR)
    assert not judge(CHECK, CADDY, caddy_config(loaded=None), PASSED, INTERNAL_ERROR)
    same = sites("shop.example.com")
    other = caddy_config(loaded=False, running=(*same, *OLD))
    assert not judge(CHECK, CADDY, other, PASSED, INTERNAL_ERROR)


def test_silent_when_the_configuration_is_refused() -> None:
    config = caddy_config(loaded=False, running=OLD)
    assert not judge(CHECK, CADDY, config, replace(PASSED, passed=False), INTERNAL_ERROR)
