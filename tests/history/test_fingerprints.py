"""The fingerprints that a run leaves."""

from dataclasses import replace

from diagnose.history import make_entry, run_fingerprints
from diagnose.history.entries import encode
from diagnose.model.dns import DnsAnswer
from diagnose.model.firewall import IpSet, Policy, PortRange
from diagnose.model.nginx import CertificateFile, UpstreamTry
from tests.support.check_evidence import NOW, REFUSED, SHOP
from tests.support.history_evidence import (
    CONF,
    HTTPS,
    MAIN,
    RUNNING,
    changed,
    config,
    listener,
    listening,
    master,
    zone,
)
from tests.support.report_builder import ADDRESS, LEAF, NAME, SERVER, healthy, report


def test_a_healthy_visit_leaves_its_prints() -> None:
    assert run_fingerprints(healthy()) == {
        "address (IPv4)": ADDRESS,
        "certificate": "serial 01, until 2027-01-24 14:00 UTC",
    }


def test_addresses_are_as_dns_has_them_in_one_order() -> None:
    def answer(*records: str) -> DnsAnswer:
        return DnsAnswer(
            name=SHOP.host, rdtype="A", server="192.0.2.53", rcode="NOERROR", records=records
        )

    first, second = answer("192.0.2.1", "192.0.2.2"), answer("192.0.2.2", "192.0.2.1")
    assert run_fingerprints(report(NAME, first)) == {"address (IPv4)": "192.0.2.1, 192.0.2.2"}
    assert not changed((first,), (second,))
    assert run_fingerprints(report(answer()))["address (IPv4)"] == "none"


def test_an_address_that_was_given_is_nobodys_news() -> None:
    assert not run_fingerprints(report(replace(NAME, via="option")))


def test_what_is_on_the_server_leaves_prints_that_can_be_read() -> None:
    found = run_fingerprints(
        report(
            SERVER,
            master(NOW),
            CertificateFile(path="/etc/ssl/shop.pem", chain=(LEAF,)),
            RUNNING,
            replace(zone("ssh", "https"), ports=(HTTPS, PortRange(8000, 8100, "udp"))),
            Policy(name="in", permanent=True, ingress=("ANY",), egress=("HOST",)),
            IpSet(name="bad", permanent=False, entries=("192.0.2.9",)),
            UpstreamTry(target="http://a", host="::1", port=3000),
            UpstreamTry(target="http://b", host="", port=0, socket="/run/a", failure=REFUSED),
            config((MAIN, "events {}\n")),
            listening(listener(80), listener(443, None, "::"), listener(49152)),
        )
    )
    assert list(found.items()) == [
        ("server", "web1"),
        ("nginx loaded", "2026-11-24T12:00:00Z"),
        ("certificate in /etc/ssl/shop.pem", "serial 01, until 2027-01-24 14:00 UTC"),
        ("firewalld", "running; default zone public"),
        (
            "zone public (running)",
            "interface eth0; target default; service https; service ssh; "
            "port 443/tcp; port 8000-8100/udp",
        ),
        ("policy in (permanent)", "from ANY; to HOST; target CONTINUE"),
        ("set bad (running)", "entry 192.0.2.9"),
        ("application [::1]:3000", "open"),
        ("application unix:/run/a", "refused"),
        ("listener [::]:443", ""),
        (f"file {MAIN}", "b2496c33033e 2026-11-24T11:51:00Z"),
        ("listener 0.0.0.0:80", "nginx"),
    ]


def test_of_a_files_text_nothing_is_kept() -> None:
    secret = "proxy_set_header Authorization hunter2;\n-----BEGIN PRIVATE KEY-----\nMHcC"
    assert b"hunter2" not in encode(make_entry(report(config((CONF, secret)))))
    assert b"MHcC" not in encode(make_entry(report(config((CONF, secret)))))


def test_what_is_not_printable_becomes_so() -> None:
    (key, text) = next(
        iter(run_fingerprints(report(listening(listener(443, "ngi\x1b[31mnx")))).items())
    )
    assert (key, text) == ("listener 0.0.0.0:443", "ngi\ufffd[31mnx")
