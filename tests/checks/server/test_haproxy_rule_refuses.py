"""server.haproxy-rule-refuses: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.server import Interface
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-rule-refuses"
URL = "wss://shop.example.com/ws"
LIMITED = Upgrade(url=URL, path="/ws", address="203.0.113.10", port=443, status=429)


def ruled(*rules: str) -> str:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return TEXT.replace("    default_b", f"{lines}    default_b")


def test_fires_on_a_rule_about_the_name() -> None:
    text = ruled("http-request deny if !{ hdr(host) -i www.shop.example.com }")
    (claim,) = judge(CHECK, SERVER, config(text), page(403))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:7"
    assert claim.facts["host"] is True


def test_fires_on_a_list_of_paths_that_lacks_the_page() -> None:
    text = ruled("acl is_api path_beg /api", "http-request deny if !is_api")
    (claim,) = judge(CHECK, SERVER, config(text), page(403))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["host"] is False
    listed = ruled("acl is_page path /", "http-request deny if !is_page")
    assert not judge(CHECK, SERVER, config(listed), page(403))


def test_fires_on_a_counter_that_refuses_a_websocket() -> None:
    text = ruled("http-request deny deny_status 429 if { sc_http_req_rate(0) gt 10 }")
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, SERVER, config(text), LIMITED, target=target)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["counter"] is True


DENY = "http-request deny if { path_beg /admin }"
ALLOW = "http-request allow if { path_beg /admin } { src 203.0.113.0/24 }"
ADMIN = replace(SHOP, path="/admin", symptom=Symptom("status", "403 Forbidden", 403))
FORBIDDEN = page(403, url="https://shop.example.com/admin")


def test_an_exception_below_its_rule_comes_above_it() -> None:
    text = ruled(DENY, ALLOW)
    (claim,) = judge(CHECK, SERVER, config(text), FORBIDDEN, target=ADMIN)
    assert claim.facts["late"] == ALLOW
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    {ALLOW}\n     {DENY}\n-    {ALLOW}\n" in edit.diff


@pytest.mark.parametrize(
    "rule", ["auth realm shop unless { http_auth(users) }", "deny if { src -f /etc/bad.lst }"]
)
def test_an_exception_passes_no_other_rule_by(rule: str) -> None:
    text = ruled(DENY, f"http-request {rule}", ALLOW)
    (claim,) = judge(CHECK, SERVER, config(text), FORBIDDEN, target=ADMIN, masked=False)
    assert not claim.facts["late"]
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_other_rules_that_allow_are_no_exception() -> None:
    for allow in (
        "http-request allow if { src 203.0.113.0/24 }",  # not of this path alone
        "http-request allow if { path_beg /admin }",  # for everybody
        "http-request allow if { path_beg /admin } or { src 203.0.113.0/24 }",
        "http-request allow unless { path_beg /admin } { src 203.0.113.0/24 }",
    ):
        (claim,) = judge(CHECK, SERVER, config(ruled(DENY, allow)), FORBIDDEN, target=ADMIN)
        assert not claim.facts["late"]
    asks = DENY.replace("deny", "auth")
    page_401 = replace(FORBIDDEN, status=401)
    claims = judge(CHECK, SERVER, config(ruled(asks, ALLOW)), page_401, target=ADMIN)
    assert not any(claim.facts["late"] for claim in claims)


TOLD = replace(SHOP, symptom=Symptom("status", "429 Too Many Requests", 429))
RATE = "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 20 }"
TABLE = "stick-table type ip size 100k expire 15s store http_req_rate(10s)"


def test_fires_on_the_limit_that_a_message_is_about() -> None:
    text = ruled(TABLE, "http-request track-sc0 src", RATE)
    (claim,) = judge(CHECK, SERVER, config(text), page(200), target=TOLD)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert (claim.facts["limit"], claim.facts["period"]) == (20, "10s")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 200 }" in edit.diff


FRONT = "203.0.113.80"
LINE = (
    f"Dec  1 22:11:12 web1 haproxy[812]: {FRONT}:51234 [01/Dec/2026:22:11:12.123] https~ "
    'https/<NOSRV> 0/-1/-1/-1/0 429 228 - - PR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"'
)


def test_fires_and_counts_by_the_field_where_the_log_has_the_machine_in_front() -> None:
    target = replace(SHOP, symptom=Symptom("status", LINE, 429))
    own = Interface(name="eth0", up=True, addresses=("203.0.113.10/24",), vantage=Vantage.SERVER)
    seen = (SERVER, own, replace(page(200), address=FRONT))
    high = RATE.replace("20", "2000")
    for track in ("http-request track-sc0 src", "tcp-request connection track-sc0 src"):
        text = ruled(TABLE, track, high)
        (claim,) = judge(CHECK, *seen, config(text), target=target, masked=False)
        assert claim.facts["front"] == FRONT
        assert claim.fix is not None
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert "+    http-request track-sc0 hdr_ip(X-Forwarded-For,-1)" in edit.diff
    # A rule above it would count nothing any more, and refuse nobody.
    for rules in (
        (TABLE, high, "tcp-request content track-sc0 src"),
        (TABLE, "tcp-request connection track-sc0 src",
         "tcp-request connection reject if { sc_conn_rate(0) gt 90 }", high),
    ):  # fmt: skip
        (claim,) = judge(CHECK, *seen, config(ruled(*rules)), target=target, masked=False)
        assert not claim.facts["front"]
    # The visitor's own address: the limit is wide enough.
    direct = replace(SHOP, symptom=Symptom("status", LINE.replace(FRONT, "192.0.2.66"), 429))
    text = ruled(TABLE, "http-request track-sc0 src", high)
    assert not judge(CHECK, *seen, config(text), target=direct, masked=False)


def test_fires_with_the_edit_of_the_acl_that_has_the_number() -> None:
    acl = "acl abuse src_http_req_rate(t) ge 20"
    text = ruled(acl, "http-request deny deny_status 429 if abuse")
    (claim,) = judge(CHECK, SERVER, config(text), page(429), target=TOLD)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    acl abuse src_http_req_rate(t) ge 200" in edit.diff


def test_silent_about_a_limit_that_nobody_met_or_that_answers_otherwise() -> None:
    text = ruled(TABLE, RATE)
    assert not judge(CHECK, SERVER, config(text), page(200))
    other = replace(SHOP, symptom=Symptom("status", "404 Not Found", 404))
    assert not judge(CHECK, SERVER, config(text), page(200), target=other)
    fixed = ruled("http-request deny deny_status 429 if { path_beg /admin }")
    assert not judge(CHECK, SERVER, config(fixed), page(200), target=TOLD)
    high = text.replace("gt 20", "gt 1000")
    assert not judge(CHECK, SERVER, config(high), page(200), target=TOLD)
    own = text.replace("deny_status 429 ", "")
    assert not judge(CHECK, SERVER, config(own), page(200), target=TOLD)


def test_fires_on_a_maintenance_rule() -> None:
    text = ruled("http-request return status 503 unless { src 192.0.2.7 }")
    (claim,) = judge(CHECK, SERVER, config(text), page(503))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)


MAINT = """\
backend maint
    http-request return status 503 content-type text/html string Back hdr Retry-After 3600
"""


def test_fires_on_the_backend_of_a_maintenance_that_the_address_chooses() -> None:
    text = ruled("use_backend maint unless { src 10.0.0.0/8 }") + MAINT
    answers = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)
    (claim,) = judge(CHECK, SERVER, config(text), page(503), answers)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:13"
    # The application may be the one that answers so.
    assert not judge(CHECK, SERVER, config(text), page(503), replace(answers, status=503))
    assert not judge(CHECK, SERVER, config(text), page(503))


def test_silent_about_a_backend_that_never_counts() -> None:
    text = ruled("use_backend maint if { hdr(host) -i old.example.com }") + MAINT
    assert not judge(CHECK, SERVER, config(text), page(503))


def test_a_page_for_some_addresses_is_a_note() -> None:
    text = ruled("http-request deny unless { src 10.0.0.0/8 }")
    (claim,) = judge(CHECK, SERVER, config(text), page(403))
    assert claim.severity is Severity.NOTE


def test_a_hidden_file_is_a_note() -> None:
    text = ruled("http-request deny if { path_beg /.git }")
    refused = replace(page(403), url="https://shop.example.com/.git/config")
    (claim,) = judge(
        CHECK, SERVER, config(text), refused, target=replace(SHOP, path="/.git/config")
    )
    assert claim.severity is Severity.NOTE


def test_silent_where_the_rule_is_not_the_reason() -> None:
    other_name = ruled("http-request deny if { hdr(host) -i old.example.com }")
    assert not judge(CHECK, SERVER, config(other_name), page(403))
    own_name = ruled("http-request deny if !{ hdr(host) -i shop.example.com }")
    assert not judge(CHECK, SERVER, config(own_name), page(403))
    assert not judge(CHECK, SERVER, config(own_name), page(200))
    two = ruled("http-request deny if { src 192.0.2.1 }", "http-request deny if { src 192.0.2.2 }")
    assert not judge(CHECK, SERVER, config(two), page(403))


LAST = """\
    acl shop hdr(host) -i shop.example.com
    use_backend app if shop
    use_backend other if { hdr(host) -i old.example.com }
    http-request deny
"""


def test_fires_on_a_rule_below_the_backends_and_spares_what_they_take() -> None:
    text = TEXT.replace("    default_backend app\n", LAST)
    (claim,) = judge(CHECK, SERVER, config(text), page(403))
    assert claim.facts["backend_place"] == "/etc/haproxy/haproxy.cfg:9"
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    http-request deny unless shop || { hdr(host) -i old.example.com }\n" in edit.diff


def test_a_rule_above_the_backends_is_no_mistake_of_their_order() -> None:
    rule = "    http-request deny\n"
    text = TEXT.replace("    default_backend app\n", rule + LAST.replace(rule, ""))
    (claim,) = judge(CHECK, SERVER, config(text), page(403))
    assert claim.facts["backend_place"] == ""


USERS = """userlist staff
    user bob insecure-password secret
    user eve insecure-password secret

userlist admins
    user admin insecure-password secret

"""


def test_a_password_for_every_page_is_a_note_that_names_the_users() -> None:
    text = USERS + ruled("http-request auth realm Shop unless { http_auth(staff) }")
    (claim,) = judge(CHECK, SERVER, config(text), page(401))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.NOTE)
    assert (claim.facts["userlist"], claim.facts["users"]) == ("staff", ("bob", "eve"))
    assert (claim.facts["everywhere"], claim.facts["unused"]) == (True, ("admins",))


def test_passwords_in_clear_in_the_place_of_hashes_let_nobody_in() -> None:
    users = USERS.replace("insecure-password", "password")
    text = users + ruled("http-request auth realm Shop unless { http_auth(staff) }")
    (claim,) = judge(CHECK, SERVER, config(text), page(401), masked=False)
    assert (claim.severity, claim.facts["unhashed"]) == (Severity.WARNING, ("bob", "eve"))
    mixed = text.replace("eve password secret", "eve password $6$salt$hash")
    (claim,) = judge(CHECK, SERVER, config(mixed), page(401), masked=False)
    assert (claim.severity, claim.facts["unhashed"]) == (Severity.NOTE, ("bob",))


def test_a_list_without_users_keeps_everybody_out() -> None:
    text = "userlist staff\n    # user anna\n" + ruled(
        "http-request auth unless { http_auth(staff) }"
    )
    (claim,) = judge(CHECK, SERVER, config(text), page(401), masked=False)
    assert (claim.severity, claim.facts["empty"]) == (Severity.WARNING, True)
    assert claim.fix
    assert claim.fix.steps[0].step == "write-a-user"  # type: ignore[union-attr]


def test_a_password_for_a_part_of_the_site_is_not_for_every_page() -> None:
    rules = "acl staff http_auth_group(staff) all", "http-request auth if { path / } !staff"
    (claim,) = judge(CHECK, SERVER, config(USERS + ruled(*rules)), page(401))
    assert (claim.facts["userlist"], claim.facts["everywhere"]) == ("staff", False)
    alone = "acl staff http_auth(staff)", "http-request auth if !staff"
    (claim,) = judge(CHECK, SERVER, config(USERS + ruled(*alone)), page(401))
    assert claim.facts["everywhere"] is True


def test_a_password_that_keeps_a_websocket_out_is_a_warning() -> None:
    text = USERS + ruled("http-request auth unless { http_auth(staff) }")
    target = replace(SHOP, websockets=("/ws",))
    refused = replace(LIMITED, status=401)
    (claim,) = judge(CHECK, SERVER, config(text), refused, target=target)
    assert claim.severity is Severity.WARNING


def test_silent_where_the_password_is_asked_for_elsewhere() -> None:
    text = USERS + ruled("http-request auth if { path_beg /admin } !{ http_auth(staff) }")
    assert not judge(CHECK, SERVER, config(text), page(401))
    lists = USERS + ruled("http-request auth if { path / } !{ http_auth(missing) }")
    (claim,) = judge(CHECK, SERVER, config(lists), page(401))
    assert claim.facts["userlist"] == ""


def test_a_websocket_of_the_page_that_a_rule_closes_is_a_warning() -> None:
    text = ruled("http-request deny if { path_beg /ws }")
    opened = BackendVisit(
        target="http://127.0.0.1:3000", requested="/ws", path="/ws", websocket=True, accepted=True
    )
    (claim,) = judge(CHECK, SERVER, config(text), replace(LIMITED, status=403), opened)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    named = replace(SHOP, websockets=("/ws?token=x", "/ws"))
    refused = replace(LIMITED, status=403, path="/ws?token=x")
    seen = (SERVER, config(text), refused, replace(refused, path="/ws"))
    (claim,) = judge(CHECK, *seen, target=named)
    assert claim.severity is Severity.ERROR
    assert claim.facts["path"] == "/ws"
    assert claim.facts["line"] == "http-request deny if { path_beg /ws }"


HOME = "https://shop.example.com/"
SCRIPT = PageFileResponse(
    page=HOME, file_kind="script", url=f"{HOME}js/app.js", address="203.0.113.10", port=443,
    status=403,
)  # fmt: skip
LOADS = Page(
    url=HOME, address="203.0.113.10", port=443, files=(PageFile("script", f"{HOME}js/app.js"),)
)


def test_a_file_of_the_page_that_a_rule_refuses() -> None:
    text = ruled("acl bad path_end .php .js", "http-request deny if bad")
    (claim,) = judge(CHECK, SERVER, config(text), page(200), LOADS, SCRIPT)
    assert (claim.facts["path"], claim.confidence) == ("/js/app.js", Confidence.CERTAIN)
    assert claim.severity is not Severity.NOTE
    inner = text.replace("if bad", "if bad !{ src 10.0.0.0/8 }")
    (claim,) = judge(CHECK, SERVER, config(inner), page(200), LOADS, SCRIPT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_about_a_file_that_no_rule_refuses() -> None:
    text = ruled("http-request deny if { path_end .php }")
    assert not judge(CHECK, SERVER, config(text), page(200), LOADS, SCRIPT)
    all_js = ruled("http-request deny if { path_end .js }")
    missing = replace(SCRIPT, status=404)
    assert not judge(CHECK, SERVER, config(all_js), page(200), LOADS, missing)


def spared(*rules: str) -> str:
    path = "/.well-known/matrix/server"
    asked = replace(SHOP, path=path)
    refused = replace(page(403), url=f"https://shop.example.com{path}")
    (claim,) = judge(CHECK, SERVER, config(ruled(*rules)), refused, target=asked, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    return edit.diff if isinstance(edit, Edit) else ""


def test_a_rule_against_hidden_files_spares_what_is_well_known() -> None:
    own = "{ path_beg /.well-known/ }"
    assert f"+    http-request deny if {{ path_beg /. }} !{own}" in spared(
        "http-request deny if { path_beg /. }"
    )
    assert f"+    http-request deny if hidden !{own}" in spared(
        "acl hidden path_beg -i /.", "http-request deny if hidden"
    )
    assert f"+    http-request deny unless open || {own}" in spared(
        "acl open path_beg /shop", "http-request deny unless open"
    )


def test_a_rule_with_alternatives_or_about_something_else_is_left_to_a_person() -> None:
    assert not spared("http-request deny if { path_beg /. } or { path_end .php }")
    assert not spared("http-request deny if { hdr(host) -i shop.example.com }")


ADMIN = replace(SHOP, path="/admin", input="https://shop.example.com/admin")


def _closed(*rules: str, status: int = 404, symptom: Symptom | None = None) -> Severity | None:
    """Return how bad it is that the page /admin is refused."""
    target = replace(ADMIN, symptom=symptom)
    answer = replace(page(status), url="https://shop.example.com/admin")
    (claim,) = judge(CHECK, SERVER, config(ruled(*rules)), answer, target=target)
    return claim.severity


def test_a_part_of_the_site_that_a_rule_names_is_closed_on_purpose() -> None:
    deny = "http-request deny deny_status 404 if blocked"
    assert _closed("acl blocked path_beg /admin", deny) is Severity.NOTE
    assert _closed("http-request deny if { path_beg -i /api/ /Admin }", status=403) is Severity.NOTE
    # Somebody complains of it; the list lacks it; the rule is about another part, or about all.
    told = Symptom("status", "404 Not Found", 404)
    assert _closed("acl blocked path_beg /admin", deny, symptom=told) is Severity.WARNING
    assert _closed(f"{deny.replace('blocked', '!{ path_beg /app }')}") is Severity.WARNING
    assert _closed("http-request deny deny_status 404 if { path_beg / }") is Severity.WARNING
    assert _closed("http-request deny deny_status 404 if { path_sub min }") is Severity.WARNING
    assert _closed("http-request deny deny_status 503 if { path_beg /admin }", status=503) is (
        Severity.ERROR
    )
