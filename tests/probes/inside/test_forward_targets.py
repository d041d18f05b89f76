"""Where the packet filter redirects the target's port to."""

import asyncio
import shlex

import pytest

from diagnose.model.observation import Unseen
from diagnose.model.packet_paths import ForwardTarget
from diagnose.probes.inside import forward_targets as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

IPTABLES = "-A PREROUTING -p tcp --dport 443 -j DNAT --to-destination 10.8.0.2\n"
NFT = '{"dnat": {"addr": "10.8.0.2", "port": 443}}'


def look(rules: str, time: str, setting: str) -> Looking:
    words = ("curl", "-sk", "-o", "/dev/null", "--noproxy", "*", "-m", "5")
    argv = (*words, "--connect-timeout", "4", "-w", "%{time_connect}", "https://10.8.0.2:443/")
    files = {"/proc/sys/net/ipv4/ip_forward": f"{setting}\n"}
    looking = Looking(RecordedMachine({shlex.join(argv): time}, files))
    asyncio.run(probes.emit_targets(looking, rules))
    return looking


@pytest.mark.parametrize("rules", [IPTABLES, NFT, IPTABLES + NFT])
def test_one_target(rules: str) -> None:
    looking = look(rules, "0.001", "0")
    (target,) = looking.observed(ForwardTarget)
    assert (target.address, target.port) == ("10.8.0.2", 443)
    assert (target.is_reached, target.is_forwarding) == (True, False)


def test_redirects_of_other_ports_are_not_asked() -> None:
    """Docker's come first, and are many."""
    others = "".join(
        f"-A DOCKER -p tcp -m tcp --dport {port} -j DNAT --to-destination 172.17.0.2:{port}\n"
        for port in (25, 8080, 8443)
    )
    several = IPTABLES.replace("--dport 443", "-m multiport --dports 80,440:450")
    for own in (IPTABLES, several, "-A PREROUTING -j DNAT --to-destination 10.8.0.2\n"):
        (target,) = look(others + own, "0.001", "0").observed(ForwardTarget)
        assert target.address == "10.8.0.2"


def test_what_visitors_get_there_is_not_known() -> None:
    assert look(IPTABLES, "0.001", "1").observed(Unseen)
    looking = look(IPTABLES, "0.000000", "1")
    assert not looking.observed(Unseen)
    assert not looking.observed(ForwardTarget)[0].is_reached


def test_a_redirect_to_this_server_is_none() -> None:
    rules = "-A PREROUTING -j DNAT --to-destination 127.0.0.1:8443\n-j REDIRECT\n"
    assert not look(rules, "0.1", "1").observations
