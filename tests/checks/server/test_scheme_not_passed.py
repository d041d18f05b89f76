from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.applications import KnownApplication
from diagnose.model.backends import BackendAnswer
from diagnose.model.pages import Page
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "server.scheme-not-passed"
URL = "https://shop.example.com/"
LOOP = replace(ANSWER, status=301, headers=(("Location", URL),))
PLAIN = BackendAnswer(
    target="http://127.0.0.1:3000/",
    path="/",
    host="shop.example.com",
    status=301,
    location=URL,
)
SECURE = replace(PLAIN, proto="https", status=200, location="")


def test_fires_and_sends_the_header() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), LOOP, PLAIN, SECURE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RequestHeader set X-Forwarded-Proto https\n" in edit.diff


def test_fires_and_loads_the_module_that_the_header_needs() -> None:
    config = apache_config(modules=tuple(name for name in MODULES if name != "headers"))
    (claim,) = judge(CHECK, APACHE, config, LOOP, PLAIN, SECURE)
    assert claim.fix
    assert "a2enmod" in str(claim.fix.steps[0])


def test_fires_for_haproxy() -> None:
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), LOOP, *here)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert (
        "http-request set-header X-Forwarded-Proto https if { ssl_fc }" in claim.fix.steps[0].diff
    )


def test_silent_when_the_application_redirects_anyway_or_somebody_else_does() -> None:
    again = replace(SECURE, status=301, location=URL)
    assert not judge(CHECK, APACHE, apache_config(), LOOP, PLAIN, again)
    own = replace(PLAIN, status=200, location="")
    assert not judge(CHECK, APACHE, apache_config(), LOOP, own, SECURE)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, PLAIN, SECURE)


def edit_with(lines: str) -> str:
    """The edit of a site that has these lines."""
    site = HTTPS.replace("</VirtualHost>", f"{lines}</VirtualHost>")
    (claim,) = judge(CHECK, APACHE, apache_config(site), LOOP, PLAIN, SECURE, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


@pytest.mark.parametrize(
    "line",
    [
        'RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}s',
        "RequestHeader set X-Forwarded-Proto http",
        "RequestHeader set X-Forwarded-Proto https env=SECURE",
        "Header always set X-Forwarded-Proto https",
        "RequestHeader unset X-Forwarded-Proto early",
        "RequestHeader set X_Forwarded_Proto https",
    ],
)
def test_fires_and_replaces_the_line_that_sends_something_else(line: str) -> None:
    diff = edit_with(f"    {line}\n")
    assert f"-    {line}\n+    RequestHeader set X-Forwarded-Proto https\n" in diff


def test_fires_and_replaces_the_line_that_counts_last() -> None:
    section = (
        "    <Location />\n        RequestHeader set X-Forwarded-Proto http\n    </Location>\n"
    )
    first = "    RequestHeader set X-Forwarded-Proto https\n"
    assert "-        RequestHeader set X-Forwarded-Proto http\n" in edit_with(section + first)
    other = section.replace("<Location />", "<Location /other>")
    assert "+    RequestHeader set X-Forwarded-Proto https\n     ProxyPass / " in edit_with(other)


def test_fires_for_a_redirect_to_http_that_the_header_would_prevent() -> None:
    onward = "http://shop.example.com/inventory"
    page = replace(ANSWER, status=302, headers=(("Location", onward),))
    plain = replace(PLAIN, status=302, location=onward)
    secure = replace(SECURE, status=302, location=onward.replace("http:", "https:"))
    (claim,) = judge(CHECK, APACHE, apache_config(), page, plain, secure)
    assert claim.facts["to_http"] is True
    assert claim.severity is None
    back = replace(ANSWER, url=onward.replace("http:", "https:"), purpose="redirect")
    onward_page = replace(
        ANSWER, url=onward, port=80, purpose="redirect", status=301,
        headers=(("Location", back.url),),
    )  # fmt: skip
    (claim,) = judge(CHECK, APACHE, apache_config(), page, onward_page, back, plain, secure)
    assert claim.severity is Severity.WARNING
    ignored = replace(secure, location="http://shop.example.com/start")
    assert not judge(CHECK, APACHE, apache_config(), page, plain, ignored)


def test_the_header_is_set_anew_below_the_line_that_sets_another() -> None:
    rule = "    http-request set-header x-forwarded-proto http\n"
    text = TEXT.replace("backend app\n    option", f"backend app\n{rule}    option")
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LOOP, *here)
    assert claim.facts["written_place"] == "/etc/haproxy/haproxy.cfg:9"
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f" {rule}+    http-request set-header X-Forwarded-Proto https if" in edit.diff


# The page comes all the same

PAGE = replace(ANSWER, status=200, body="<a href='http://shop.example.com/next'>Next</a>")
NO_COOKIE = replace(PLAIN, status=200, location="")
COOKIE = replace(NO_COOKIE, proto="https", secure_cookies=("connect.sid",))
KEPT = apache_config(
    HTTPS.replace("    ProxyPass /ws", "    ProxyPreserveHost On\n    ProxyPass /ws")
)


def test_fires_for_a_secure_cookie_that_is_kept_back() -> None:
    (claim,) = judge(CHECK, APACHE, KEPT, PAGE, NO_COOKIE, COOKIE, NO_COOKIE)
    assert (claim.facts["cookie"], claim.confidence) == ("connect.sid", Confidence.CERTAIN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_plain_addresses() -> None:
    address = "http://shop.example.com/next"
    plain = replace(NO_COOKIE, plain_addresses=(address,))
    told = replace(NO_COOKIE, proto="https")
    (claim,) = judge(CHECK, APACHE, KEPT, PAGE, plain, told, masked=False)
    assert not judge(CHECK, APACHE, KEPT, replace(PAGE, body="rewritten"), plain, told)
    assert (claim.facts["plain"], claim.severity) == (address, Severity.WARNING)


def test_fires_by_a_message_where_a_form_cannot_be_tried() -> None:
    same = (NO_COOKIE, replace(NO_COOKIE, proto="https"))
    form = Page(
        url="https://shop.example.com/", address="192.0.2.10", port=443,
        posts=("https://shop.example.com/login",),
    )  # fmt: skip
    lost = replace(SHOP, symptom=Symptom("cookie", "the session is lost"))
    (claim,) = judge(CHECK, APACHE, KEPT, PAGE, form, *same, target=lost)
    assert (claim.facts["login"], claim.confidence) == (True, Confidence.POSSIBLE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    address = replace(SHOP, symptom=Symptom("wrong-address", "login redirects to http"))
    (claim,) = judge(CHECK, APACHE, KEPT, PAGE, *same, target=address)
    assert (claim.facts["login"], claim.confidence) == (False, Confidence.LIKELY)
    assert not judge(CHECK, APACHE, KEPT, PAGE, form, *same)


def test_fires_where_the_application_wants_the_field_and_its_page_has_no_form() -> None:
    same = (NO_COOKIE, replace(NO_COOKIE, proto="https"))
    failing = replace(SHOP, symptom=Symptom("login", "I can't login"))
    known = KnownApplication(id="discourse", name="Discourse", url=URL)
    (claim,) = judge(CHECK, APACHE, KEPT, PAGE, known, *same, target=failing, masked=False)
    assert (claim.facts["login"], claim.confidence) == (True, Confidence.LIKELY)
    assert not judge(CHECK, APACHE, KEPT, PAGE, *same, target=failing, masked=False)
    assert not judge(CHECK, APACHE, KEPT, PAGE, known, *same, masked=False)


def test_fires_by_the_words_of_a_registry_of_images() -> None:
    same = (NO_COOKIE, replace(NO_COOKIE, proto="https"))
    lost = replace(SHOP, symptom=Symptom("application", "unknown: blob upload unknown to registry"))
    version = ("Docker-Distribution-Api-Version", "registry/2.0")
    registry = replace(PAGE, headers=(*PAGE.headers, version))
    (claim,) = judge(CHECK, APACHE, KEPT, registry, *same, target=lost)
    assert (claim.facts["upload"], claim.confidence) == (True, Confidence.LIKELY)
    assert not judge(CHECK, APACHE, KEPT, PAGE, *same, target=lost)
    assert not judge(CHECK, APACHE, KEPT, registry, *same)


def test_silent_where_the_page_has_a_cookie_or_the_scheme_is_told() -> None:
    with_cookie = replace(PAGE, headers=(("Set-Cookie", "connect.sid=1; Secure"),))
    assert not judge(CHECK, APACHE, KEPT, with_cookie, NO_COOKIE, COOKIE)
    told = apache_config(
        HTTPS.replace(
            "    ProxyPass /ws",
            "    ProxyPreserveHost On\n    RequestHeader set X-Forwarded-Proto https\n"
            "    ProxyPass /ws",
        )
    )
    assert not judge(CHECK, APACHE, told, PAGE, NO_COOKIE, COOKIE)
    again = replace(NO_COOKIE, secure_cookies=("other",))
    assert not judge(CHECK, APACHE, KEPT, PAGE, NO_COOKIE, COOKIE, again)
    assert not judge(CHECK, APACHE, KEPT, PAGE, NO_COOKIE)
    assert not judge(CHECK, APACHE, KEPT, replace(PAGE, status=201), NO_COOKIE, COOKIE)


def test_silent_where_haproxy_tells_it_and_redirects_by_itself() -> None:
    rule = "    http-request set-header X-Forwarded-Proto https\n    redirect scheme https\n"
    text = TEXT.replace("    default_backend", f"{rule}    default_backend")
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    assert not judge(CHECK, HAPROXY, haproxy_config(text), LOOP, *here)
