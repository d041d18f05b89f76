from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Manual, Severity, Vantage
from diagnose.model.dns import DnsAnswer
from diagnose.model.http import Exchange
from diagnose.model.kernel import Kernel
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface
from diagnose.model.symptom import Symptom
from diagnose.model.target import Target
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import BUILD, HOST, LOADED, RUNNING, SITE, config

CHECK = "nginx.visitor-denied"
VISITOR = "192.0.2.66"
FROM = Visitor(address=VISITOR)
FORBIDDEN = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=403, purpose="target"
)


def site(inside: str = "", before: str = "") -> NginxConfig:
    return config(before + SITE.replace("    location / {\n", f"    location / {{\n{inside}", 1))


def changed(claim) -> list[str]:  # type: ignore[no-untyped-def]
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    lines = [line for edit in edits for line in edit.diff.splitlines()]
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def test_fires_where_deny_names_the_visitor_and_takes_the_line_away() -> None:
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FROM, site(f"        deny {VISITOR};\n"))
    assert claim.severity is Severity.ERROR
    assert (claim.facts["listed"], claim.facts["status"]) == (True, 403)
    assert changed(claim) == [f"-        deny {VISITOR};"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_where_the_visitor_is_not_on_the_list_and_makes_one_exception() -> None:
    rules = "        allow 198.51.100.0/24;\n        deny all;\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FROM, site(rules))
    assert claim.facts["reserved"]
    assert changed(claim) == [f"+        allow {VISITOR};"]


def test_fires_for_a_geo_block_and_leaves_the_change_to_a_person() -> None:
    geo = "geo $blocked {\n    default 0;\n    192.0.2.0/24 1;\n}\n"
    rules = "        if ($blocked) {\n            return 403;\n        }\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FROM, site(rules, geo))
    assert claim.facts["computed"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (edit,) = claim.fix.edits
    assert f"+    {VISITOR} 0;" in edit.diff


@pytest.mark.parametrize(
    ("geo", "condition", "line"),
    [
        ("default deny;\n    127.0.0.0/8 pass;", "$list = deny", f"{VISITOR} pass;"),
        ("default 0;\n    127.0.0.0/8 1;", "$list != 1", f"{VISITOR} 1;"),
        (f"default 0;\n    {VISITOR} 1;", "$list", f"{VISITOR} 0;"),
    ],
)
def test_fires_and_gives_the_visitor_the_value_that_passes(
    geo: str, condition: str, line: str
) -> None:
    lists = f"geo $list {{\n    {geo}\n}}\n"
    rules = f"        if ({condition}) {{\n            return 403;\n        }}\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FROM, site(rules, lists), masked=False)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert f"+    {line}" in edit.diff


def test_fires_and_leaves_a_list_of_ranges_to_a_person() -> None:
    geo = "geo $blocked {\n    ranges;\n    default 0;\n    192.0.2.0-192.0.2.255 1;\n}\n"
    rules = "        if ($blocked) {\n            return 403;\n        }\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FROM, site(rules, geo), masked=False)
    assert claim.fix
    assert claim.fix.edits == ()


def test_fires_for_whoever_has_logged_in_by_a_rule_about_them_only() -> None:
    local = HOST
    login = Kernel(vantage=Vantage.SERVER, client=VISITOR)
    (claim,) = judge(CHECK, local, login, BUILD, RUNNING, site("        deny 192.0.2.0/24;\n"))
    assert not claim.facts["asked"]
    rules = "        allow 198.51.100.0/24;\n        deny all;\n"
    (note,) = judge(CHECK, local, login, BUILD, RUNNING, site(rules))
    assert note.severity is Severity.NOTE


def test_fires_as_a_note_without_a_visitor() -> None:
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site("        deny 192.0.2.0/24;\n"))
    assert claim.severity is Severity.NOTE
    assert claim.facts["sources"] == ("192.0.2.0/24",)


def test_a_note_rests_on_the_refusal_of_the_page() -> None:
    rules = site("        deny 192.0.2.0/24;\n")
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FORBIDDEN, rules)
    assert FORBIDDEN in claim.because
    (other,) = judge(CHECK, HOST, BUILD, RUNNING, replace(FORBIDDEN, status=404), rules)
    assert not any(isinstance(each, Exchange) for each in other.because)


def test_fires_as_a_note_where_no_address_is_allowed() -> None:
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site("        deny all;\n"))
    assert (claim.facts["closed"], claim.facts["nobody"]) == ((), True)
    assert not any(": -" in text or "：-" in text for text in texts(CHECK, claim))


def test_fires_as_a_warning_where_the_whole_site_refuses_everybody() -> None:
    whole = config(SITE.replace("    location /", "    deny all;\n    location /"))
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, whole, FORBIDDEN)
    assert claim.severity is Severity.WARNING
    assert any("refuses every visitor" in text for text in texts(CHECK, claim))
    assert claim.fix
    assert "-    deny all;" in claim.fix.edits[0].diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    # What is closed by a location, or asked for in a folder, may be closed on purpose.
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site("        deny all;\n"), FORBIDDEN)
    assert claim.severity is Severity.NOTE
    url = f"https://{SHOP.host}/private/"
    folder = replace(SHOP, input=url, path="/private/")
    forbidden = replace(FORBIDDEN, url=url)
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, whole, forbidden, target=folder)
    assert claim.severity is Severity.NOTE


def test_silent_where_another_visitor_is_denied_and_where_nobody_is() -> None:
    assert not judge(CHECK, HOST, BUILD, RUNNING, FROM, site("        deny 192.0.2.9;\n"))
    allowed = f"        allow {VISITOR};\n        deny all;\n"
    assert not judge(CHECK, HOST, BUILD, RUNNING, FROM, site(allowed))
    assert not judge(CHECK, HOST, BUILD, RUNNING, site())


def test_silent_where_the_answer_is_the_same_for_everybody_or_hangs_on_a_password() -> None:
    assert not judge(CHECK, HOST, BUILD, RUNNING, FROM, site("        return 403;\n"))
    password = '        satisfy any;\n        deny all;\n        auth_basic "x";\n'
    assert not judge(CHECK, HOST, BUILD, RUNNING, FROM, site(password))
    (claim,) = judge("host.visitor-unjudged", HOST, BUILD, RUNNING, FROM, site(password))
    assert claim.facts["access"] == ("satisfy any",)


def test_silent_for_an_address_that_is_taken_for_a_proxys() -> None:
    trusted = "        deny 192.0.2.0/24;\n"
    proxy = "set_real_ip_from 192.0.2.0/24;\nreal_ip_header X-Forwarded-For;\n"
    assert not judge(CHECK, HOST, BUILD, RUNNING, FROM, site(trusted, proxy))
    (claim,) = judge("host.visitor-unjudged", HOST, BUILD, RUNNING, FROM, site(trusted, proxy))
    named = "set_real_ip_from 192.0.2.0/24; real_ip_header X-Forwarded-For"
    assert claim.facts["access"] == (named,)


def test_fires_as_a_warning_where_deny_all_comes_before_allow() -> None:
    rules = "        deny all;\n        allow 198.51.100.0/24;\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(rules))
    assert claim.severity is Severity.WARNING
    assert (claim.facts["closed"], claim.facts["nobody"]) == ((), True)
    assert claim.facts["dead"] == ("198.51.100.0/24",)
    assert claim.fix
    (edit,) = claim.fix.edits
    after = "".join(line for line in edit.diff.splitlines() if not line.startswith("-"))
    assert after.index("allow 198.51.100.0/24;") < after.index("deny all;")


def test_a_deny_behind_deny_all_is_no_mistake() -> None:
    rules = "        allow 198.51.100.0/24;\n        deny all;\n        deny 192.0.2.1;\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(rules))
    assert claim.severity is Severity.NOTE
    assert claim.facts["closed"] == ("198.51.100.0/24",)


GEO = "geo $closed { default 1; 127.0.0.0/8 0; 203.0.113.0/24 0; }\n"
CLOSED = "        if ($closed) { return 403; }\n"


def test_fires_as_a_note_where_a_list_refuses_all_strangers() -> None:
    page = replace(FORBIDDEN, status=200)
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(CLOSED, GEO), page, masked=False)
    assert (claim.severity, claim.facts["strangers"]) == (Severity.NOTE, 403)


def test_fires_as_a_warning_where_visitors_met_the_list() -> None:
    failure = FailedRequests(
        file="/a.log", method="POST", path="/login", status=403, written="", is_from_page=True
    )
    observations = (
        HOST,
        BUILD,
        RUNNING,
        site(CLOSED, GEO),
        replace(FORBIDDEN, status=200),
        failure,
    )
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert "default 0;" in claim.fix.edits[0].diff


def test_silent_for_a_list_of_some_addresses() -> None:
    page, open_list = replace(FORBIDDEN, status=200), GEO.replace("default 1", "default 0")
    assert not judge(CHECK, HOST, BUILD, RUNNING, site(CLOSED, open_list), page, masked=False)
    part = GEO.replace("127.0.0.0/8", "12.0.0.0/8")
    assert not judge(CHECK, HOST, BUILD, RUNNING, site(CLOSED, part), page, masked=False)
    assert not judge(CHECK, HOST, BUILD, RUNNING, site(CLOSED, GEO), FORBIDDEN, masked=False)


def test_fires_and_says_that_a_password_is_wanted_as_well() -> None:
    """After issue 211 of openhab/openhab-docs; to open the site is a person's choice."""
    rules = '        allow 192.168.1.0/24;\n        deny all;\n        auth_basic "Shop";\n'
    told = replace(SHOP, symptom=Symptom("status", "403 Forbidden", 403))
    observations = HOST, BUILD, RUNNING, FORBIDDEN
    (claim,) = judge(CHECK, *observations, site(rules), target=told)
    assert claim.facts["both"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert any("satisfy any;" in str(command) for command in step.commands)
    either = f"        satisfy any;\n{rules}"
    (claim,) = judge(CHECK, *observations, site(either), target=told)
    assert not claim.facts["both"]
    (claim,) = judge(CHECK, *observations, site(rules))
    assert (claim.facts["both"], claim.fix) == (False, None)


HIDDEN = "    location ~ /\\. {\n        deny all;\n    }\n    location / {"


@pytest.mark.parametrize(
    ("path", "told", "opens"),
    [
        ("/...gloves", True, True),
        ("/...gloves", False, False),
        ("/.env", True, False),
        ("/.git/config", True, False),
        ("/.hidden%20page", True, False),
    ],
)
def test_fires_and_lets_a_page_of_the_application_through(
    path: str, told: bool, opens: bool
) -> None:
    """Not where no message says so, and not a file for which such rules are."""
    symptom = Symptom("status", "403 Forbidden", 403) if told else None
    target = replace(SHOP, path=path, symptom=symptom)
    page = replace(FORBIDDEN, url=f"https://shop.example.com{path}")
    rules = config(SITE.replace("    location / {", HIDDEN, 1))
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, rules, page, target=target, masked=False)
    assert (claim.fix is not None) is opens
    if claim.fix:
        (edit,) = claim.fix.edits
        assert f"+    location = {path} {{" in edit.diff
        assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    ("kind", "number", "status", "met"),
    [
        ("closed", None, 444, True),
        ("closed", None, 403, False),
        ("status", 403, 403, True),
        ("status", 404, 403, False),
    ],
)
def test_fires_as_a_warning_where_a_message_says_what_the_list_does(
    kind: str, number: int | None, status: int, met: bool
) -> None:
    symptom = Symptom(kind, "net::ERR_EMPTY_RESPONSE", number)  # type: ignore[arg-type]
    rules = site(CLOSED.replace("403", str(status)), GEO)
    seen = (HOST, BUILD, RUNNING, rules, replace(FORBIDDEN, status=200))
    (claim,) = judge(CHECK, *seen, target=replace(SHOP, symptom=symptom), masked=False)
    assert claim.severity is (Severity.WARNING if met else Severity.NOTE)
    assert (claim.fix is not None) is met
    assert not met or claim.confidence is Confidence.LIKELY


def test_fires_where_this_server_may_come_in_and_a_message_says_403() -> None:
    rules = site("        allow 10.0.0.0/8;\n        deny all;\n")
    for told, status, severity in (
        (403, 200, Severity.WARNING),
        (404, 200, Severity.NOTE),
        (None, 200, Severity.NOTE),
    ):
        symptom = Symptom("status", f"{told}", told) if told else None
        seen = (HOST, BUILD, RUNNING, rules, replace(FORBIDDEN, status=status))
        (claim,) = judge(CHECK, *seen, target=replace(SHOP, symptom=symptom), masked=False)
        assert claim.severity is severity
        assert (claim.fix is not None) is (severity is Severity.WARNING)


REFUSED = LogLine(
    vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=LOADED + 9, level="error", pid=8,
    text="access forbidden by rule", client=VISITOR, server="shop.example.com",
    request="GET / HTTP/1.1", host="shop.example.com",
)  # fmt: skip
LISTED = "        deny 192.0.2.0/24;\n        allow all;\n"
TOLD = replace(SHOP, symptom=Symptom("status", "every request returns 403", 403))
WELL = replace(FORBIDDEN, status=200)


def test_fires_after_a_message_for_a_visitor_whom_the_log_names() -> None:
    real = "        set_real_ip_from 127.0.0.0/8;\n        real_ip_header X-Forwarded-For;\n"
    seen = (HOST, BUILD, RUNNING, WELL, REFUSED)
    (claim,) = judge(CHECK, *seen, site(real + LISTED), target=TOLD, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert changed(claim) == [f"+        allow {VISITOR};"]
    assert claim.facts["header"] == ""
    server = SITE.replace("location / {", f"{real}    location / {{\n{LISTED}", 1)
    (claim,) = judge(CHECK, *seen, config(server), target=TOLD, masked=False)
    assert claim.facts["header"] == "X-Forwarded-For"
    assert isinstance(claim.fix.steps[-1], Manual)  # type: ignore[union-attr]


def told(text: str, number: int | None = 403) -> Target:
    return replace(SHOP, symptom=Symptom("status", text, number))


@pytest.mark.parametrize(
    "text",
    [
        f"our customer at {VISITOR} gets 403",
        f'{VISITOR} - - [01/Dec/2026:22:01:10 +0000] "GET /cart HTTP/1.1" 403 153 "-" "Mozilla"',
        f'{{"request":{{"remote_ip":"{VISITOR}","method":"GET","uri":"/"}},"status":403}}',
    ],
)
def test_fires_for_a_visitor_whom_a_message_names(text: str) -> None:
    rules = "        deny 192.0.2.0/24;\n"
    (claim,) = judge(
        CHECK, HOST, BUILD, RUNNING, WELL, site(rules), target=told(text), masked=False
    )
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert changed(claim) == [f"+        allow {VISITOR};"]
    assert (claim.facts["told"], claim.facts["asked"]) == (True, False)
    geo = "geo $blocked {\n    default 0;\n    192.0.2.0/24 1;\n}\n"
    computed = "        if ($blocked) {\n            return 403;\n        }\n"
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, WELL, site(computed, geo), target=told(text))
    assert claim.facts["computed"]


def test_silent_where_a_message_names_a_visitor_who_may_come_in_or_another_status() -> None:
    rules = "        deny 198.51.100.0/24;\n"
    text = f"our customer at {VISITOR} gets 403"
    seen = (HOST, BUILD, RUNNING, WELL)
    claims = judge(CHECK, *seen, site(rules), target=told(text))
    assert [claim.severity for claim in claims] == [Severity.NOTE]
    claims = judge(
        CHECK, *seen, site("        deny 192.0.2.0/24;\n"),
        target=told(f"our customer at {VISITOR} gets 502", 502),
    )  # fmt: skip
    assert [claim.severity for claim in claims] == [Severity.NOTE]


def test_a_note_without_a_message_and_for_many_visitors_a_person_decides() -> None:
    seen = (HOST, BUILD, RUNNING, WELL, site(LISTED))
    (claim,) = judge(CHECK, *seen, REFUSED, masked=False)
    assert claim.severity is Severity.NOTE
    others = [replace(REFUSED, client=f"192.0.2.{number}") for number in range(1, 6)]
    (claim,) = judge(CHECK, *seen, *others, target=TOLD, masked=False)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_note_where_the_log_names_somebody_else() -> None:
    """The address is the server's own, or no rule of today refuses it."""
    seen = (HOST, BUILD, RUNNING, WELL, site(LISTED))
    for client in ("127.0.0.1", "198.51.100.9"):
        (claim,) = judge(CHECK, *seen, replace(REFUSED, client=client), target=TOLD, masked=False)
        assert claim.severity is Severity.NOTE


NAMED = tuple(
    DnsAnswer(
        name="shop.example.com", rdtype=rdtype, server="203.0.113.1", rcode="NOERROR",
        records=(address,),
    )
    for rdtype, address in (("A", "203.0.113.10"), ("AAAA", "2001:db8:2::10"))
)  # fmt: skip
SIX = "2001:db8:1::10"
OFFICE = "        allow 198.51.100.0/24;\n        deny all;\n"
AT_HOME = f"        allow 192.168.0.0/16;\n{OFFICE}"


def both(rules: str) -> NginxConfig:
    """A site that listens on both families."""
    lines = "    listen 443 ssl;\n    listen [::]:443 ssl;\n"
    text = SITE.replace("    listen 443 ssl;\n", lines, 1)
    return config(text.replace("    location / {\n", f"    location / {{\n{rules}", 1))


@pytest.mark.parametrize(("rules", "target"), [(AT_HOME, SHOP), (OFFICE, TOLD)])
def test_fires_where_a_list_has_networks_of_one_family_alone(rules: str, target: Target) -> None:
    """After issue 407 of DAppNode."""
    line = replace(REFUSED, client="203.0.113.10", clients=(SIX, "203.0.113.10"))
    nic = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
    seen = (HOST, BUILD, RUNNING, FORBIDDEN, nic, *NAMED, line, both(rules))
    (claim,) = judge(CHECK, *seen, target=target, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (claim.facts["only"], claim.facts["lacking"]) == ("IPv4", "IPv6")
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (edit,) = claim.fix.edits
    assert "+        allow 2001:db8:1::/64;" in edit.diff


def test_a_note_where_a_list_may_be_meant_for_one_family() -> None:
    line = replace(REFUSED, client=SIX)
    other = replace(REFUSED, client="198.18.0.7")
    with_six = AT_HOME.replace("deny all", "allow 2001:db8:9::/64;\n        deny all")
    for seen in (
        (*NAMED, line, both(OFFICE)),  # one office
        (*NAMED, line, other, both(AT_HOME)),  # strangers of both families
        (*NAMED, line, site(AT_HOME)),  # nginx does not listen there
        (*NAMED, line, both(with_six)),
        (*NAMED, both(AT_HOME)),
        (NAMED[0], line, both(AT_HOME)),
    ):
        (claim,) = judge(CHECK, HOST, BUILD, RUNNING, FORBIDDEN, *seen, masked=False)
        assert claim.severity is Severity.NOTE
        assert (claim.facts["only"], claim.fix) == ("", None)
