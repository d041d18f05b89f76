import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Failure, Manual
from diagnose.model.applications import ReadSetting
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.tls_evidence import (
    OWN,
    WELL,
    alerted,
    applicability,
    changes,
    said,
    shake,
    with_line,
)

FOREIGN = Failure(
    "protocol", "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol", name="UNSUPPORTED_PROTOCOL"
)


def test_fires_when_only_old_versions_go_well() -> None:
    (claim,) = judge("tls.no-shared-protocol", alerted(70), shake("old", protocol="TLSv1"))
    assert claim.facts["old"] == "TLSv1"
    assert claim.confidence is Confidence.CERTAIN
    assert said(alerted(40), shake("old", protocol="TLSv1.1")) == ["tls.no-shared-protocol"]


def test_fires_when_no_version_at_all_is_taken() -> None:
    assert said(alerted(70), alerted(70, "old"), alerted(70, "any-cipher")) == [
        "tls.no-shared-protocol"
    ]


def test_fires_when_an_old_server_answers_in_its_own_version() -> None:
    assert said(shake(failure=FOREIGN)) == ["tls.no-shared-protocol"]


def test_silent_when_a_current_version_is_taken_and_for_other_alerts() -> None:
    assert not judge("tls.no-shared-protocol", WELL, shake("old", protocol="TLSv1"))
    assert not judge("tls.no-shared-protocol", WELL, alerted(70, "old"), alerted(70, "tls1.2"))
    assert not judge("tls.no-shared-protocol", alerted(40), alerted(70, "old"))


def test_fires_and_changes_the_setting_of_a_program_with_a_tls_of_its_own() -> None:
    read = ReadSetting(
        application="spring", topic="tls_versions", key="server.ssl.enabled-protocols",
        file="/srv/shop/application.properties", number=4, unit="shop.service", process="java",
        line="server.ssl.enabled-protocols=TLSv1.1", wanted="TLSv1.1,TLSv1.2,TLSv1.3",
        new="server.ssl.enabled-protocols=TLSv1.1,TLSv1.2,TLSv1.3",
    )  # fmt: skip
    (claim,) = judge("tls.no-shared-protocol", alerted(70), read)
    assert claim.facts["place"] == "/srv/shop/application.properties:4"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    restart = claim.fix.steps[-1]
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "shop")
    assert applicability(claim) is Applicability.REVIEW


def test_fires_and_adds_the_current_versions_to_the_sites_line() -> None:
    site = with_line("ssl_protocols TLSv1 TLSv1.1; # old phones")
    (claim,) = judge("tls.no-shared-protocol", alerted(70), RUNNING, BUILD, config(site))
    assert changes(claim) == (
        "-    ssl_protocols TLSv1 TLSv1.1; # old phones\n"
        "+    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; # old phones"
    )
    assert applicability(claim) is Applicability.AUTOMATIC
    assert claim.fix
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("nginx", "-t"),
        ("nginx", "-s", "reload"),
    ]
    assert claim.facts["place"] == "/etc/nginx/nginx.conf:7"


def test_fires_and_gives_the_block_a_line_of_its_own_instead_of_the_inherited_one() -> None:
    text = "ssl_protocols TLSv1;\n" + OWN
    (claim,) = judge("tls.no-shared-protocol", alerted(70), RUNNING, config(text))
    assert changes(claim) == "+    ssl_protocols TLSv1 TLSv1.2 TLSv1.3;"
    assert applicability(claim) is Applicability.AUTOMATIC


def test_fires_and_leaves_another_sites_block_to_a_person() -> None:
    """The default block of the port is the one that counts."""
    other = with_line("ssl_protocols TLSv1;").replace("shop.example.com", "blog.example.com")
    (claim,) = judge("tls.no-shared-protocol", alerted(70), RUNNING, config(other + OWN))
    assert changes(claim).endswith("+    ssl_protocols TLSv1 TLSv1.2 TLSv1.3;")
    assert applicability(claim) is Applicability.REVIEW


@pytest.mark.parametrize(
    "site",
    [
        OWN,
        with_line("ssl_protocols TLSv1.2;"),
        with_line("ssl_protocols TLSv1; ssl_conf_command MinProtocol TLSv1;"),
    ],
    ids=["no line", "a good line", "set past it"],
)
def test_fires_and_changes_nothing_that_is_not_at_fault(site: str) -> None:
    (claim,) = judge("tls.no-shared-protocol", alerted(70), RUNNING, config(site))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert applicability(claim) is Applicability.MANUAL
