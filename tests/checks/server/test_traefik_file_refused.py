"""server.traefik-file-refused: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.traefik import RefusedFile
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK, PATH = "server.traefik-file-refused", "/etc/traefik/d/shop.yml"
TEXT = "http:\n  routers:\n    shop:\n      services: shop\n"
CONFIG = WebServerConfig(product="traefik", path="/t.yml", files=(ServerFile(PATH, TEXT),))
FIELD = RefusedFile(PATH, 4, "field not found, node: services", "services", "service")
BROKEN = replace(state(), refused=(FIELD,))


def test_fires_with_the_edit_of_a_field() -> None:
    (claim,) = judge(CHECK, TRAEFIK, BROKEN, CONFIG, NOT_FOUND)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+      service: shop\n" in edit.diff


def test_fires_without_an_edit_on_a_mistake_of_another_kind() -> None:
    tab = replace(FIELD, word="", meant="", message="found character that cannot start any token")
    given = replace(state(running=False), refused=(tab,))
    (claim,) = judge(CHECK, TRAEFIK, given, CONFIG, NOT_FOUND)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_page_comes_or_another_provider_has_the_name() -> None:
    assert not judge(CHECK, TRAEFIK, BROKEN, CONFIG, replace(NOT_FOUND, status=200))
    labelled = replace(ROUTER, name="shop@docker", tls=False)
    given = replace(state(labelled), refused=(FIELD,))
    assert not judge(CHECK, TRAEFIK, given, CONFIG, NOT_FOUND)
    assert not judge(CHECK, TRAEFIK, state(), CONFIG, NOT_FOUND)
