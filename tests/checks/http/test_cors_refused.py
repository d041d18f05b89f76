"""http.cors-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Severity
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.model.symptom import Symptom
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cors-refused"
ORIGIN = "https://app.example.net"
ALLOW = "Access-Control-Allow-Origin"
ASKED = f"curl -sSi -H 'Origin: {ORIGIN}' https://shop.example.com/"
WITH_COOKIES = ("Access-Control-Allow-Credentials", "true")
OWN_PAGE = (
    "<html><body><center><h1>401</h1></center><hr><center>nginx/1.26.3</center></body></html>"
)
PASTED = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))


def answer(
    status: int = 200, *headers: tuple[str, str], method: str = "GET", asked: str = ASKED
) -> Exchange:
    kind = ("Content-Type", "application/json")
    return replace(page(status), headers=(kind, *headers), method=method, equivalent=asked)


def test_fires_on_a_preflight_that_is_redirected() -> None:
    (claim,) = judge(CHECK, answer(301, ("Location", "/login/"), method="OPTIONS"))
    assert claim.facts["redirected"]
    assert claim.facts["to"] == "https://shop.example.com/login/"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer(405, method="OPTIONS"), "failed"),
        (answer(204, method="OPTIONS"), "missing"),
        (answer(), "missing"),
        (answer(200, (ALLOW, "https://other.example.net")), "other"),
        (answer(200, (ALLOW, "*"), WITH_COOKIES), "wildcard"),
    ],
)
def test_fires_and_says_why(response: Exchange, reason: str) -> None:
    (claim,) = judge(CHECK, response, masked=False)
    assert claim.facts[reason]
    assert claim.facts["origin"] == ORIGIN
    assert claim.facts["status"] == response.status


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("CORS 携带 cookie 时无效", Confidence.CERTAIN),
        ("blocked by CORS policy", Confidence.LIKELY),
    ],
)
def test_every_site_with_cookies_is_refused_whichever_site_asked(
    text: str, confidence: Confidence
) -> None:
    """The message names no site; the page was asked for once more as one that nobody has."""
    asked = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)
    plain = answer(200, asked="curl -sSi https://shop.example.com/")
    other = replace(answer(200, (ALLOW, "*"), WITH_COOKIES, asked=asked), purpose="cross-origin")
    pasted = replace(SHOP, symptom=Symptom("cors", text))
    (claim,) = judge(CHECK, plain, other, target=pasted, masked=False)
    assert claim.facts["wildcard"]
    assert claim.confidence is confidence
    assert not judge(CHECK, plain, other, masked=False)
    named = replace(other, headers=(*other.headers[:1], (ALLOW, ORIGIN), WITH_COOKIES))
    assert not judge(CHECK, plain, named, target=pasted, masked=False)


def test_fires_on_the_status_alone_where_no_origin_is_known() -> None:
    """Issue 126 of Dream4ever/Knowledge-Base: "OPTIONS … 405" in a log."""
    asked = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)
    (claim,) = judge(CHECK, answer(405, method="OPTIONS", asked=asked), masked=False)
    assert claim.facts["failed"]
    assert claim.facts["origin"] == ""
    for status in (204, 403):
        assert not judge(CHECK, answer(status, method="OPTIONS", asked=asked), masked=False)


def test_fires_on_a_field_that_the_preflight_asks_for() -> None:
    asked = ASKED.replace(
        "https://shop", "-H 'Access-Control-Request-Headers: x-token' https://shop"
    )
    allowed = answer(204, (ALLOW, ORIGIN), method="OPTIONS", asked=asked)
    (claim,) = judge(CHECK, allowed, target=PASTED, masked=False)
    assert claim.facts["name"] == "x-token"
    named = ("Access-Control-Allow-Headers", "Content-Type, X-Token")
    both = answer(204, (ALLOW, ORIGIN), named, method="OPTIONS", asked=asked)
    assert not judge(CHECK, both, target=PASTED, masked=False)


def test_fires_and_is_unsure_where_the_origin_is_nobodys() -> None:
    asked = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)
    (claim,) = judge(CHECK, answer(asked=asked), target=PASTED, masked=False)
    assert claim.confidence is Confidence.POSSIBLE
    field = "-H 'Access-Control-Request-Headers: x-token' https://shop"
    preflight = answer(
        204, (ALLOW, "*"), method="OPTIONS", asked=asked.replace("https://shop", field)
    )
    (claim,) = judge(CHECK, preflight, target=PASTED, masked=False)
    assert (claim.facts["name"], claim.confidence) == ("x-token", Confidence.CERTAIN)


@pytest.mark.parametrize(("body", "is_own"), [("{}", False), (OWN_PAGE, True)])
def test_fires_and_names_the_location_where_the_application_answers(
    body: str, is_own: bool
) -> None:
    """nginx's own page is none of the application's: auth_basic refuses a preflight."""
    response = replace(answer(401, method="OPTIONS"), body=body)
    (claim,) = judge(CHECK, response, RUNNING, config(SITE), masked=False)
    assert bool(claim.facts["place"]) is not is_own
    assert bool(claim.location) is not is_own


def test_silent_on_a_list_of_origins_where_the_origin_is_nobodys() -> None:
    asked = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)
    assert not judge(CHECK, answer(200, (ALLOW, ORIGIN), asked=asked), target=PASTED, masked=False)


def test_fires_and_names_nginxs_line() -> None:
    added = SITE.replace(
        "proxy_set_header", f"add_header {ALLOW} https://a.example;\n proxy_set_header"
    )
    response = answer(200, (ALLOW, "https://a.example"))
    (claim,) = judge(CHECK, response, RUNNING, config(added), masked=False)
    assert claim.facts["added"]
    assert claim.location


@pytest.mark.parametrize(
    "response",
    [
        answer(200, (ALLOW, ORIGIN), WITH_COOKIES),
        answer(200, (ALLOW, "*")),
        answer(204, (ALLOW, "*"), method="OPTIONS"),
        answer(301, ("Location", "/login/")),
        answer(200, asked="curl -sSi https://shop.example.com/"),
        answer(200, asked=ASKED.replace(ORIGIN, "https://shop.example.com")),
        replace(answer(), headers=(("Content-Type", "text/html"),)),
        answer(200, (ALLOW, "*"), (ALLOW, ORIGIN)),
    ],
)
def test_silent(response: Exchange) -> None:
    assert not judge(CHECK, response, masked=False)


def test_silent_on_a_page_unless_a_message_was_pasted() -> None:
    response = replace(answer(), headers=(("Content-Type", "text/html"),))
    assert judge(CHECK, response, target=PASTED, masked=False)


def test_silent_on_the_origin_of_a_websocket() -> None:
    target = replace(SHOP, scheme="wss", path="/ws", websockets=("/ws",))
    assert not judge(CHECK, answer(), target=target, masked=False)
    assert judge(CHECK, answer(), target=replace(target, symptom=PASTED.symptom), masked=False)


@pytest.mark.parametrize(
    ("server", "product"),
    [("nginx/1.26.3", "nginx"), ("Apache/2.4.62", "apache"), ("Caddy", "caddy"), ("gunicorn", "")],
)
def test_fires_with_the_lines_of_the_server_that_answers_in_place_of_the_application(
    server: str, product: str
) -> None:
    refused = answer(401, ("Server", server), method="OPTIONS")
    (claim,) = judge(CHECK, refused, masked=False)
    assert claim.fix is not None
    steps = [step.step for step in claim.fix.steps if isinstance(step, Manual)]
    assert ("answer-options" in steps) is bool(product)
    assert [name for name in ("nginx", "apache", "caddy", "haproxy") if claim.facts[name]] == (
        [product] if product else []
    )
    assert claim.facts["path"] == "/"


def test_fires_without_those_lines_where_the_server_itself_refuses() -> None:
    own = replace(answer(405, ("Server", "nginx"), method="OPTIONS"), body=OWN_PAGE)
    (claim,) = judge(CHECK, own, masked=False)
    assert claim.fix is not None
    assert len(claim.fix.steps) == 1


OWN_PAGE_ASKS = OtherRequest(
    path="/", source="page", by_browser=True, origin=ORIGIN, elsewhere="https://shop.example.com",
    use="font",
)  # fmt: skip


def test_fires_where_the_own_page_asks_another_name() -> None:
    """The location that answers permits the page, and keeps what it inherits."""
    text = SITE.replace("  location / {", '  add_header X-A "b";\n  location / {')
    seen = answer(), OWN_PAGE_ASKS, RUNNING, config(text)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.facts["font"]
    assert claim.fix is not None
    (edit, *_) = claim.fix.steps
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.splitlines() if line.startswith("+")]
    assert added[1:] == ['add_header X-A "b";', f"add_header {ALLOW} {ORIGIN} always;"]


def test_fires_where_a_line_permits_the_files_own_name() -> None:
    """The page at another name asks, as by `<base href>`: the line gets the page's origin."""
    own = "https://shop.example.com"
    text = SITE.replace("  location / {", f"  add_header {ALLOW} {own};\n  location / {{")
    seen = answer(200, (ALLOW, own)), OWN_PAGE_ASKS, RUNNING, config(text)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.facts["own_name"]
    assert claim.fix is not None
    (edit, *_) = claim.fix.steps
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.splitlines() if line.startswith("+")]
    assert added[1:] == [f'add_header {ALLOW} "{ORIGIN}";']
    other = answer(200, (ALLOW, "https://partner.example.org")), OWN_PAGE_ASKS, RUNNING
    (claim,) = judge(CHECK, *other, config(text), masked=False)
    assert not claim.facts["own_name"]


def test_fires_where_cookies_are_sent_and_every_site_is_allowed() -> None:
    asked = replace(OWN_PAGE_ASKS, use="data", with_cookies=True)
    (claim,) = judge(CHECK, answer(200, (ALLOW, "*")), asked, masked=False)
    assert claim.facts["wildcard"]
    assert not judge(CHECK, answer(200, (ALLOW, "*")), masked=False)


#: Other sites keep their permission, without cookies.
CHOICE = (
    'set $permitted_origin "*";',
    f'if ($http_origin = "{ORIGIN}") {{ set $permitted_origin {ORIGIN}; }}',
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"add_header {ALLOW} * always;",
         [*CHOICE, f"add_header {ALLOW} $permitted_origin always;",
          "add_header Access-Control-Allow-Credentials true always;"]),
        (f"add_header {ALLOW} *;\n        add_header Access-Control-Allow-Credentials true;",
         [*CHOICE, f"add_header {ALLOW} $permitted_origin;"]),
        ("add_header X-A b;", []),
        (f"add_header {ALLOW} $http_origin;", []),
    ],
)  # fmt: skip
def test_the_line_for_every_site_names_the_page_of_the_message_too(
    lines: str, expected: list[str]
) -> None:
    words = "must not be the wildcard '*' when the request's credentials mode is 'include'"
    told = replace(SHOP, symptom=Symptom("cors", f"blocked by CORS policy: {words}"))
    text = SITE.replace("proxy_pass", f"{lines}\n        proxy_pass", 1)
    seen = answer(200, (ALLOW, "*")), RUNNING, config(text)
    (claim,) = judge(CHECK, *seen, target=told, masked=False)
    assert claim.fix is not None
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    added = [
        line[1:].strip()
        for edit in edits
        for line in edit.diff.splitlines()
        if line.startswith("+") and not line.startswith("+++")
    ]
    assert added == expected
    unnamed = replace(seen[0], equivalent=ASKED.replace(ORIGIN, UNKNOWN_ORIGIN))
    (claim,) = judge(CHECK, unnamed, *seen[1:], target=told, masked=False)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_a_line_of_all_sites_is_left_to_a_person() -> None:
    words = "must not be the wildcard '*' when the request's credentials mode is 'include'"
    told = replace(SHOP, symptom=Symptom("cors", f"blocked by CORS policy: {words}"))
    seen = answer(200, (ALLOW, "*")), RUNNING, config(f"add_header {ALLOW} *;\n{SITE}")
    (claim,) = judge(CHECK, *seen, target=told, masked=False)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_firefox_names_no_page_and_the_permitted_one_gets_its_preflight() -> None:
    text = SITE.replace("proxy_pass", f"add_header {ALLOW} {ORIGIN} always;\n        proxy_pass", 1)
    asked = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)
    seen = answer(405, method="OPTIONS", asked=asked), RUNNING
    (claim,) = judge(CHECK, *seen, config(text), target=PASTED, masked=False)
    assert claim.fix is not None
    assert any(isinstance(step, Edit) for step in claim.fix.steps)
    (claim,) = judge(CHECK, *seen, config(SITE), target=PASTED, masked=False)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_silent_where_the_own_page_gets_an_error_without_a_permission() -> None:
    """Visitors who have logged in may get another answer."""
    assert judge(CHECK, answer(401), masked=False)
    assert not judge(CHECK, answer(401), OWN_PAGE_ASKS, masked=False)


def test_silent_where_every_field_of_the_preflight_is_allowed() -> None:
    names = "authorization,x-token"
    asked = ASKED.replace(
        "https://shop", f"-H 'Access-Control-Request-Headers: {names}' https://shop"
    )
    for allowed, refused in (("Authorization, X-Token", ""), ("Authorization", "x-token")):
        field = ("Access-Control-Allow-Headers", allowed)
        claims = judge(
            CHECK, answer(204, (ALLOW, ORIGIN), field, method="OPTIONS", asked=asked), masked=False
        )
        assert [claim.facts["name"] for claim in claims] == ([refused] if refused else [])


def test_fires_where_cookies_are_not_permitted() -> None:
    asked = replace(OWN_PAGE_ASKS, use="data", with_cookies=True)
    (claim,) = judge(CHECK, answer(200, (ALLOW, ORIGIN)), asked, masked=False)
    assert claim.facts["cookies"]
    twice = answer(200, (ALLOW, ORIGIN), WITH_COOKIES, WITH_COOKIES)
    assert judge(CHECK, twice, asked, masked=False)
    assert not judge(CHECK, answer(200, (ALLOW, ORIGIN), WITH_COOKIES), asked, masked=False)
    assert not judge(CHECK, answer(200, (ALLOW, ORIGIN)), OWN_PAGE_ASKS, masked=False)


def test_fires_on_the_message_about_cookies() -> None:
    """Chrome's: "… which must be 'true' when the request's credentials mode is 'include'"."""
    words = "The value of the 'Access-Control-Allow-Credentials' header in the response is ''"
    told = replace(SHOP, symptom=Symptom("cors", words))
    (claim,) = judge(CHECK, answer(200, (ALLOW, ORIGIN)), target=told, masked=False)
    assert claim.facts["cookies"]


def test_the_preflight_is_answered_where_nginx_permits_the_page() -> None:
    text = SITE.replace("proxy_pass", f"add_header {ALLOW} {ORIGIN} always;\n        proxy_pass", 1)
    asked = replace(OWN_PAGE_ASKS, use="data", method="OPTIONS", fields=("x-a",))
    seen = answer(405, method="OPTIONS"), asked, RUNNING
    (claim,) = judge(CHECK, *seen, config(text), masked=False)
    assert claim.fix is not None
    (edit, *_) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert 'Access-Control-Allow-Headers "Content-Type, Authorization, x-a";' in edit.diff
    (claim,) = judge(CHECK, *seen, config(SITE), masked=False)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize(
    ("status", "origin", "is_written"),
    [(405, ORIGIN, True), (404, ORIGIN, True), (403, ORIGIN, False), (405, "https://a.net", False)],
)
def test_the_preflight_of_a_message_is_answered_where_nginx_permits_its_page(
    status: int, origin: str, is_written: bool
) -> None:
    text = SITE.replace("proxy_pass", f"add_header {ALLOW} {origin} always;\n        proxy_pass", 1)
    seen = answer(status, method="OPTIONS"), RUNNING, config(text)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.fix is not None
    assert any(isinstance(step, Edit) for step in claim.fix.steps) is is_written


@pytest.mark.parametrize(
    ("words", "value", "status", "confidence"),
    [
        ("blocked by CORS policy", ORIGIN, 404, Confidence.LIKELY),
        ("blocked by CORS policy", "https://other.example.net", 404, Confidence.CERTAIN),
        ("blocked by CORS policy", ORIGIN, 401, Confidence.CERTAIN),
        ("contains multiple values", ORIGIN, 404, None),
        ("contains multiple values", "https://other.example.net", 404, Confidence.CERTAIN),
    ],
)
def test_a_get_may_be_another_request_than_that_of_the_message(
    words: str, value: str, status: int, confidence: Confidence | None
) -> None:
    """An address that takes a POST alone refuses a GET."""
    told = replace(SHOP, symptom=Symptom("cors", words))
    preflight = replace(answer(204, (ALLOW, value), method="OPTIONS"), purpose="cross-origin")
    claims = judge(CHECK, answer(status), preflight, target=told, masked=False)
    assert [claim.confidence for claim in claims] == ([confidence] if confidence else [])


METHODS, FIELDS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"


def preflight(method: str, field: str, methods: str, fields: str) -> Exchange:
    sent = f"-H 'Access-Control-Request-Method: {method}'"
    sent += f" -H 'Access-Control-Request-Headers: {field}'" if field else ""
    asked = ASKED.replace("https://shop", f"{sent} https://shop")
    headers = ((ALLOW, ORIGIN), (METHODS, methods), (FIELDS, fields))
    return answer(204, *headers, method="OPTIONS", asked=asked)


def nginx_answers(methods: str, fields: str) -> str:
    lines = f"add_header {METHODS} '{methods}' always;\n            add_header {FIELDS} '{fields}';"
    condition = f"        if ($request_method = OPTIONS) {{\n            {lines}\n"
    condition += "            return 204;\n        }\n"
    return SITE.replace("        proxy_set_header", f"{condition}        proxy_set_header", 1)


def test_fires_on_a_method_and_adds_it_to_nginxs_list() -> None:
    seen = preflight("PUT", "", "GET, POST", "Content-Type")
    text = nginx_answers("GET, POST", "Content-Type")
    (claim,) = judge(CHECK, seen, RUNNING, config(text), target=PASTED, masked=False)
    assert (claim.facts["unlisted"], claim.facts["list"]) == ("PUT", "GET, POST")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f'+            add_header {METHODS} "GET, POST, PUT" always;' in edit.diff


def test_fires_on_a_field_and_adds_it_to_nginxs_list() -> None:
    seen = preflight("POST", "x-token", "GET, POST", "Content-Type")
    text = nginx_answers("GET, POST", "Content-Type")
    (claim,) = judge(CHECK, seen, RUNNING, config(text), target=PASTED, masked=False)
    assert (claim.facts["name"], claim.facts["unlisted"]) == ("x-token", "")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f'+            add_header {FIELDS} "Content-Type, x-token";' in edit.diff


def test_names_no_line_where_the_application_answers() -> None:
    seen = preflight("PUT", "", "GET, POST", "Content-Type")
    (claim,) = judge(CHECK, seen, RUNNING, config(SITE), target=PASTED, masked=False)
    assert (claim.facts["unlisted"], claim.facts["list_place"]) == ("PUT", "")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_on_methods_that_are_permitted() -> None:
    for method, methods in (
        ("PUT", "GET, PUT"), ("PUT", "*"), ("POST", "GET"), ("GET", ""), ("HEAD", "POST"),
    ):  # fmt: skip
        seen = preflight(method, "", methods, "Content-Type")
        assert not judge(CHECK, seen, target=PASTED, masked=False)


def test_the_line_of_apache_gets_the_field() -> None:
    line = f'    Header always set {FIELDS} "Content-Type"\n'
    text = HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws")
    seen = preflight("POST", "x-token", "GET, POST", "Content-Type")
    (claim,) = judge(CHECK, seen, APACHE, apache_config(text), target=PASTED, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "Content-Type, x-token" in edit.diff


SPRING = "Invalid CORS request"


def refused_by(body: str, *headers: tuple[str, str]) -> Exchange:
    sent = "-H 'Access-Control-Request-Headers: x-token' "
    asked = ASKED.replace("https://shop", f"{sent}https://shop")
    return replace(answer(403, *headers, method="OPTIONS", asked=asked), body=body)


@pytest.mark.parametrize(
    ("page_", "fact"),
    [
        (refused_by(SPRING), "in_spring"),
        (refused_by("", ("X-Powered-By", "Express")), "in_express"),
        (refused_by("Disallowed CORS origin"), "in_fastapi"),
        (refused_by("", ("X-Runtime", "0.01"), ("X-Request-Id", "a-b")), "in_rails"),
        (refused_by("", ("Set-Cookie", "laravel_session=a; path=/")), "in_laravel"),
    ],
)
def test_the_framework_and_the_whole_change_of_nginx_are_named(page_: Exchange, fact: str) -> None:
    text = SITE.replace("location /", "add_header X-A b always;\n    location /", 1)
    (claim,) = judge(CHECK, page_, RUNNING, config(text), masked=False)
    assert [name for name in claim.facts if name.startswith("in_") and claim.facts[name]] == [fact]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    program, nginx = claim.fix.steps
    assert isinstance(program, Manual)
    assert isinstance(nginx, Manual)
    assert (program.step, nginx.step) == ("allow-in-program", "answer-in-nginx")
    edit = nginx.commands[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count(f"add_header {ALLOW} {ORIGIN} always;") == 2
    # What the location inherited until now comes into it.
    assert "+        add_header X-A b always;" in edit.diff
    assert (
        'Access-Control-Allow-Headers "Content-Type, Authorization, x-token" always;' in edit.diff
    )
    assert "proxy_hide_header" not in edit.diff


def test_what_the_application_sends_is_hidden_where_nginx_sends_it() -> None:
    sent = answer(200, (ALLOW, "*"), WITH_COOKIES, ("X-Powered-By", "Directus"))
    (claim,) = judge(CHECK, sent, RUNNING, config(SITE), target=PASTED, masked=False)
    assert claim.fix
    own, nginx = claim.fix.steps
    assert isinstance(own, Manual)
    assert isinstance(nginx, Manual)
    assert own.step == "documented-setting"
    assert "CORS_ORIGIN" in str(claim.facts["its_documented"])
    assert claim.facts["its_wanted"] == ORIGIN
    edit = nginx.commands[0]
    assert isinstance(edit, Edit)
    assert f"+        proxy_hide_header {ALLOW};" in edit.diff
    assert edit.diff.count("Access-Control-Allow-Credentials true always;") == 2


def test_no_change_of_nginx_where_it_permits_somebody_or_the_program_refuses_the_request() -> None:
    permits = SITE.replace("proxy_pass", f"add_header {ALLOW} https://a.example;\n  proxy_pass", 1)
    (claim,) = judge(CHECK, refused_by(SPRING), RUNNING, config(permits), masked=False)
    assert claim.fix
    assert all(not step.commands for step in claim.fix.steps if isinstance(step, Manual))
    refused = replace(answer(403, (ALLOW, "https://b.example")), body=SPRING)
    (claim,) = judge(CHECK, refused, RUNNING, config(SITE), target=PASTED, masked=False)
    assert claim.fix
    assert all(not step.commands for step in claim.fix.steps if isinstance(step, Manual))


def test_silent_about_an_address_that_no_visitor_can_use() -> None:
    words = "Cross-Origin Request Blocked: the remote resource at https://{}/api. (Reason: …)"
    page_ = answer(asked=ASKED.replace(ORIGIN, UNKNOWN_ORIGIN))
    for host, count in (("localhost:98", 0), ("10.0.0.7", 0), ("shop.example.com", 1)):
        told = replace(SHOP, symptom=Symptom("cors", words.format(host)))
        assert len(judge(CHECK, page_, target=told, masked=False)) == count


FONT = "/fonts/a.woff2"
FONTS = (
    "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n    root /var/www/shop;\n"
    "    location ~* \\.(eot|ttf|woff)$ {\n"
    '        add_header Access-Control-Allow-Origin "*";\n    }\n}\n'
)
UNNAMED = ASKED.replace(ORIGIN, UNKNOWN_ORIGIN)


def _font() -> Exchange:
    return replace(answer(asked=UNNAMED), url=f"https://shop.example.com{FONT}")


def test_fires_with_the_list_of_endings_that_lacks_the_files_own() -> None:
    target = replace(PASTED, path=FONT)
    (claim,) = judge(CHECK, RUNNING, config(FONTS), _font(), target=target, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ~* \\.(eot|ttf|woff|woff2)$ {" in edit.diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eot|ttf|woff", "css|js"),
        ("eot|ttf|woff", "eot|woff2"),
        ("add_header", "root /srv/fonts; add_header"),
        ('"*"', "https://app.example.net"),
        ("root /var/www/shop;", "location / { proxy_pass http://127.0.0.1:3000; }"),
    ],
)
def test_fires_without_a_list_of_another_kind(old: str, new: str) -> None:
    text = FONTS.replace(old, new)
    target = replace(PASTED, path=FONT)
    (claim,) = judge(CHECK, RUNNING, config(text), _font(), target=target, masked=False)
    assert claim.confidence is not Confidence.LIKELY
    assert not any(isinstance(step, Edit) for step in (claim.fix.steps if claim.fix else ()))


def test_fires_for_an_asked_font_beside_a_list_that_lacks_its_ending() -> None:
    target = replace(SHOP, path=FONT)
    font = replace(_font(), equivalent="curl -sSi https://shop.example.com/fonts/a.woff2")
    (claim,) = judge(CHECK, RUNNING, config(FONTS), font, target=target, masked=False)
    assert (claim.confidence, claim.facts["listed"]) == (Confidence.LIKELY, True)
    assert claim.severity is Severity.NOTE, "nobody said that another site asks"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    permitted = replace(font, headers=(*font.headers, ("Access-Control-Allow-Origin", "*")))
    for text, answered in (
        (FONTS, permitted),
        (FONTS, replace(font, status=404)),
        (FONTS.replace("eot|ttf|woff", "eot|ttf|woff2"), font),
        (FONTS.replace("eot|ttf|woff", "css|js"), font),
        (FONTS.replace('"*"', "https://app.example.net"), font),
    ):
        assert not judge(CHECK, RUNNING, config(text), answered, target=target, masked=False)


WOFF = "https://shop.example.com/fonts/a.woff2"
PASSED = "proxy_pass http://127.0.0.1:3000;"
FILES = "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  root /var/www;\n}\n"


def _file_of_nginx(text: str, origin: str = ORIGIN, status: int = 200) -> Claim:
    asked = f"curl -sSi -H 'Origin: {origin}' {WOFF}"
    response = replace(answer(status, asked=asked), url=WOFF)
    target = replace(PASTED, path="/fonts/a.woff2")
    (claim,) = judge(CHECK, response, config(text), RUNNING, target=target, masked=False)
    return claim


def test_a_file_of_nginx_is_permitted_to_the_page_that_the_message_names() -> None:
    fix = _file_of_nginx(FILES).fix
    assert fix
    assert fix.applicability is Applicability.REVIEW
    (edit, *_) = fix.steps
    assert isinstance(edit, Edit)
    assert f"+  add_header Access-Control-Allow-Origin {ORIGIN} always;" in edit.diff


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (FILES, UNKNOWN_ORIGIN),
        (FILES.replace("root /var/www;", f"location / {{ {PASSED} }}"), ORIGIN),
        (FILES.replace("  root", f"  location /api {{ {PASSED} }}\n  root"), ORIGIN),
    ],
)
def test_no_edit_where_an_application_may_answer_or_nobody_asks(text: str, origin: str) -> None:
    fix = _file_of_nginx(text, origin).fix
    assert fix
    assert not any(isinstance(step, Edit) for step in fix.steps)


ASKING = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location = /auth {
        internal;
        proxy_pass http://127.0.0.1:4180;
    }
    location / {
        auth_request /auth;
        proxy_pass http://127.0.0.1:3000;
    }
}
"""


def login_fix(text: str, body: str = OWN_PAGE) -> Claim:
    refused = replace(answer(401, method="OPTIONS"), body=body)
    (claim,) = judge(CHECK, refused, RUNNING, config(text), target=PASTED, masked=False)
    return claim


def test_fires_and_asks_no_login_of_a_preflight() -> None:
    claim = login_fix(ASKING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+        if ($preflight ~ "^OPTIONS:.") {\n+            return 204;' in edit.diff


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (ASKING, '{"error": "login"}'),
        (ASKING.replace("internal;", "if ($http_x) { return 403; }"), OWN_PAGE),
        (ASKING.replace("auth_request /auth", "auth_request off"), OWN_PAGE),
    ],
)
def test_fires_and_leaves_a_login_to_a_person(text: str, body: str) -> None:
    claim = login_fix(text, body)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_list_without_methods_that_change_something() -> None:
    words = (
        "Quellübergreifende (Cross-Origin) Anfrage blockiert: https://shop.example.com/. "
        "(Grund: Methode in CORS-Kopfzeile 'Access-Control-Allow-Methods' nicht gefunden)"
    )
    target = replace(SHOP, symptom=Symptom("cors", words))
    asked = (
        "curl -sSi -X OPTIONS -H 'Origin: https://app.example.net' "
        "-H 'Access-Control-Request-Method: PUT' https://shop.example.com/"
    )
    for methods, is_judged in (("GET, POST, OPTIONS", True), ("GET, PATCH", False), ("*", False)):
        headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", methods))
        answer = replace(page(204), method="OPTIONS", headers=headers, equivalent=asked)
        claims = judge(CHECK, answer, target=target, masked=False)
        assert bool(claims) == is_judged
        if claims:
            assert claims[0].facts["unlisted"] == "PUT, PATCH, DELETE"
            assert claims[0].confidence is Confidence.LIKELY
