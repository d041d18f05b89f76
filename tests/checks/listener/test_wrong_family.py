import subprocess
from pathlib import Path

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Target,
    Vantage,
)
from diagnose.model.dns import Resolution
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic

ADDRESS6 = "2001:db8:2::10"
NAME4 = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
NAME6 = Resolution(name="shop.example.com", family=6, addresses=(ADDRESS6,))
BOTH = nic("eth0", ADDRESS, ADDRESS6)
TEXT = """\
http {
    server {
        listen 443 ssl default_server;  # IPv4
        server_name shop.example.com;
    }
    server { listen 443 ssl; server_name other.example.com; }
    server {
        listen 80;
    }
}
"""


def six(*ports: int, dual: bool = False) -> Listeners:
    sockets = tuple(
        Listener(
            vantage=Vantage.SERVER, address="::", port=port, family=6, dual=dual, process="nginx"
        )
        for port in ports
    )
    return Listeners(vantage=Vantage.SERVER, sockets=sockets)


def config(path: str, text: str = TEXT) -> NginxConfig:
    files = (ConfigFile(path, text),)
    return NginxConfig(vantage=Vantage.SERVER, path=path, main=parse(text, path), files=files)


def ipv4_only(*observations: Observation) -> tuple[Observation, ...]:
    refused = connected(ADDRESS6, failure=REFUSED)
    return (host(), NAME4, NAME6, BOTH, listening(80, 443), connected(), refused, *observations)


def test_fires_with_a_patch_that_gives_each_listen_its_twin(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(TEXT)
    (claim,) = judge("listener.wrong-family", *ipv4_only(config(str(path))))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert [(subject.address, subject.port) for subject in claim.covers] == [
        (ADDRESS6, 443),
        (ADDRESS6, 80),
    ]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    subprocess.run(["patch", "-s", str(path)], input=edit.diff, text=True, check=True)
    changed = path.read_text()
    assert "  # IPv4\n        listen [::]:443 ssl default_server;\n" in changed
    assert changed.count("listen [::]:443 ssl") == 2
    assert "        listen 80;\n        listen [::]:80;\n" in changed


def test_a_visit_in_plain_http_opens_the_port_of_https_as_well(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(TEXT)
    refused = connected(ADDRESS6, 80, failure=REFUSED)
    plain = Target("http://shop.example.com", "http", "shop.example.com", 80)
    seen = (host(), NAME4, NAME6, BOTH, listening(80, 443), connected(port=80), refused)
    (claim,) = judge("listener.wrong-family", *seen, config(str(path)), target=plain)
    assert [subject.port for subject in claim.covers] == [80, 443]
    assert claim.fix is not None
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        listen [::]:443 ssl default_server;" in edit.diff
    assert "+        listen [::]:80;" in edit.diff


def test_fires_where_nginx_takes_ipv6_only() -> None:
    text = TEXT.replace("443 ssl", "[::]:443 ssl ipv6only=on")
    refused = connected(failure=REFUSED)
    seen = (host(), NAME4, nic(), six(443), refused, config("/etc/nginx/nginx.conf", text))
    (claim,) = judge("listener.wrong-family", *seen)
    assert claim.severity is None
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+        listen 443 ssl default_server;" in claim.fix.steps[0].diff


def test_fires_without_a_patch_for_other_programs() -> None:
    (claim,) = judge("listener.wrong-family", *ipv4_only())
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_behind_a_translated_address_and_is_less_sure() -> None:
    private = nic("eth0", "172.16.0.5", "2001:db8:2::10")
    seen = (host(), NAME4, private, six(443), connected(failure=REFUSED))
    (claim,) = judge("listener.wrong-family", *seen)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_one_socket_takes_both_families() -> None:
    assert not judge("listener.wrong-family", host(), NAME4, nic(), six(443, dual=True))


def test_silent_where_the_name_does_not_publish_the_other_family() -> None:
    assert not judge("listener.wrong-family", host(), NAME4, BOTH, listening(443))


def test_silent_where_the_address_is_another_machines() -> None:
    """A CDN has IPv6, and the server behind it has none."""
    refused = connected(ADDRESS6, failure=REFUSED)
    assert not judge("listener.wrong-family", host(), NAME4, NAME6, nic(), listening(443), refused)


def test_silent_where_it_answers_all_the_same_or_is_silent() -> None:
    seen = (host(), NAME4, NAME6, BOTH, listening(443))
    assert not judge("listener.wrong-family", *seen, connected(ADDRESS6))


def test_silent_where_nothing_or_loopback_alone_listens() -> None:
    refused = connected(failure=REFUSED)
    local = listening(443, address="127.0.0.1")
    assert not judge("listener.wrong-family", host(), NAME4, nic(), listening(80), refused)
    assert not judge("listener.wrong-family", host(), NAME4, nic(), local, refused)
