from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.containers import BindMount, NginxContainer
from tests.support.caddy_evidence import CADDY, CONFIG, caddy_config
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.container-file-outdated"
INNER = replace(CADDY, container="caddy")
OLD = BindMount(CONFIG, "/srv/caddy/Caddyfile", replaced=True)
CONTAINER = NginxContainer(pid=10, engine="docker", name="caddy", mounts=(OLD,))
UNAVAILABLE = replace(ANSWER, status=502)


def test_fires_where_the_mounted_caddyfile_was_replaced() -> None:
    (claim,) = judge(CHECK, INNER, caddy_config(), CONTAINER, UNAVAILABLE)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert getattr(claim.fix.steps[0], "argv", ()) == ("docker", "restart", "caddy")


def test_fires_as_a_warning_where_nothing_fails() -> None:
    (claim,) = judge(CHECK, INNER, caddy_config(), CONTAINER, ANSWER)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)


def test_fires_for_a_certificate_without_an_engine_with_a_step() -> None:
    pair = replace(OLD, point="/etc/ssl/shop.pem", source="/srv/shop.pem")
    apart = replace(CONTAINER, engine="", mounts=(pair,))
    (claim,) = judge(CHECK, INNER, caddy_config(), apart, UNAVAILABLE)
    assert claim.facts["certificate"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_file_is_the_same_or_another() -> None:
    same = replace(CONTAINER, mounts=(replace(OLD, replaced=False),))
    assert not judge(CHECK, INNER, caddy_config(), same, UNAVAILABLE)
    other = replace(CONTAINER, mounts=(replace(OLD, point="/srv/data.json"),))
    assert not judge(CHECK, INNER, caddy_config(), other, UNAVAILABLE)
    assert not judge(CHECK, CADDY, caddy_config(), CONTAINER, UNAVAILABLE)
