"""upstream.scheme-not-passed: the application does not know that visitors use https."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Severity, Target
from diagnose.model.applications import KnownApplication
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.scheme-not-passed"
HOST = "        proxy_set_header Host $host;\n"
REFUSED = compared(403, body="HTTPS required")
ADDED = compared(200, "field", "X-Forwarded-Proto", "added", value="https")
REPLACED = replace(ADDED, change="replaced", original="http")
LOOP = replace(page(301), headers=(("Location", SHOP.url),))


def claims(
    text: str, *observations: ComparedRequest, answer: Exchange | None = None
) -> list[Claim]:
    door = answer or page(403)
    return judge(CHECK, config(text), BUILD, RUNNING, door, *controlled(*observations))


def with_scheme(value: str) -> str:
    return SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-Proto {value};\n")


def test_fires_when_it_is_missing() -> None:
    (claim,) = claims(SITE, REFUSED, ADDED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_fires_when_it_is_wrong() -> None:
    (claim,) = claims(with_scheme("http"), REFUSED, REPLACED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_fires_and_a_person_decides_where_nginx_itself_speaks_no_tls() -> None:
    for text in (with_scheme("$scheme"), with_scheme("http").replace("443 ssl", "443")):
        (claim,) = claims(text, REFUSED, REPLACED)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Manual)


def test_fires_where_https_is_forced_past_the_port_of_the_site() -> None:
    """https://shop.example.com:8443/ leads to https://shop.example.com/, where nothing is; after
    issue 494 of next-terminal."""
    target = Target("https://shop.example.com:8443/", "https", "shop.example.com", 8443)
    lost = replace(page(301), url=target.url, port=8443, headers=(("Location", SHOP.url),))
    site = config(SITE.replace("listen 443", "listen 8443"))
    observations = controlled(compared(301, location=SHOP.url), ADDED)
    (claim,) = judge(CHECK, site, BUILD, RUNNING, lost, *observations, target=target)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    there = replace(page(200), url=SHOP.url, purpose="redirect")
    assert not judge(CHECK, site, BUILD, RUNNING, lost, there, *observations, target=target)


def test_silent_where_the_loops_own_check_adds_it() -> None:
    looping = compared(301, location=SHOP.url)
    assert not claims(SITE, looping, ADDED, answer=LOOP)
    assert claims(with_scheme("http"), looping, REPLACED, answer=LOOP)


def test_silent_where_it_makes_no_difference() -> None:
    assert not claims(SITE, REFUSED, replace(ADDED, status=403))


def test_a_cookie_of_a_language_is_a_note_where_nobody_misses_it() -> None:
    bare, told = compared(200), replace(ADDED, secure_cookies=("lang",))
    (claim,) = claims(SITE, bare, told, answer=page(200))
    assert claim.severity is Severity.NOTE


def test_fires_for_a_cookie_that_the_application_keeps_back() -> None:
    """The post of webb.page about express-session: the page itself is served."""
    bare, told = compared(200), replace(ADDED, secure_cookies=("connect.sid",))
    (claim,) = claims(SITE, bare, told, answer=page(200))
    assert claim.facts["cookie"] == "connect.sid"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert not claims(SITE, bare, ADDED, answer=page(200))
    always = replace(bare, secure_cookies=("connect.sid",))
    assert not claims(SITE, always, told, answer=page(200))


PLAIN = replace(compared(200), plain_addresses=("http://shop.example.com/api?page=2",))


def test_fires_for_the_addresses_that_it_writes() -> None:
    (claim,) = claims(SITE, PLAIN, ADDED, answer=page(200))
    assert claim.facts["plain"] == "http://shop.example.com/api?page=2"
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_links_of_a_page_are_a_note_and_its_files_are_not() -> None:
    links = replace(PLAIN, is_html=True, plain_addresses=("http://shop.example.com/tea.css",))
    (claim,) = claims(SITE, links, ADDED, answer=page(200))
    assert claim.severity is Severity.NOTE
    file = PageFile(url="http://shop.example.com/tea.css", kind="stylesheet")
    shown = Page(url=SHOP.url, address="203.0.113.10", port=443, files=(file,))
    observations = controlled(links, ADDED)
    (claim,) = judge(CHECK, config(SITE), BUILD, RUNNING, page(200), shown, *observations)
    assert claim.severity is Severity.ERROR


def test_a_websocket_without_tls_is_no_link() -> None:
    """Issue 253 of convos-chat/convos."""
    sockets = replace(PLAIN, is_html=True, plain_addresses=("ws://shop.example.com/socket",))
    (claim,) = claims(SITE, sockets, ADDED, answer=page(200))
    assert claim.severity is Severity.WARNING


def test_an_address_in_the_settings_of_a_script_is_asked_for() -> None:
    """Keycloak's console reads where to log in from JSON in its page."""
    written = replace(PLAIN, is_html=True, plain_addresses=("http://shop.example.com",))
    settings = '{"authUrl":"http://shop.example.com"}'
    shown = page(200, f'<script id="environment" type="application/json">{settings}</script>')
    (claim,) = claims(SITE, written, ADDED, answer=shown)
    assert claim.severity is Severity.WARNING
    described = page(200, f'<script type="application/ld+json">{settings}</script>')
    (claim,) = claims(SITE, written, ADDED, answer=described)
    assert claim.severity is Severity.NOTE


def test_silent_where_they_are_the_applications_own() -> None:
    assert not claims(
        SITE, PLAIN, replace(ADDED, plain_addresses=PLAIN.plain_addresses), answer=page(200)
    )
    assert not claims(SITE, compared(200), ADDED, answer=page(200))


TO_HTTP = replace(SHOP, symptom=symptom_of("Redirect to http not https after login"))
NO_SESSION = replace(SHOP, symptom=symptom_of("login session cookie is not kept"))
FORM = Page(
    url=SHOP.url, address="203.0.113.10", port=443, posts=("https://shop.example.com/login",)
)


def reported_claims(target: Target, *shown: Page) -> list[Claim]:
    same = controlled(compared(200), ADDED)
    return judge(CHECK, config(SITE), BUILD, RUNNING, page(200), *shown, *same, target=target)


def test_fires_for_a_message_that_a_login_leads_to_http() -> None:
    (claim,) = reported_claims(TO_HTTP)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert (claim.facts["told"], claim.facts["login"]) == (True, False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_possible_for_a_message_about_a_lost_login() -> None:
    (claim,) = reported_claims(NO_SESSION, FORM)
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["login"]
    assert not reported_claims(NO_SESSION), "the page has no form"


def test_fires_for_a_message_about_a_login_that_fails() -> None:
    failing = replace(SHOP, symptom=symptom_of("I can't login"))
    (claim,) = reported_claims(failing, FORM)
    assert claim.confidence is Confidence.POSSIBLE
    words = "I can't login, the application keeps trying to open http version"
    (claim,) = reported_claims(replace(SHOP, symptom=symptom_of(words)))
    assert claim.confidence is Confidence.LIKELY


DISCOURSE = KnownApplication(id="discourse", name="Discourse", url=SHOP.url)


def test_fires_where_the_application_wants_the_field_and_its_page_has_no_form() -> None:
    """Issue 758 of chaitin/SafeLine: Discourse with force_https makes its form by a script."""

    def judged(words: str, *known: KnownApplication, text: str = SITE) -> list[Claim]:
        target, same = replace(SHOP, symptom=symptom_of(words)), controlled(compared(200), ADDED)
        seen = (config(text), BUILD, RUNNING, page(200), *known, *same)
        return judge(CHECK, *seen, target=target, masked=False)

    for words in (
        "点登录之后页面刷新，账号没登上",
        "I can't login",
        "login session cookie is not kept",
    ):
        (claim,) = judged(words, DISCOURSE)
        assert (claim.confidence, claim.facts["login"]) == (Confidence.LIKELY, True)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Edit)
        assert not judged(words)
    assert not judged("I can't login", replace(DISCOURSE, id="gotify", name="Gotify"))
    assert not judged("the page is slow", DISCOURSE)


def test_fires_for_a_message_that_a_login_elsewhere_refuses_the_address() -> None:
    """https://github.com/nezhahq/nezha/issues/1000"""
    target = replace(SHOP, symptom=symptom_of("oauth2: redirect_uri_mismatch"))
    (claim,) = reported_claims(target)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_silent_for_other_messages_about_addresses() -> None:
    other = replace(SHOP, symptom=symptom_of("it redirects to the wrong port"))
    assert not reported_claims(other, FORM)
