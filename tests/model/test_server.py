from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.server import (
    Interface,
    Listener,
    Listeners,
    PidFile,
    Route,
    interface_addresses,
    listening_programs,
    server_interfaces,
)
from tests.support.check_evidence import evidence
from tests.support.summaries import summary_text

WEB = Listener(address="0.0.0.0", port=443, family=4, process="nginx")
WEB6 = replace(WEB, address="::", family=6)
SSH = Listener(address="::1", port=22, family=6)


def test_the_sockets_on_a_port_are_those_of_every_address() -> None:
    listeners = Listeners(sockets=(WEB, SSH, WEB6))
    assert listeners.on(443) == (WEB, WEB6)
    assert listeners.on(8443) == ()


def test_a_socket_is_named_by_its_process_if_that_may_be_read() -> None:
    assert summary_text(WEB) == ("0.0.0.0:443", "nginx")
    assert summary_text(SSH) == ("[::1]:22", "listening")


def test_the_list_of_sockets_is_bounded_and_says_that_it_is_empty() -> None:
    assert summary_text(Listeners(sockets=(WEB, SSH)))[1] == "0.0.0.0:443 nginx, [::1]:22"
    assert summary_text(Listeners(sockets=(WEB,) * 500))[1].count("nginx") == 12
    assert summary_text(Listeners())[1] == "none"


def test_an_interface_is_up_or_down() -> None:
    nic = Interface(name="eth0", up=True, addresses=("203.0.113.10",))
    assert summary_text(nic) == ("eth0 up", "203.0.113.10")
    assert summary_text(Interface(name="eth0", up=False)) == ("eth0 down", "none")


def test_a_route_without_a_gateway_is_a_device() -> None:
    route = Route(source="10.0.0.5", towards="192.0.2.1", family=4, device="eth0")
    assert summary_text(route)[1] == "eth0"
    assert summary_text(replace(route, gateway="10.0.0.1"))[1] == "10.0.0.1 eth0"


def test_a_pid_file_without_a_number_counts_as_missing() -> None:
    assert summary_text(PidFile(path="/run/nginx.pid"))[1] == "missing"
    assert summary_text(PidFile(path="/run/nginx.pid", pid=7))[1] == "pid 7"


def test_the_programs_that_listen_are_named_once_without_those_of_the_system() -> None:
    node = replace(WEB, port=3000, process="node")
    resolver = replace(WEB, port=53, process="systemd-resolve")
    listening = evidence(Listeners(sockets=(WEB, WEB6, node, resolver, SSH)))
    assert listening_programs(listening) == ("nginx 443", "node 3000")
    assert listening_programs(listening, without={"nginx"}) == ("node 3000",)


def test_the_servers_interfaces_are_those_that_were_seen_there() -> None:
    here = Interface(name="lan", up=True, addresses=("192.0.2.1",))
    there = replace(here, name="eth0", addresses=("203.0.113.10",), vantage=Vantage.SERVER)
    assert server_interfaces(evidence(here, there)) == (there,)
    assert interface_addresses([here, there]) == {"192.0.2.1", "203.0.113.10"}
