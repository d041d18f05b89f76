"""What is masked, and what survives the masking."""

import json
import re
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from diagnose.engine import conclude
from diagnose.model import Evidence
from diagnose.model.events import Concluded, Event, Observed, Started
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.view import View
from diagnose.outputs.json import document
from diagnose.outputs.text import render
from diagnose.parsers.nginx.config import parse
from diagnose.recording.redaction import Mask, masked_report, sink
from diagnose.recording.redaction_names import host_names
from tests.support.check_evidence import NOW, SHOP
from tests.support.report_builder import ANSWER, CLOSED, NAME

NAMES = ["shop.example.com", "db.internal.acme.net"]


def test_one_address_has_one_stand_in_everywhere() -> None:
    mask = Mask(NAMES).mask_text
    assert mask("198.51.100.7:443 and 198.51.100.7") == "192.0.2.1:443 and 192.0.2.1"
    assert mask("198.51.100.6, again 198.51.100.7.") == "192.0.2.0, again 192.0.2.1."


def test_what_lies_in_one_network_does_so_again_and_what_does_not_does_not() -> None:
    mask = Mask(NAMES).mask_text
    written = "198.51.100.66 198.51.100.70 198.51.100.96 203.0.113.66"
    first, second, third, other = map(ip_address, mask(written).split())

    def near(address: object, length: int) -> bool:
        return ip_address(str(address)) in ip_network(f"{first}/{length}", strict=False)

    assert near(second, 27)
    assert near(third, 24)
    assert not near(third, 27)
    assert not near(other, 24)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.168.7.9", "192.168.0.1"),
        ("10.9.8.7", "10.0.0.1"),
        ("172.20.1.1", "172.16.0.1"),
        ("100.100.1.1", "100.64.0.1"),
        ("2400:3200::1", "2001:db8:0:ffff::1"),
        ("[2400:3200:baba::1]:443", "[2001:db8:0:ffff::1]:443"),
        ("fd12:3456::9", "fd00::1"),
        ("fe80::1c2d", "fe80::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0:443 [::]:443 ::1", "0.0.0.0:443 [::]:443 ::1"),
    ],
)
def test_a_stand_in_is_of_the_same_network(text: str, kept: str) -> None:
    assert Mask(NAMES).mask_text(text) == kept


def test_names_keep_their_domain_in_common() -> None:
    mask = Mask(NAMES).mask_text
    assert mask("shop.example.com") == "name1.name2.com"
    assert mask("*.example.com www.example.com EXAMPLE.com") == (
        "*.name2.com www.name2.com name2.com"
    )
    assert mask("wss://cdn.shop.example.com/ws") == "wss://name3.name1.name2.com/ws"
    assert mask("/etc/ssl/shop.example.com.pem") == "/etc/ssl/name1.name2.com.pem"
    assert mask("db.internal.acme.net") == "name4.name5.name6.net"


def test_what_only_looks_like_a_name_or_an_address_stays() -> None:
    text = "shop.example.company 1.3.6.1.5.5.7.3.1 12:30:45 nginx/1.26.3 at 2026-11-24T12:00:00Z"
    assert Mask(NAMES).mask_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer sesame",
        "curl -H 'Cookie: sid=sesame' https://shop.example.com/",
        "https://shop.example.com/ws?access_token=sesame&x=1",
        "https://user:sesame@shop.example.com/",
        'proxy_set_header Authorization "Basic sesame";',
    ],
)
def test_secrets_are_gone(text: str) -> None:
    masked = Mask(NAMES).mask_text(text)
    assert "sesame" not in masked
    assert "***" in masked


def test_a_name_of_one_word_is_masked_unless_it_is_one_of_ours() -> None:
    mask = Mask(["intranet", "server"]).mask_text
    assert mask("https://intranet/ on the server") == "https://name1/ on the server"


def test_a_header_that_is_a_secret_loses_its_value_and_keeps_its_name() -> None:
    seen = replace(ANSWER, headers=(("Set-Cookie", "sid=sesame"), ("Server", "nginx")))
    assert Mask(NAMES).mask_value(seen).headers == (("Set-Cookie", "***"), ("Server", "nginx"))


CONFIG = """\
http {
    server {  # shop.example.com at 198.51.100.7
        listen 198.51.100.7:443 ssl;
        server_name shop.example.com other.acme.net;
        location /ws { proxy_pass http://10.1.2.3:3000; proxy_set_header Cookie "a=sesame"; }
    }
}
"""


def test_a_configuration_is_masked_and_its_directives_are_still_where_they_stand() -> None:
    config = NginxConfig(
        path="/etc/nginx/nginx.conf",
        main=parse(CONFIG, "/etc/nginx/nginx.conf"),
        files=(ConfigFile("/etc/nginx/nginx.conf", CONFIG),),
    )
    evidence = Evidence(SHOP, NOW, (config,))
    masked = Mask(host_names(evidence)).mask_value(config)
    text = masked.files[0].text
    assert not re.search("shop|acme|198|sesame|10.1", text)
    assert text.count("\n") == CONFIG.count("\n")
    assert masked.main == parse(text, "/etc/nginx/nginx.conf")


def test_a_masked_report_has_the_findings_of_the_original() -> None:
    whole = replace(conclude(Evidence(SHOP, NOW, (NAME, CLOSED))), duration=0.3)
    told, view = masked_report(
        whole,
        View(hostname="laptop", again=("--address", "203.0.113.10")),
        lambda seen, crashes: conclude(seen, crashes=crashes),
    )
    assert [one.check.id for one in told.findings] == [one.check.id for one in whole.findings]
    assert told.duration == 0.3
    made = json.dumps(document(told, view)) + render(told, replace(view, verbosity=2))
    assert not re.search(r"shop|203\.0\.113|laptop", made)


def test_a_masked_stream_comes_at_the_end_and_is_complete() -> None:
    lines: list[Event] = []
    told = sink(View(), lambda _: lines.append, lambda seen, crashes: conclude(seen))
    whole = conclude(Evidence(SHOP, NOW, (NAME,)))
    told(Started(SHOP))
    told(Observed(NAME, 1))
    assert lines == []
    told(Concluded(whole))
    assert [type(one) for one in lines] == [Started, Observed, Concluded]
    assert isinstance(lines[1], Observed)
    assert lines[1].observation.name == "name1.name2.com"  # type: ignore[attr-defined]
