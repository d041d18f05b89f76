"""http.cookie-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Fix, Manual, Symptom, Target, Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import SymptomKind
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.cookie-refused"


def sets(*values: str) -> Exchange:
    return replace(page(200), headers=tuple(("Set-Cookie", value) for value in values))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sid=1; Path=/; SameSite=None", "same_site"),
        ("sid=1; Path=/; Domain=app.internal", "domain"),
        ("__Host-sid=1; Path=/app; Secure", "prefix"),
    ],
)
def test_fires_and_says_why(value: str, reason: str) -> None:
    (claim,) = judge(CHECK, sets(value), masked=False)
    assert claim.facts[reason]
    assert value.startswith(f"{claim.facts['cookie']}=")


def test_fires_with_the_line_that_passes_the_page_on() -> None:
    (claim,) = judge(CHECK, sets("sid=1; SameSite=None"), RUNNING, config(), masked=False)
    assert claim.location


@pytest.mark.parametrize(
    ("value", "line"),
    [("sid=1; SameSite=None", "proxy_cookie_flags sid secure;"), ("__Host-sid=1; Path=/app", "")],
)
def test_the_edit_of_nginx_stands_beside_the_application_s_setting(value: str, line: str) -> None:
    build = replace(BUILD, version="nginx/1.26.3")
    (claim,) = judge(CHECK, sets(value), RUNNING, build, config(), masked=False)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert f"+        {line}\n" in _typed(step) if line else not step.commands
    # An nginx that does not know the directive has no edit.
    old = replace(BUILD, version="nginx/1.18.0")
    (claim,) = judge(CHECK, sets(value), RUNNING, old, config(), masked=False)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert not step.commands


def test_nginx_gives_the_cookie_the_domain_of_the_site() -> None:
    seen = (sets("sid=1; Domain=app.internal"), RUNNING, BUILD)
    (claim,) = judge(CHECK, *seen, config(), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_cookie_domain app.internal shop.example.com;\n" in edit.diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # For another name of the block the Domain is right.
        ("server_name shop.example.com", "server_name shop.example.com www.app.internal"),
        ("proxy_pass", "proxy_cookie_domain a.example b.example;\n proxy_pass"),
    ],
)
def test_a_person_chooses_where_the_domain_may_be_right(old: str, new: str) -> None:
    assert old in SITE
    seen = (sets("sid=1; Domain=app.internal"), RUNNING, BUILD)
    (claim,) = judge(CHECK, *seen, config(SITE.replace(old, new)), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


LARAVEL = ReadSetting(
    application="laravel", topic="cookie_domain", key="SESSION_DOMAIN", values=("app.internal",),
    wanted="shop.example.com", file="/srv/shop/.env", number=8, needs_restart=False,
    line="SESSION_DOMAIN=app.internal", new="SESSION_DOMAIN=shop.example.com",
)  # fmt: skip
SPRING = ReadSetting(
    application="spring", topic="cookie_domain", key="server.servlet.session.cookie.domain",
    file="/srv/shop/application.properties", number=3, unit="shop.service", source="file",
    line="server.servlet.session.cookie.domain=app.internal", wanted="shop.example.com",
    new="server.servlet.session.cookie.domain=shop.example.com",
)  # fmt: skip


@pytest.mark.parametrize("read", [LARAVEL, SPRING])
def test_corrects_the_setting_that_has_the_domain(read: ReadSetting) -> None:
    seen = (sets("sid=1; Domain=.app.internal"), RUNNING, BUILD, config())
    again = replace(read, process="php-fpm")
    (claim,) = judge(CHECK, *seen, read, again, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.path == read.file
    assert edit.diff.count("@@ -") == 1
    assert bool(restart) == read.needs_restart
    # A setting that has another value does not make this cookie.
    (claim,) = judge(CHECK, *seen, replace(read, values=(), line="x=other.app.internal"),
                     masked=False)  # fmt: skip
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.steps[0].path != read.file


DJANGO = ReadSetting(
    application="django", topic="plain_cookie", key="CSRF_COOKIE_SECURE", unit="shop.service",
    file="/srv/shop/shop/settings.py", number=5, line="CSRF_COOKIE_SECURE = True",
    new="CSRF_COOKIE_SECURE = False", wanted="CSRF_COOKIE_SECURE = False",
)  # fmt: skip
PLAIN = replace(sets("csrftoken=1; Path=/; Secure"), url="http://shop.example.com/", port=80)
PLAIN_SHOP = replace(SHOP, scheme="http", port=80)


def test_a_site_without_https_gets_its_cookies_over_http() -> None:
    web, tls = (Listener(address="0.0.0.0", port=port, family=4, pid=7) for port in (80, 443))
    seen = (PLAIN, RUNNING, config(), DJANGO)
    (claim,) = judge(CHECK, *seen, Listeners(sockets=(web,)), target=PLAIN_SHOP, masked=False)
    assert claim.facts["setting_place"] == "/srv/shop/shop/settings.py:5"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    # Visitors of a site with https go there: the cookie stays as it is.
    (claim,) = judge(CHECK, *seen, Listeners(sockets=(web, tls)), target=PLAIN_SHOP, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def _typed(step: Manual) -> str:
    return "".join(each.diff for each in step.commands if isinstance(each, Edit))


def test_fires_with_the_field_of_which_the_application_makes_the_domain() -> None:
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    seen = (sets("sid=1; Path=/; Domain=127.0.0.1"), RUNNING)
    (claim,) = judge(CHECK, *seen, config(bare), masked=False)
    assert claim.facts["told"] == "127.0.0.1:3000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    (claim,) = judge(CHECK, *seen, config(SITE), masked=False)
    assert claim.facts["told"] == ""


def test_fires_where_a_cookie_of_an_inside_address_is_taken_away() -> None:
    """The login page removes what the login will set with the same Domain."""
    gone = "SESSIONID=; Max-Age=0; Domain=192.168.1.10; Path=/; HttpOnly"
    (claim,) = judge(CHECK, sets(gone), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["cookie_domain"], claim.facts["removed"]) == ("192.168.1.10", True)
    (claim,) = judge(CHECK, sets(gone, "sid=1; Domain=app.internal"), masked=False)
    assert (claim.confidence, claim.facts["cookie"]) == (Confidence.CERTAIN, "sid")


@pytest.mark.parametrize(
    "values",
    [
        ("sid=; Max-Age=0; Path=/; Domain=old.example.net",),
        ("sid=; Max-Age=0; Domain=10.0.0.7", "sid=; Max-Age=0"),
        ("sid=1; Path=/; SameSite=None; Secure",),
        ("sid=1; Path=/; Domain=.example.com",),
        ("sid=1; SameSite=None", "sid=1; SameSite=None; Secure"),
        ("sid=; Max-Age=0; SameSite=None",),
        (),
    ],
)
def test_silent(values: tuple[str, ...]) -> None:
    assert not judge(CHECK, sets(*values), masked=False)


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("apache", "ProxyPassReverseCookieDomain app.internal shop.example.com"),
        ("haproxy", "http-response replace-header Set-Cookie"),
    ],
)
def test_each_web_server_gets_its_own_words(product: str, words: str) -> None:
    (claim,) = judge(CHECK, sets("sid=1; Path=/; Domain=app.internal"), masked=False)
    served = replace(claim, facts={**claim.facts, "web_server": product})
    said = "\n".join(texts(CHECK, served))
    assert words in said
    assert "proxy_cookie_domain" not in said


def told(text: str, kind: SymptomKind = "cookie") -> Target:
    return replace(SHOP, symptom=Symptom(kind, text))


@pytest.mark.parametrize(
    ("text", "reason", "cookie"),
    [
        ("Cookies marked with SameSite=None must also be marked with Secure", "same_site", ""),
        ("Mark cross-site cookies as Secure to allow setting them", "same_site", ""),
        ("Cookie “sid” rejected because it has the “SameSite=None” attribute but is missing the "
         "“secure” attribute.", "same_site", "sid"),
        ("blocked because it had the \"Secure\" attribute but was not received over a secure "
         "connection", "insecure", ""),
        ("its Domain attribute was invalid with regards to the current host url", "domain", ""),
        ("Cookie “JSESSIONID” has been rejected for invalid domain.", "domain", "JSESSIONID"),
        ("Cookie “__Host-a” has been rejected for invalid prefix.", "prefix", "__Host-a"),
        ("Cookie “a” has been rejected because it is in a cross-site context and its “SameSite” is "
         "“Lax” or “Strict”.", "cross_site", "a"),
        ("登录后报错：SameSite=None 的 Cookie 必须同时设置 Secure", "same_site", ""),
    ],
)  # fmt: skip
def test_fires_on_a_browsers_own_sentence(text: str, reason: str, cookie: str) -> None:
    """The cookie is set by the login's answer, which no run asks for."""
    (claim,) = judge(CHECK, sets(), target=told(text), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts[reason]
    assert claim.facts["cookie"] == cookie


def test_fires_on_a_persons_words_as_possible() -> None:
    words = "系统被别的网站用iframe嵌套，登录后cookie保存不了，chrome 80"
    (claim,) = judge(CHECK, sets(), target=told(words), masked=False)
    assert (claim.confidence, claim.facts["cross_site"]) == (Confidence.POSSIBLE, True)


def test_silent_where_the_cookie_of_the_message_is_taken_today() -> None:
    words = (
        "Cookie “sid” rejected because it has the “SameSite=None” attribute but is missing the “"
    )
    target = told(f"{words}secure” attribute.")
    assert not judge(CHECK, sets("sid=1; SameSite=None; Secure"), target=target, masked=False)
    assert judge(CHECK, sets("other=1; SameSite=None; Secure"), target=target, masked=False)
    corrected = SITE.replace("proxy_set_header", "proxy_cookie_flags ~ secure;\n proxy_set_header")
    assert not judge(CHECK, sets(), RUNNING, config(corrected), target=target, masked=False)
    apache = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="/etc/apache2/apache2.conf",
        files=(ServerFile("/etc/apache2/a.conf", 'Header edit Set-Cookie (.*) "$1; Secure"'),),
    )  # fmt: skip
    assert not judge(CHECK, sets(), apache, target=target, masked=False)


def test_silent_on_other_words() -> None:
    for words in ("I set SameSite=None; Secure, and the login is lost", "no cookie banner"):
        assert not judge(CHECK, sets(), target=told(words), masked=False)
    framed = told("the page with the iframe is slow, no cookie", "slow")
    assert not judge(CHECK, sets(), target=framed, masked=False)


@pytest.mark.parametrize(
    ("product", "line"),
    [
        ("apache", 'Header edit Set-Cookie "(?i)^([^=]+=.*)$" "$1; Secure"'),
        ("haproxy", 'http-response replace-header Set-Cookie "^([^=]+=.*)$" "\\1; Secure"'),
        ("caddy", 'header_down Set-Cookie "^([^=]+=.*)$" "$1; Secure"'),
    ],
)
def test_each_server_has_its_line(product: str, line: str) -> None:
    target = told("Mark cross-site cookies as Secure to allow setting them")
    (claim,) = judge(CHECK, sets(), target=target, masked=False)
    served = replace(claim, facts={**claim.facts, "web_server": product})
    assert line in "\n".join(texts(CHECK, served))
    assert "proxy_cookie_flags" not in "\n".join(texts(CHECK, served))


def test_corrects_all_cookies_that_are_refused_alike() -> None:
    """One of two is not enough: the login needs the session's cookie."""
    seen = sets("XSRF-TOKEN=1; SameSite=None", "sid=2; SameSite=none", "fine=3; SameSite=Lax")
    build = replace(BUILD, version="nginx/1.26.3")
    (claim,) = judge(CHECK, seen, RUNNING, build, config(), masked=False)
    assert (claim.facts["cookie"], claim.facts["others"]) == ("XSRF-TOKEN", ("sid",))
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    for name in ("XSRF-TOKEN", "sid"):
        assert f"+        proxy_cookie_flags {name} secure;\n" in _typed(step)
    said = "\n".join(texts(CHECK, claim))
    assert "`proxy_cookie_flags '~^(?:XSRF-TOKEN|sid)$' secure;`" in said
    served = replace(claim, facts={**claim.facts, "web_server": "apache"})
    assert "(?i)^((?:XSRF-TOKEN|sid)=.*)$" in "\n".join(texts(CHECK, served))


def test_apache_gives_the_cookie_the_domain_of_the_site() -> None:
    def fix(text: str) -> Fix:
        seen = (sets("sid=1; Domain=app.internal"), APACHE, apache_config(text), LISTENING)
        (claim,) = judge(CHECK, *seen, masked=False)
        assert claim.fix
        return claim.fix

    edit, *reload = fix(HTTPS).steps
    assert isinstance(edit, Edit)
    assert "+    ProxyPassReverseCookieDomain app.internal shop.example.com\n" in edit.diff
    assert reload
    other = HTTPS.replace("    SSLEngine", "    ServerAlias www.app.internal\n    SSLEngine", 1)
    assert fix(other).applicability is Applicability.MANUAL, "the Domain is right there"
