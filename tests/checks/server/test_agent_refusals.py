"""server.agent-refused on HAProxy and Caddy: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.agent-refused"
TOLD = replace(SHOP, path="/", symptom=Symptom("status", "Googlebot gets 403", 403))
SPARED = "{ req.hdr(user-agent) -m sub -i Googlebot }"


def on_haproxy(*rules: str, status: int = 200) -> list[Claim]:
    lines = "".join(f"    {rule}\n" for rule in rules)
    text = TEXT.replace("    default_b", f"{lines}    default_b")
    return judge(CHECK, SERVER, config(text), page(status), target=TOLD, masked=False)


def on_caddy(lines: str, told: str = "Googlebot gets 403", number: int = 403) -> list[Claim]:
    text = f"shop.example.com {{\n{lines}\treverse_proxy 127.0.0.1:3000\n}}\n"
    own = caddy_config(text, document("shop.example.com"))
    target = replace(TOLD, symptom=Symptom("status", told, number))
    return judge(CHECK, CADDY, own, page(200), target=target, masked=False)


def added(claims: list[Claim]) -> list[str]:
    (claim,) = claims
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [row[1:].strip() for row in edit.diff.split("\n")[2:] if row.startswith("+")]


@pytest.mark.parametrize(
    "rules",
    [
        ["http-request deny if { req.hdr(user-agent) -m sub -i bot crawl }"],
        ["acl bad hdr_sub(User-Agent) -i spider bot", "http-request deny if bad"],
        ["acl bad hdr_reg(User-Agent) -i (spider|bot)", "http-request deny if bad"],
    ],
)
def test_fires_on_haproxy_and_spares_the_program(rules: list[str]) -> None:
    assert added(on_haproxy(*rules)) == [f"{rules[-1]} !{SPARED}"]


def test_fires_on_a_rule_for_all_but_some_programs() -> None:
    rule = "http-request deny unless { req.hdr(user-agent) -m beg Mozilla/5.0\\ (X11 }"
    assert added(on_haproxy(rule)) == [f"{rule} || {SPARED}"]


@pytest.mark.parametrize(
    "rule",
    [
        "http-request deny if { req.hdr(user-agent) -m sub -i python }",
        "http-request deny if { req.hdr(user-agent) -m sub Bot }",
        "http-request deny if { src 192.0.2.1 } { req.hdr(user-agent) -m sub -i bot }",
        f"http-request deny if {{ req.hdr(user-agent) -m sub -i bot }} !{SPARED}",
    ],
)
def test_silent_where_haproxy_lets_the_program_in(rule: str) -> None:
    assert not on_haproxy(rule)


def test_silent_where_the_page_itself_is_refused() -> None:
    assert not on_haproxy("http-request deny if { req.hdr(user-agent) -m sub -i bot }", status=403)


BLOCK = ["@bots {", "header_regexp User-Agent (?i)(bot|crawl)",
         "not header_regexp User-Agent (?i)Googlebot", "}"]  # fmt: skip


@pytest.mark.parametrize("answer", ["respond @bots 403", 'error @bots "no" 403'])
def test_fires_on_caddy_and_spares_the_program(answer: str) -> None:
    lines = f"\t@bots header_regexp User-Agent (?i)(bot|crawl)\n\t{answer}\n"
    assert added(on_caddy(lines)) == BLOCK


def test_fires_on_a_block_that_handles_the_matcher() -> None:
    lines = "\t@bots {\n\t\theader User-Agent *bot*\n\t}\n\thandle @bots {\n\t\trespond 403\n\t}\n"
    assert added(on_caddy(lines)) == [BLOCK[2]]


def test_fires_where_another_program_is_spared() -> None:
    rows = (BLOCK[1], BLOCK[2].replace("Google", "bing"))
    lines = "\t@bots {\n" + "".join(f"\t\t{row}\n" for row in rows) + "\t}\n\trespond @bots 403\n"
    assert added(on_caddy(lines)) == [BLOCK[2]]


@pytest.mark.parametrize(
    "lines",
    [
        "\t@bots header_regexp User-Agent (?i)python\n\trespond @bots 403\n",
        "\t@bots header_regexp User-Agent (?i)bot\n\theader @bots X-Bot yes\n",
        "\t@bots {\n\t\tpath /private/*\n\t\theader User-Agent *bot*\n\t}\n\trespond @bots 403\n",
        "\t@bots header User-Agent *Bot*\n\trespond @bots 403\n",
        "\t@all header_regexp User-Agent .*\n\trespond @all 403\n",
        "\t@bots {\n"
        + "".join(f"\t\t{row}\n" for row in BLOCK[1:3])
        + "\t}\n\trespond @bots 403\n",
    ],
)
def test_silent_where_caddy_lets_the_program_in(lines: str) -> None:
    assert not on_caddy(lines)


def test_silent_where_the_message_has_another_status() -> None:
    lines = "\t@bots header_regexp User-Agent (?i)bot\n\trespond @bots 429\n"
    assert not on_caddy(lines)
