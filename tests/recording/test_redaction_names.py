"""Which host names are found in evidence."""

from dataclasses import replace

import pytest

from diagnose.model import Evidence, Observation
from diagnose.model.containers import Container, Containers
from diagnose.model.dns import DnsAnswer
from diagnose.model.files import OtherCertificate
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.nginx import UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.model.upstream import ServerNames
from diagnose.recording.redaction_names import host_names, upstream_hosts
from tests.support.check_evidence import NOW, SHOP
from tests.support.nginx_evidence import config
from tests.support.report_builder import ANSWER, LEAF

HIDDEN = "app.corp-internal.net"
LINE = LogLine(file="/var/log/nginx/error.log", when=1.0, level="error", pid=7, text="")
ASKED = Upgrade(url="wss://shop.example.com/ws", path="/ws", address="192.0.2.1", port=443)


def names(*observations: Observation) -> set[str]:
    evidence = Evidence(SHOP, NOW, observations)
    return {name.strip(".") for name in (*host_names(evidence), *upstream_hosts(evidence))}


def alias(record: str, rdtype: str = "CNAME") -> DnsAnswer:
    return DnsAnswer(name="shop.example.com", rdtype=rdtype, server="192.0.2.1", records=(record,))


def certificate(**fields: object) -> OtherCertificate:
    return OtherCertificate(path="/a.pem", leaf=replace(LEAF, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "seen",
    [
        alias(f"{HIDDEN}."),
        certificate(subject=f"CN={HIDDEN}"),
        certificate(common_name=HIDDEN),
        certificate(crl_urls=(f"http://{HIDDEN}/ca.crl",)),
        replace(ANSWER, headers=(("Location", f"https://{HIDDEN}/"),)),
        replace(ANSWER, headers=(("Alt-Svc", f'h3="{HIDDEN}:443"'),)),
        replace(ANSWER, equivalent=f"curl https://{HIDDEN}/"),
        replace(ASKED, origin=f"https://{HIDDEN}"),
        replace(LINE, text=f'host not found in upstream "{HIDDEN}"'),
        replace(LINE, text=f"{HIDDEN} could not be resolved (3: Host not found)"),
        replace(LINE, server=HIDDEN),
        UpstreamTry(target="a", host=HIDDEN, port=80),
        ServerNames(written=(HIDDEN,)),
        Containers(containers=(Container("docker", "1", "a", image=f"{HIDDEN}:5000/app"),)),
        Handshake(address="192.0.2.1", port=443, received=f"220 {HIDDEN} ESMTP Postfix"),
        Handshake(address="192.0.2.1", port=443, server_name=HIDDEN),
    ],
    ids=lambda seen: type(seen).__name__,
)
def test_a_name_is_found_wherever_it_stands(seen: Observation) -> None:
    assert HIDDEN in names(seen)


@pytest.mark.parametrize(
    "seen",
    [
        alias('0 issue "letsencrypt.org"', "CAA"),
        alias("192.0.2.7", "A"),
        certificate(ocsp_urls=("http://r3.o.lencr.org",)),
        Containers(containers=(Container("docker", "1", "a", image="library/nginx:1.26"),)),
    ],
    ids=["caa", "address", "public-authority", "public-image"],
)
def test_what_is_public_stays(seen: Observation) -> None:
    assert names(seen) <= {
        "",
        "shop.example.com",
        "192.0.2.1",
        "192.0.2.7",
        *LEAF.dns_names,
        LEAF.common_name,
    }


def test_a_host_of_one_word_is_one_only_where_a_host_can_be() -> None:
    evidence = Evidence(SHOP, NOW, (Exchange(url="http://app:80/", address="10.0.0.1", port=80),))
    assert "app" in upstream_hosts(evidence)
    assert "app" not in host_names(evidence)


def test_a_directive_after_a_comment_is_no_name() -> None:
    text = "location / {\n # to its server\n proxy_pass http://app:80;\n}\nupstream web {}\n"
    known = names(config(text))
    assert {"app", "web"} <= known
    assert "proxy_pass" not in known


def test_a_directive_after_a_forgotten_semicolon_is_no_name() -> None:
    text = "server {\n server_name a.example.com\n ssl_certificate /a.pem;\n}\n"
    known = names(config(text))
    assert "a.example.com" in known
    assert "ssl_certificate" not in known
