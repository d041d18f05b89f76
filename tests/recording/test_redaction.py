"""What is masked, and what survives the masking."""

import json
import re
from dataclasses import replace

from diagnose.checking.conclusion import conclude
from diagnose.model import Evidence
from diagnose.model.events import Concluded, Event, Observed, Started
from diagnose.model.view import View
from diagnose.outputs.json import document
from diagnose.outputs.text import render
from diagnose.recording.redaction import Mask, masked_report, sink
from tests.support.check_evidence import NOW, SHOP
from tests.support.report_builder import CLOSED, NAME

NAMES = ["shop.example.com", "db.internal.acme.net"]


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


def test_a_name_of_one_word_is_masked_unless_it_is_one_of_ours() -> None:
    mask = Mask(["intranet", "server"]).mask_text
    assert mask("https://intranet/ on the server") == "https://name1/ on the server"


def test_a_masked_report_has_the_findings_of_the_original() -> None:
    whole = replace(conclude(Evidence(SHOP, NOW, (NAME, CLOSED))), duration=0.3)
    told, view = masked_report(
        whole,
        View(hostname="laptop", again=("--address", "203.0.113.10")),
        lambda seen, crashes: conclude(seen, crashes=crashes),
    )
    assert [finding.check.id for finding in told.findings] == [
        finding.check.id for finding in whole.findings
    ]
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
    assert [type(line) for line in lines] == [Started, Observed, Concluded]
    assert isinstance(lines[1], Observed)
    assert lines[1].observation.name == "name1.name2.com"  # type: ignore[attr-defined]


def test_a_host_that_is_kept_keeps_its_domain_and_its_mistyped_names() -> None:
    mask = Mask(["shop.example.com", "db.acme.net"], (), ("shop.example.com",)).mask_text
    assert mask("shop.example.com /etc/ssl/shop.example.com.pem") == (
        "shop.example.com /etc/ssl/shop.example.com.pem"
    )
    assert mask("*.example.com blog.example.com api.shop.example.com") == (
        "*.example.com name1.example.com name2.shop.example.com"
    )
    assert mask("shpo.example.com") == "shpo.example.com"
    assert mask("db.acme.net 203.0.113.10") == "name3.name4.net 192.0.2.1"


def test_an_address_that_is_kept_stays_and_others_do_not() -> None:
    assert Mask([], (), ("203.0.113.10",)).mask_text("203.0.113.10 203.0.113.11") == (
        "203.0.113.10 192.0.2.1"
    )
    assert Mask([], (), ("2001:db8::1",)).mask_text("[2001:db8::1]:443 2001:db8::2") == (
        "[2001:db8::1]:443 2001:db8:0:ffff::1"
    )


def test_a_stand_in_is_no_label_of_the_host_that_is_kept() -> None:
    mask = Mask(["name1.example.com", "db.acme.net"], (), ("name1.example.com",)).mask_text
    assert mask("db.acme.net name1.example.com") == "name2.name3.net name1.example.com"
