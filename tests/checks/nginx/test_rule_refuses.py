"""nginx.rule-refuses: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Failure, FailureKind, Severity
from diagnose.model.logs import FailedRequests
from diagnose.model.pages import PageFileResponse
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, SHOP, judge, texts
from tests.support.firewall_rules import host
from tests.support.nginx_evidence import RUNNING, config, front
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_evidence import loads

# Patterns are masked in recordings, so that what they match is not kept: masked=False.
CHECK = "nginx.rule-refuses"
NGINX_PAGE = "<html><body><center><h1>403 Forbidden</h1></center><hr><center>nginx/1.26.3</center>"


def refused_page(rule: str, status: int, body: str = "", **other: Any) -> tuple[Any, ...]:
    text = (
        f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {rule}\n"
        " location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    return RUNNING, config(text), replace(page(status, body), **other)


def typed(claim: Any) -> str:
    """Return what a person types after choosing the one step."""
    parts = [part for step in claim.fix.steps for part in step.commands]
    lines = (part.diff if isinstance(part, Edit) else " ".join(part.argv) for part in parts)
    return "\n".join(lines)


def test_fires_on_a_condition_about_the_host() -> None:
    rule = "if ($host != www.shop.example.com) { return 404; }"
    (claim,) = judge(CHECK, *refused_page(rule, 404))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["condition"] == "if ($host != www.shop.example.com)"
    assert claim.facts["host"] is True


def test_fires_on_an_origin_that_is_not_on_the_list() -> None:
    rule = "location /ws { if ($http_origin !~ '^https://www') { return 403; } }"
    refused = replace(front(403), origin="https://shop.example.com")
    (claim,) = judge(CHECK, *refused_page(rule, 200), refused, target=CHAT, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert claim.facts["sent"] == "https://shop.example.com"


def test_fires_on_a_file_that_may_be_there() -> None:
    rule = "if (-f /var/www/maintenance.on) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["file"] is True
    assert claim.facts["block"] == rule
    steps = "".join(texts(CHECK, claim))
    assert f"`{rule}`" in steps
    assert "mv -n /var/www/maintenance.on /var/www/maintenance.on.off" in typed(claim)


def test_a_file_that_is_missed_is_not_moved() -> None:
    rule = "if (!-f /srv/shop/up) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE))
    assert claim.facts["path"] == ""
    assert not typed(claim)


def test_a_file_whose_path_depends_on_the_request_is_not_named() -> None:
    rule = "if (-f $document_root/maintenance.on) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert claim.facts["file"] is True
    assert typed(claim) == ""


def test_fires_and_finds_the_file_below_the_folder_of_the_site() -> None:
    rule = "root /srv/shop;\n if (-f $document_root/maintenance.on) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert "mv -n /srv/shop/maintenance.on /srv/shop/maintenance.on.off" in typed(claim)


def test_fires_on_a_switch_that_a_file_turns_on() -> None:
    rule = (
        "set $closed off;\n if (-f /srv/closed) { set $closed on; }\n"
        " if ($closed = on) { return 503; }"
    )
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert "mv -n /srv/closed /srv/closed.off" in typed(claim)
    assert claim.facts["file"] is True


def test_fires_on_a_switch_that_a_line_turns_on() -> None:
    rule = "set $closed 1;\n if ($closed) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert "+ set $closed 0;" in typed(claim)
    assert "`set $closed 1;`" in "".join(texts(CHECK, claim))


def test_a_switch_with_a_value_of_its_own_stays_a_persons() -> None:
    rule = "set $closed soon;\n if ($closed) { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert typed(claim) == ""


@pytest.mark.parametrize(
    ("test", "after"),
    [
        ("$host != www.shop.example.com",
         r'$host !~ "^(www\.shop\.example\.com|shop\.example\.com)$"'),
        ('$host != "www.shop.example.com"',
         r'$host !~ "^(www\.shop\.example\.com|shop\.example\.com)$"'),
        (r"$host !~* ^www\.shop", r"$host !~* ^www\.shop|^shop\.example\.com$)"),
        (r"$http_host !~ '^(www\.)shop'", r"$http_host !~ '^(www\.)shop|^shop\.example\.com$')"),
    ],
)  # fmt: skip
def test_fires_and_lets_the_name_of_the_block_pass(test: str, after: str) -> None:
    rule = f"if ({test}) {{ return 404; }}"
    (claim,) = judge(CHECK, *refused_page(rule, 404), masked=False)
    assert f"+ if ({after}" in typed(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_opens_no_other_name() -> None:
    text = (
        "server {\n listen 443 ssl default_server;\n server_name _;\n"
        " if ($host != www.shop.example.com) { return 404; }\n"
        " location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    (claim,) = judge(CHECK, RUNNING, config(text), page(404), masked=False)
    assert typed(claim) == ""


def test_fires_and_lets_an_origin_pass() -> None:
    rule = "location /ws { if ($http_origin !~ '^https://www') { return 403; } }"
    refused = replace(front(403), origin="https://shop.example.com")
    (claim,) = judge(CHECK, *refused_page(rule, 200), refused, target=CHAT, masked=False)
    assert r"'^https://www|^https://shop\.example\.com$'" in typed(claim)


def test_fires_and_takes_the_words_out_that_refuse_browsers() -> None:
    rule = 'if ($http_user_agent ~* "ahrefs|android|semrush") { return 403; }'
    (claim,) = judge(CHECK, *refused_page(rule, 200), masked=False)
    assert '"ahrefs|semrush"' in typed(claim)
    assert claim.facts["typed"] is True


def test_fires_on_a_method_that_was_asked_for() -> None:
    rule = "if ($request_method !~ ^(GET|POST)$) { return 405; }"
    (claim,) = judge(CHECK, *refused_page(rule, 405, method="OPTIONS"), masked=False)
    assert claim.facts["sent"] == "OPTIONS"


def test_fires_on_a_file_of_the_page() -> None:
    file = PageFileResponse(
        page="https://shop.example.com/", file_kind="stylesheet", address="203.0.113.10", port=443,
        url="https://shop.example.com/app.css", status=403,
    )  # fmt: skip
    rule = 'if ($http_referer !~ "shop.example.net") { return 403; }'
    (claim,) = judge(
        CHECK, *refused_page(f"location = /app.css {{ {rule} }}", 200), file, masked=False
    )
    assert claim.severity is Severity.ERROR
    assert claim.facts["referer"] is True


def referer_claim(names: str, page: str = "https://shop.example.com/") -> Any:
    file = PageFileResponse(
        page=page, file_kind="stylesheet", address="203.0.113.10", port=443,
        url="https://shop.example.com/app.css", status=403,
    )  # fmt: skip
    rule = f"valid_referers {names}; if ($invalid_referer) {{ return 403; }}"
    (claim,) = judge(
        CHECK, *refused_page(f"location = /app.css {{ {rule} }}", 200), file, masked=False
    )
    return claim


def test_fires_and_adds_the_sites_own_names_to_the_list_of_referers() -> None:
    claim = referer_claim("none blocked www.shop.example.net")
    assert claim.fix.applicability is Applicability.REVIEW
    edit = str(claim.fix.steps[0])
    assert "valid_referers none blocked www.shop.example.net server_names;" in edit


def test_fires_and_leaves_the_list_to_a_person_where_another_page_asks() -> None:
    claim = referer_claim("www.shop.example.net", "https://other.example.com/")
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_rule_that_browsers_pass_is_a_note() -> None:
    rule = "if ($http_user_agent ~ ^diagnose) { return 403; }"
    (claim,) = judge(CHECK, *refused_page(rule, 403), masked=False)
    assert claim.severity is Severity.NOTE


@pytest.mark.parametrize(
    "condition",
    [
        "$ssl_client_verify != SUCCESS",
        "$http_x_api_key = ''",
        "$cookie_staff = ''",
        "$secure_link = ''",
    ],
)
def test_a_rule_that_asks_who_the_visitor_is_is_a_note(condition: str) -> None:
    rule = f"if ({condition}) {{ return 403; }}"
    (claim,) = judge(CHECK, *refused_page(rule, 403, NGINX_PAGE), masked=False)
    assert claim.severity is Severity.NOTE
    assert claim.facts["login"] is True


def test_a_websocket_for_those_who_log_in_is_a_note() -> None:
    rule = "location /ws { if ($cookie_staff = '') { return 401; } }"
    refused = replace(front(401), body=NGINX_PAGE)
    (claim,) = judge(CHECK, *refused_page(rule, 200), refused, target=CHAT, masked=False)
    assert claim.severity is Severity.NOTE
    closed, refused = rule.replace("401", "403"), replace(refused, status=403)
    (claim,) = judge(CHECK, *refused_page(closed, 200), refused, target=CHAT, masked=False)
    assert claim.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("condition", "status"),
    [("$http_upgrade !~* websocket", 426), ("$http_upgrade = ''", 400)],
)
def test_a_rule_that_asks_for_a_websocket_is_a_note_for_a_page(condition: str, status: int) -> None:
    rule = f"if ({condition}) {{ return {status}; }}"
    (claim,) = judge(CHECK, *refused_page(rule, status, NGINX_PAGE), masked=False)
    assert claim.severity is Severity.NOTE


def test_fires_on_a_maintenance_that_a_cookie_passes() -> None:
    rule = "if ($cookie_beta = '') { return 503; }"
    (claim,) = judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), masked=False)
    assert claim.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("location = / { return 404; }", 404),  # a root without a page
        ("if ($host = other.example.com) { return 404; }", 404),  # the application's own 404
        ("if ($host != www.shop.example.com) { return 404; }", 403),  # another status
        ("if (-f /var/www/maintenance.on) { return 503; }", 503),  # not nginx's page
    ],
)
def test_silent_where_no_rule_is_the_reason(rule: str, status: int) -> None:
    assert not judge(CHECK, *refused_page(rule, status))


def test_fires_on_a_connection_that_nginx_closes_without_an_answer() -> None:
    rule = "if ($host != www.shop.example.com) { return 444; }"
    state, text, answered = refused_page(rule, 200)
    failure = Failure("closed", "closed without an answer")
    (claim,) = judge(CHECK, state, text, replace(answered, status=None, failure=failure))
    assert (claim.severity, claim.facts["status"]) == (Severity.ERROR, 444)


@pytest.mark.parametrize(
    ("kind", "log", "fires"),
    [
        ("closed", "", True),
        ("reset", "", False),
        ("closed", "worker process 7 exited on signal 11", False),
    ],
)
def test_fires_as_likely_on_a_closed_connection_where_one_rule_may_be_the_reason(
    kind: FailureKind, log: str, fires: bool
) -> None:
    """Whether `geo` lists the visitor is not known; a firewall resets, and a worker may die."""
    state, text, answered = refused_page("if ($visitor_ok = 0) { return 444; }", 200)
    closed = replace(answered, status=None, failure=Failure(kind, "closed"))
    lines = (logged(log),) if log else ()
    claims = judge(CHECK, state, text, closed, *lines, masked=False)
    assert [claim.confidence for claim in claims] == [Confidence.LIKELY] * fires


def test_a_connection_that_is_closed_for_programs_alone_is_a_note() -> None:
    rule = "if ($http_user_agent !~ Mozilla) { return 444; }"
    state, text, answered = refused_page(rule, 200)
    closed = replace(answered, status=None, failure=Failure("closed", "closed"))
    browser, again = replace(answered, purpose="browser"), replace(closed, purpose="again")
    (claim,) = judge(CHECK, state, text, closed, browser, again, masked=False)
    assert claim.severity is Severity.NOTE


def test_silent_where_the_log_has_another_reason() -> None:
    rule = "if (-f /var/www/maintenance.on) { return 503; }"
    lines = (LOG_READ, logged("no live upstreams while connecting to upstream"))
    assert not judge(CHECK, *refused_page(rule, 503, NGINX_PAGE), *lines)


def test_silent_for_a_page_that_answers() -> None:
    rule = "if ($host != www.shop.example.com) { return 404; }"
    assert not judge(CHECK, *refused_page(rule, 200), target=SHOP)


#: Ways to decide by the visitor's address. What stands at http's level comes first.
BY_ADDRESS = [
    ("geo $bad { default 0; 203.0.113.10 1; }", "if ($bad) { return 403; }"),
    (
        "geo $bad { default 0; 203.0.113.10 1; } map $bad $answer { 1 no; default yes; }",
        "if ($answer = no) { return 403; }",
    ),
    ("", "if ($remote_addr = 203.0.113.10) { return 403; }"),
    ("", "set $bad 0; if ($remote_addr ~ ^203) { set $bad 1; } if ($bad) { return 403; }"),
    ("", "if ($geoip2_data_country_code != CN) { return 403; }"),
    ("map $geoip_country_code $bad { DE 1; default 0; }", "if ($bad) { return 403; }"),
]


def by_address(before: str, rule: str, *more: Any) -> list[Any]:
    block = (
        f"{before}\nserver {{\n listen 443 ssl;\n server_name shop.example.com;\n {rule}\n"
        " location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    return list(judge(CHECK, RUNNING, config(block), page(403, NGINX_PAGE), *more, masked=False))


@pytest.mark.parametrize(("before", "rule"), BY_ADDRESS)
def test_what_refuses_the_server_itself_is_a_note(before: str, rule: str) -> None:
    (claim,) = by_address(before, rule, host())
    assert claim.severity is Severity.NOTE
    assert "what visitors get was not seen" in "".join(texts(CHECK, claim))


@pytest.mark.parametrize(("before", "rule"), BY_ADDRESS)
def test_what_refuses_the_address_of_a_visitor_is_a_warning(before: str, rule: str) -> None:
    (claim,) = by_address(before, rule, host("ssh"))
    assert claim.severity is Severity.WARNING
    assert claim.facts["address"] is True
    assert not claim.facts["own"]


def test_a_rule_about_a_file_beside_one_about_addresses_keeps_its_severity() -> None:
    before = "geo $bad { default 0; 192.0.2.9 1; }"
    rule = "if ($bad) { return 444; } if (-f /var/www/closed) { return 403; }"
    (claim,) = by_address(before, rule, host())
    assert (claim.severity, claim.facts["own"]) == (Severity.WARNING, False)


def test_an_error_that_needs_its_reason_stays_a_warning() -> None:
    before = "geo $bad { default 0; 203.0.113.10 1; }"
    block = (
        f"{before}\nserver {{\n listen 443 ssl;\n server_name shop.example.com;\n"
        " if ($bad) { return 503; }\n location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    observations = (RUNNING, config(block), page(503, NGINX_PAGE), host())
    (claim,) = judge(CHECK, *observations, masked=False)
    assert (claim.severity, claim.facts["own"]) == (Severity.WARNING, True)


METHODS = "if ($request_method !~ ^(GET|HEAD)$) { return 405; }"


def failed(method: str = "POST", status: int = 405, is_from_page: bool = True) -> FailedRequests:
    return FailedRequests(
        file="/a.log", method=method, path="/login", status=status, written="",
        is_from_page=is_from_page,
    )  # fmt: skip


def test_fires_on_a_form_that_the_log_has() -> None:
    (claim,) = judge(CHECK, *refused_page(METHODS, 200), failed(), masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["sent"] == "POST"
    assert claim.facts["logged"]
    assert claim.about.path == "/login"


@pytest.mark.parametrize(
    ("rule", "failure"),
    [
        (METHODS, failed("GET")),
        (METHODS, failed(status=500)),
        (METHODS, failed(is_from_page=False)),
        ('if ($http_x_token = "") { return 405; }', failed()),
        ("if ($request_method = DELETE) { return 405; }", failed()),
    ],
)
def test_silent_for_other_requests_of_the_log(rule: str, failure: FailedRequests) -> None:
    assert not judge(CHECK, *refused_page(rule, 200), failure, masked=False)


def test_fires_for_a_program_that_a_list_of_methods_lacks() -> None:
    sent = replace(failed("PUT", is_from_page=False), is_served_otherwise=True)
    both = (sent, replace(sent, method="DELETE"))
    (claim,) = judge(CHECK, *refused_page(METHODS, 200), *both, masked=False)
    assert (claim.confidence, claim.facts["wanted"]) == (Confidence.LIKELY, "PUT, DELETE")
    assert claim.fix
    assert "!~ ^(GET|HEAD|PUT|DELETE)$" in str(claim.fix)
    # A rule that names what it refuses was meant so.
    named = "if ($request_method = PUT) { return 405; }"
    assert not judge(CHECK, *refused_page(named, 200), sent, masked=False)


BOTS = 'if ($http_user_agent ~* "(ahrefs|%s)") { return 403; }'


def test_fires_on_browsers_that_a_list_of_robots_has() -> None:
    (claim,) = judge(CHECK, *refused_page(BOTS % "mozilla", 200), masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    (claim,) = judge(CHECK, *refused_page(BOTS % "android", 200), masked=False)
    assert claim.severity is Severity.WARNING
    assert claim.facts["browsers"] == ("Chrome on Android",)


@pytest.mark.parametrize(
    "rule",
    [
        BOTS % "mj12bot",
        BOTS % "MSIE [1-9]",
        'if ($http_user_agent = "") { return 403; }',
        "if ($http_user_agent ~* android) { return 302 https://m.example.com; }",
        "if ($args ~ union) { return 403; }",
    ],
)
def test_silent_where_browsers_pass(rule: str) -> None:
    assert not judge(CHECK, *refused_page(rule, 200), masked=False)


@pytest.mark.parametrize("rule", [BOTS % "mozilla", BOTS % "android"])
def test_explains_the_requests_of_browsers_that_it_refused(rule: str) -> None:
    paths = ("/cart", "/login")
    failures = [replace(failed("GET", 403, False), path=path) for path in paths]
    (claim,) = judge(CHECK, *refused_page(rule, 200), *failures, masked=False)
    assert {subject.path for subject in claim.covers} >= set(paths)
    assert set(failures) <= set(claim.because)


def test_explains_the_other_requests_where_the_page_is_refused_too() -> None:
    rule = 'if ($http_user_agent ~ "diagnose|Mozilla") { return 403; }'
    failure = replace(failed("GET", 403, False), path="/cart")
    (claim,) = judge(CHECK, *refused_page(rule, 403), failure, masked=False)
    assert "/cart" in {subject.path for subject in claim.covers}


@pytest.mark.parametrize(
    "failure",
    [
        failed("GET", 404),
        replace(failed("GET", 403), path="/open"),
        replace(failed("GET", 403), path="/app.css"),
    ],
)
def test_does_not_explain_requests_that_it_let_pass(failure: FailedRequests) -> None:
    """Another status, a page with a rule of its own, and a file that this run got itself."""
    own = "location /open { return 403; }"
    rule = f"location / {{ {BOTS % 'android'} }} {own}"
    file = PageFileResponse(
        page="https://shop.example.com/", file_kind="stylesheet", address="203.0.113.10", port=443,
        url="https://shop.example.com/app.css", status=403,
    )  # fmt: skip
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {rule}\n}}\n"
    claims = judge(CHECK, RUNNING, config(text), page(200), failure, file, masked=False)
    covered = {subject.path for claim in claims for subject in claim.covers}
    assert failure.path not in covered


GET_ONLY = "if ($request_method !~ ^(GET|HEAD)$) { return 405; }"


def test_fires_on_a_form_of_the_page_before_anybody_has_sent_it() -> None:
    form = loads(posts=("https://shop.example.com/login",))
    (claim,) = judge(CHECK, *refused_page(GET_ONLY, 200), form, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert (claim.facts["sent"], claim.facts["status"]) == ("POST", 405)
    assert claim.about.path == "/login"


@pytest.mark.parametrize(
    "rule",
    [
        "if ($request_method !~ ^(GET|HEAD|POST)$) { return 405; }",
        "location /login { proxy_pass http://127.0.0.1:3000; }",
        "if ($cookie_member = '') { return 403; }",
    ],
)
def test_silent_where_the_form_of_the_page_passes(rule: str) -> None:
    form = loads(posts=("https://shop.example.com/login",))
    assert not judge(CHECK, *refused_page(rule, 200), form, masked=False)


def told(rule: str, words: str, status: int, answered: int = 200) -> list[Any]:
    target = replace(SHOP, symptom=Symptom("status", words, status))
    return judge(CHECK, *refused_page(rule, answered), target=target, masked=False)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (GET_ONLY, "+ if ($request_method !~ ^(GET|HEAD|POST)$) { return 405; }"),
        ("if ($request_method != GET) { return 405; }",
         "+ if ($request_method !~ ^(GET|POST)$) { return 405; }"),
        ("if ($request_method = POST) { return 405; }",
         "- if ($request_method = POST) { return 405; }"),
    ],
)  # fmt: skip
def test_fires_after_a_message_about_a_form(rule: str, line: str) -> None:
    (claim,) = told(rule, "the form gets 405 Not Allowed", 405)
    assert (claim.confidence, claim.facts["wanted"]) == (Confidence.LIKELY, "POST")
    assert line in "".join(
        each.diff for each in claim.fix.steps[0].commands if isinstance(each, Edit)
    )


def test_silent_where_the_message_is_about_something_else() -> None:
    assert not told(GET_ONLY, "403 Forbidden", 403)
    assert not told(GET_ONLY, "405 Not Allowed", 405, answered=405)
    passing = GET_ONLY.replace("HEAD", "HEAD|POST")
    assert not told(passing, "the form gets 405 Not Allowed", 405)
    assert told(passing, "DELETE https://shop.example.com/a 405 (Not Allowed)", 405)


LIST = (
    'set $block_file 0; if ($query_string ~ "union.*select") { set $block_file 1; } '
    'if ($query_string ~ "[a-zA-Z0-9_]=http://") { set $block_file 1; } '
    "if ($block_file = 1) { return 403; }"
)


def test_names_the_condition_that_set_the_variable() -> None:
    """Nginx Proxy Manager's block-exploits.conf (issue 243 of matomo-org/docker)."""
    path = "/matomo.php?idsite=1&url=http://blog.example.com/"
    seen = refused_page(LIST, 403, NGINX_PAGE, url=f"https://shop.example.com{path}")
    target = replace(SHOP, path=path)
    (claim,) = judge(CHECK, *seen, target=target, masked=False)
    assert claim.facts["flag"] == 'if ($query_string ~ "[a-zA-Z0-9_]=http://")'
    assert claim.facts["flag_part"] == "l=http://"
    assert "l=http://" in "".join(texts(CHECK, claim))


def test_names_no_condition_that_does_not_match() -> None:
    rule = LIST.replace("set $block_file 0;", "set $block_file 1;")
    (claim,) = judge(CHECK, *refused_page(rule, 403, NGINX_PAGE), masked=False)
    assert not claim.facts["flag"]


LISTED = "if ($http_user_agent ~* (wget|curl|bot)) { return 403; }"


@pytest.mark.parametrize(
    ("words", "status", "program"),
    [
        ("Googlebot gets 403, Search Console says blocked", 403, "Googlebot"),
        ("curl: (22) The requested URL returned error: 403", 403, "curl"),
        ("the browser of a visitor gets 403", 403, ""),
        ("curl: (22) The requested URL returned error: 404", 404, ""),
        ("Stripe webhooks get 403", 403, ""),
    ],
)
def test_fires_for_the_program_of_a_message(words: str, status: int, program: str) -> None:
    """The run itself, and browsers, pass."""
    kept_out = Symptom("certificate", "curl: (60) SSL certificate problem")
    assert not judge(CHECK, *refused_page(LISTED, 200), target=replace(SHOP, symptom=kept_out))
    state, text, answered = refused_page(LISTED, 200)
    shop = replace(SHOP, symptom=Symptom("status", words, status))
    claims = judge(CHECK, state, text, answered, target=shop, masked=False)
    assert [claim.facts["program"] for claim in claims] == [program] * bool(program)
    for claim in claims:
        (step,) = claim.fix.steps if claim.fix else ()
        kept = "(wget|curl)" if program == "Googlebot" else "(wget|bot)"
        assert kept in str(getattr(step, "commands", ()))
        assert claim.confidence is Confidence.LIKELY


MAPPED = "if ($bad_bot) { return 403; }"


@pytest.mark.parametrize(
    ("default", "is_written"), [("default 0;", True), ("", True), ("default 1;", False)]
)
def test_a_map_of_robots_spares_a_program(default: str, is_written: bool) -> None:
    robots = f"map $http_user_agent $bad_bot {{ {default} ~*(scan|python) 1; ~*Mozilla 0; }}\n"
    server = (
        f"server {{ listen 443 ssl; server_name shop.example.com; {MAPPED}\n"
        " location / { proxy_pass http://127.0.0.1:3000; } }\n"
    )
    symptom = Symptom("status", "403 for python requests, browsers get the page", 403)
    shop = replace(SHOP, symptom=symptom)
    (claim,) = judge(CHECK, RUNNING, config(robots + server), page(200), target=shop, masked=False)
    assert ("~*python-requests" in typed(claim)) is is_written


PAYMENT = (
    '198.51.100.10 - - [15/Nov/2017:10:21:44 +0000] "POST /payment/notify HTTP/1.1" 444 0 "-"'
    ' "%s" https://shop.example.com/payment/notify'
)
OLD_BROWSER = "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)"
BLOCKER = (
    "map $http_user_agent $bad_bot {{ default 0; {} ~*SemrushBot 3; }}\n"
    "server {{ listen 443 ssl; server_name shop.example.com;\n"
    " if ($bad_bot = '3') {{ return 444; }}\n"
    " location / {{ proxy_pass http://127.0.0.1:3000; }} }}\n"
)


@pytest.mark.parametrize(
    ("entry", "agent", "status", "fires"),
    [
        ('"~*\\bMozilla/4\\b" 3;', OLD_BROWSER, 200, True),
        ('"~*\\bMozilla/4\\b" 3;', OLD_BROWSER, 404, True),  # the path has nothing for GET
        ("", OLD_BROWSER, 200, False),
        ('"~*\\bMozilla/4\\b" 3;', "Mozilla/5.0 (compatible; FooPay/1.0)", 200, False),
    ],
)
def test_simulates_the_request_of_a_line_of_the_log(
    entry: str, agent: str, status: int, fires: bool
) -> None:
    """Issue 110 of mitchellkrogza/nginx-ultimate-bad-bot-blocker."""
    shop = replace(SHOP, path="/payment/notify", symptom=Symptom("status", PAYMENT % agent, 444))
    text = config(BLOCKER.format(entry))
    answered = replace(page(status), url="https://shop.example.com/payment/notify")
    claims = judge(CHECK, RUNNING, text, answered, target=shop, masked=False)
    assert len(claims) == fires
    for claim in claims:
        assert claim.facts["program"] == OLD_BROWSER
        assert "~*Mozilla.4.0..compatible..MSIE.5.01..Windows.NT.5.0. 0;" in typed(claim)


def test_spares_one_program_in_an_expression_and_names_the_method_of_a_line() -> None:
    words = PAYMENT % OLD_BROWSER
    shop = replace(SHOP, path="/payment/notify", symptom=Symptom("status", words, 444))
    answered = replace(page(200), url="https://shop.example.com/payment/notify")
    state, text, _ = refused_page('if ($http_user_agent ~ "^Mozilla/[1-4]") { return 444; }', 200)
    (claim,) = judge(CHECK, state, text, answered, target=shop, masked=False)
    assert (
        "^(?!.*Mozilla.4.0..compatible..MSIE.5.01..Windows.NT.5.0.).*(?:^Mozilla/[1-4])"
        in typed(claim)
    )
    state, text, _ = refused_page("if ($request_method !~ ^(GET|HEAD)$) { return 444; }", 200)
    (claim,) = judge(CHECK, state, text, answered, target=shop, masked=False)
    assert claim.facts["sent"] == "POST"
    state, text, _ = refused_page("if ($request_method !~ ^(GET|HEAD)$) { return 403; }", 200)
    assert not judge(CHECK, state, text, answered, target=shop, masked=False)


@pytest.mark.parametrize(
    ("rule", "edit", "unwanted"),
    [
        ("# referrer spam\n valid_referers *.semalt.com;", '($invalid_referer = "")', True),
        ("valid_referers partner.example;", "partner.example none blocked server_names;", False),
        ("valid_referers server_names *.semalt.com;", "*.semalt.com none blocked;", False),
        ("valid_referers shop.example.com spam.example;", " none blocked server_names;", False),
    ],
)
def test_the_edit_of_a_list_of_referers(rule: str, edit: str, unwanted: bool) -> None:
    """Issue 17 of Stevie-Ray/referrer-spam-blocker: `valid_referers` has the spammers."""
    text = f"{rule} if ($invalid_referer) {{ return 403; }}"
    (claim,) = judge(CHECK, *refused_page(text, 403, NGINX_PAGE), masked=False)
    assert claim.facts["unwanted"] is unwanted
    assert edit in typed(claim)


def test_silent_where_the_line_of_the_log_has_another_status() -> None:
    words = (PAYMENT % OLD_BROWSER).replace(" 444 0 ", " 200 512 ")
    text = config(BLOCKER.format('"~*\\bMozilla/4\\b" 3;'))
    for symptom in (Symptom("other", words), Symptom("status", words, 404)):
        shop = replace(SHOP, path="/payment/notify", symptom=symptom)
        assert not judge(CHECK, RUNNING, text, page(404), target=shop, masked=False)
