from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.backends import BackendVisit, MemberAnswer
from tests.support.caddy_evidence import CADDY, SITE, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-health-check-fails"
LINES = "reverse_proxy 127.0.0.1:3000 {\n\t\thealth_uri /health\n\t\thealth_interval 5s\n\t}"
CHECKED = caddy_config(SITE.replace("reverse_proxy 127.0.0.1:3000", LINES))
REFUSED = replace(ANSWER, status=503, body="")
VISIT = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)


def test_fires_where_the_application_gives_the_page() -> None:
    (claim,) = judge(CHECK, CADDY, CHECKED, REFUSED, VISIT, masked=False)
    assert (claim.facts["uri"], claim.facts["place"]) == ("/health", "/etc/caddy/Caddyfile:4")


def test_fires_with_the_page_that_the_application_gives() -> None:
    (claim,) = judge(CHECK, CADDY, CHECKED, REFUSED, VISIT, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\thealth_uri /\n" in edit.diff
    assert "+\t\t\tHost shop.example.com\n+\t\t\tX-Forwarded-Proto https\n" in edit.diff
    other = caddy_config(
        SITE.replace(
            "reverse_proxy 127.0.0.1:3000", LINES.replace("health_interval 5s", "health_status 401")
        )
    )
    for config, visit in ((other, VISIT), (CHECKED, replace(VISIT, status=302))):
        (claim,) = judge(CHECK, CADDY, config, REFUSED, visit, masked=False)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_a_health_check_or_where_the_application_fails_too() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), REFUSED, VISIT)
    assert not judge(CHECK, CADDY, CHECKED, REFUSED, replace(VISIT, status=503))
    assert not judge(CHECK, CADDY, CHECKED, REFUSED)


def test_silent_for_another_answer() -> None:
    assert not judge(CHECK, CADDY, CHECKED, replace(REFUSED, status=502), VISIT)
    assert not judge(CHECK, CADDY, CHECKED, replace(REFUSED, body="We are at work"), VISIT)
    assert not judge(CHECK, CADDY, CHECKED, ANSWER, VISIT)


def test_fires_for_a_group_whose_members_all_give_the_page() -> None:
    lines = LINES.replace(":3000", ":3000 127.0.0.1:3001")
    group = caddy_config(
        SITE.replace("reverse_proxy 127.0.0.1:3000", lines),
        document("shop.example.com", dial="127.0.0.1:3000 127.0.0.1:3001"),
    )
    one, two = (
        MemberAnswer(member=f"127.0.0.1:{port}", path="/", status=200) for port in (3000, 3001)
    )
    (claim,) = judge(CHECK, CADDY, group, REFUSED, one, two, masked=False)
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert not judge(CHECK, CADDY, group, REFUSED, one)
    assert not judge(CHECK, CADDY, group, REFUSED, one, replace(two, status=500))
