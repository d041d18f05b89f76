import pytest

from diagnose.model import Host, Vantage, commands
from diagnose.model.containers import Container, ContainerPort, Containers
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import (
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    remedy,
)
from tests.support.nat_rules import saved

CLOSED = (firewalld(), *both("public", SSH, interfaces=("eth0",)))
WEB = Container("docker", "c1", "web", ports=(ContainerPort(443, 443, "0.0.0.0"),))
LISTED = Containers(vantage=Vantage.SERVER, containers=(WEB,))


def test_fires_where_the_proxy_is_left_alone_behind_a_closed_zone() -> None:
    proxy = listening(443, process="docker-proxy")
    given = (host(), nic(), proxy, *CLOSED, saved(""), connected(failure=TIMEOUT))
    (claim,) = judge("firewall.container-rules-lost", *given, LISTED)
    assert (claim.facts["engine"], claim.facts["container"]) == ("Docker", "web")
    assert remedy(claim) == ["service docker restart"]


def test_fires_where_there_is_no_proxy() -> None:
    systemd = Host(vantage=Vantage.SERVER, hostname="web", role="server", manager="systemd")
    given = (systemd, nic(), listening(22), LISTED, saved(""), connected(failure=TIMEOUT))
    (claim,) = judge("firewall.container-rules-lost", *given)
    assert claim.fix is not None
    assert claim.fix.steps == (commands.restart_service("docker"),)


def test_fires_for_podman_whose_conmon_only_keeps_the_port() -> None:
    kept = listening(443, process="conmon")
    (claim,) = judge(
        "firewall.container-rules-lost", host(), nic(), kept, saved(""), connected(failure=TIMEOUT)
    )
    assert remedy(claim) == ["podman network reload --all"]


@pytest.mark.parametrize("process", ["nginx", "docker-proxy"])
def test_silent_where_what_listens_is_let_in(process: str) -> None:
    opened = (firewalld(), *both("public", HTTPS, interfaces=("eth0",)))
    given = (host(), nic(), listening(443, process=process), *opened, saved(""), connected())
    assert not judge("firewall.container-rules-lost", *given)


def test_silent_where_the_rules_are_there() -> None:
    proxy = listening(443, process="docker-proxy")
    given = (host(), nic(), proxy, *CLOSED, LISTED, connected())
    assert not judge("firewall.container-rules-lost", *given, saved())


def test_silent_where_it_answers_all_the_same() -> None:
    proxy = listening(443, process="docker-proxy")
    given = (host("ssh://web"), nic(), proxy, *CLOSED, saved(""), connected())
    assert not judge("firewall.container-rules-lost", *given)


def test_silent_where_it_is_published_on_the_loopback_address_alone() -> None:
    proxy = listening(443, process="docker-proxy", address="127.0.0.1")
    given = (host(), nic(), proxy, *CLOSED, saved(""), connected(failure=TIMEOUT))
    own = Container("docker", "c1", "web", ports=(ContainerPort(443, 443, "127.0.0.1"),))
    inner = Containers(vantage=Vantage.SERVER, containers=(own,))
    assert not judge("firewall.container-rules-lost", *given, inner)
    nobody = (host(), nic(), listening(22), *CLOSED, saved(""), connected(failure=TIMEOUT))
    assert not judge("firewall.container-rules-lost", *nobody, inner)
