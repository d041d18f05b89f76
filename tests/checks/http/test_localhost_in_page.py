"""http.localhost-in-page: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Manual, Observation, Severity, Vantage
from diagnose.model.applications import BuildScript, KnownApplication, ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.pages import PageUse
from diagnose.model.site_folders import BuiltAddress
from diagnose.model.steps import Command
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script, sheet
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.localhost-in-page"
PAGE = page(200)


def test_fires_on_a_websocket_in_the_page() -> None:
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:24678/_nuxt/",)))
    assert claim.facts["socket"]
    assert not claim.facts["script"]


def test_fires_on_a_script_and_names_the_application() -> None:
    response = answered(script(), requests=("http://localhost:3000/api",))
    tried = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000
    )
    (claim,) = judge(CHECK, PAGE, loads(script()), response, tried)
    assert claim.facts["script"] == response.url
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.severity in {None, Severity.WARNING}


def test_fires_as_a_note_on_a_port_of_another_program() -> None:
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:8181/",)))
    assert claim.severity is Severity.NOTE


def test_silent_on_the_sites_own_address_and_a_choice() -> None:
    own = "wss://shop.example.com/ws"
    assert not judge(CHECK, replace(PAGE, mentions=(own,)))
    assert not judge(CHECK, replace(PAGE, mentions=(own, "ws://localhost:3000/ws")))


def test_fires_on_a_style_sheet_of_this_machine() -> None:
    (claim,) = judge(CHECK, page(200), loads(sheet("http://localhost:3000/assets/a.css")))
    assert claim.facts["port"] == 3000


def test_fires_on_a_form_and_names_the_setting_of_the_application() -> None:
    form = loads(insecure_forms=("http://localhost:3000/user/login",))
    (claim,) = judge(CHECK, PAGE, form)
    assert (claim.facts["form"], claim.facts["written"]) == (True, True)
    gitea = KnownApplication(id="gitea", name="Gitea", url="https://shop.example.com/")
    (claim,) = judge(CHECK, PAGE, form, gitea)
    assert "ROOT_URL" in str(claim.facts["setting"])
    (claim,) = judge(CHECK, PAGE, loads(base="http://localhost:3000/"))
    assert (claim.facts["form"], claim.facts["written"]) == (False, True)


def test_fires_on_the_message_of_a_browser() -> None:
    """Laravel Reverb: a page behind the login, after issue 288 of laravel/reverb."""
    text = "WebSocket connection to 'wss://localhost:8080/app/x' failed:"
    target = replace(SHOP, symptom=Symptom("websocket", text))
    (claim,) = judge(CHECK, PAGE, target=target)
    assert (claim.facts["told"], claim.facts["socket"], claim.facts["port"]) == (True, True, 8080)
    (claim,) = judge(CHECK, replace(PAGE, mentions=("wss://localhost:24678/",)), target=target)
    assert not claim.facts["told"]
    line = 'connect() failed while connecting to upstream, upstream: "http://localhost:3000/"'
    assert not judge(CHECK, PAGE, target=replace(SHOP, symptom=Symptom("refused", line)))


ATTACHED = "上传的新附件的地址还是 http://localhost:3000/开头的 造成图片不显示"


def given(text: str, site: str = SITE, *observations: Observation) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("wrong-address", text))
    return judge(CHECK, PAGE, RUNNING, config(site), *observations, target=target)


def test_fires_where_the_site_gives_out_the_address_of_its_own_application() -> None:
    (claim,) = given(ATTACHED)
    assert (claim.facts["given"], claim.facts["written"], claim.severity) == (True, True, None)
    assert claim.facts["port"] == 3000
    (claim,) = given("links in mails are https://localhost:3000/reset instead of our domain")
    assert claim.facts["given"]
    # The application may have made it of the name by which nginx asked before.
    assert not given(ATTACHED.replace("localhost", "127.0.0.1"))


DATA = replace(
    PAGE,
    headers=(("Content-Type", "application/json; charset=utf-8"),),
    body='{"picture": "http://127.0.0.1:3000/avatar/1.image"}',
    mentions=(),
)


def test_fires_where_data_names_the_own_application() -> None:
    (claim,) = judge(CHECK, DATA, RUNNING, config(SITE), masked=False)
    assert (claim.facts["answered"], claim.facts["url"]) == (True, "http://127.0.0.1:3000")
    escaped = replace(DATA, body='{"a": "http:\\/\\/localhost:3000\\/a"}')
    assert judge(CHECK, escaped, RUNNING, config(SITE), masked=False)


def test_silent_on_data_with_another_address_and_on_what_nginx_tells() -> None:
    for body in ('{"a": "http://127.0.0.1:9000/"}', '{"a": "127.0.0.1:3000"}', '{"a": 3000}'):
        assert not judge(CHECK, replace(DATA, body=body), RUNNING, config(SITE))
    page_type = (("Content-Type", "text/html"),)
    assert not judge(CHECK, replace(DATA, headers=page_type), RUNNING, config(SITE))
    told = SITE.replace("proxy_set_header Host $host;", "proxy_set_header Host 127.0.0.1:3000;")
    assert not judge(CHECK, DATA, RUNNING, config(told))


@pytest.mark.parametrize(
    "text",
    [
        ATTACHED.replace("3000", "9000"),
        "links have the wrong domain, with proxy_pass http://localhost:3000; in nginx",
        "links are http, the app runs on localhost:3000",
        "反代到 localhost:3000 后，链接变成 http",
    ],
    ids=["other port", "line of nginx", "where it runs", "Chinese line"],
)
def test_silent_where_the_words_name_another_port_or_a_configuration(text: str) -> None:
    assert not given(text)


def test_silent_where_nginx_tells_the_address_or_the_site_redirects_there() -> None:
    told = SITE.replace("proxy_set_header Host $host;", "proxy_set_header Host localhost:3000;")
    assert not given(ATTACHED, told)
    location = (("Location", "http://localhost:3000/"),)
    assert not given(ATTACHED, SITE, replace(page(302), headers=location, purpose="redirect"))


OWN = SITE.replace("127.0.0.1:3000", "127.0.0.1:8887")


def called(text: str, site: str = OWN) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("unusable", text))
    return judge(CHECK, PAGE, RUNNING, config(site), target=target)


@pytest.mark.parametrize(
    "text",
    [
        "All requests of the page go to http://localhost:8887 instead of the domain",
        "the sign-up button calls http://localhost:8887/api/auth/sign-up/email and fails",
        "页面打开后接口还是请求 http://localhost:8887/api，外网用不了",
        "the browser tries to connect to localhost:8887",
    ],
)
def test_fires_where_the_page_asks_its_own_application_by_the_words(text: str) -> None:
    """The port is the application's own: no wallet and no printer has it."""
    (claim,) = called(text)
    assert (claim.facts["told"], claim.severity) == (True, None)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "text",
    [
        "the browser calls http://localhost:9999/api",
        "nginx forwards all requests to http://localhost:8887 and the page is empty",
        "curl calls http://localhost:8887/api works, the domain does not",
        "the Cloudflare tunnel points to http://localhost:8887, the domain shows 502",
        "I can open http://localhost:8887 and not the domain",
        "请求 http://localhost:8887 正常，域名打不开",
    ],
)
def test_silent_where_the_words_say_where_the_application_is(text: str) -> None:
    assert not called(text)


def test_fires_on_a_browsers_message_with_the_port_of_the_application() -> None:
    text = "GET http://localhost:8887/api net::ERR_CONNECTION_REFUSED"
    target = replace(SHOP, symptom=Symptom("refused", text))
    (claim,) = judge(CHECK, PAGE, RUNNING, config(OWN), target=target)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    (claim,) = judge(CHECK, PAGE, RUNNING, config(SITE), target=target)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)


def test_fires_on_the_data_of_an_inline_script() -> None:
    data = loads(local_values=("http://localhost:8887",))
    (claim,) = judge(CHECK, PAGE, data, RUNNING, config(OWN), masked=False)
    assert (claim.facts["answered"], claim.facts["url"]) == (True, "http://localhost:8887")
    assert not judge(CHECK, PAGE, data, RUNNING, config(SITE))
    told = OWN.replace("proxy_set_header Host $host;", "proxy_set_header Host localhost:8887;")
    assert not judge(CHECK, PAGE, data, RUNNING, config(told))


def test_certain_where_the_browser_names_the_address_of_the_script() -> None:
    """Jitsi Meet without PUBLIC_URL; the page has another WebSocket, which works."""
    own, local = "wss://shop.example.com/xmpp-websocket", "wss://localhost:8443/xmpp-websocket"
    words = f"WebSocket connection to '{local}?room=test' failed"
    target = replace(SHOP, symptom=Symptom("websocket", words))
    named = replace(PAGE, mentions=(own, local))
    (claim,) = judge(CHECK, named, target=target)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None
    assert not claim.facts["written"]
    jitsi = KnownApplication(id="jitsi-meet", name="Jitsi Meet", url="https://shop.example.com/")
    (claim,) = judge(CHECK, named, jitsi, target=target)
    assert "PUBLIC_URL" in str(claim.facts["setting"])
    assert claim.facts["written"]
    assert not judge(CHECK, named)
    other = replace(target, symptom=Symptom("websocket", words.replace("8443", "8181")))
    (claim,) = judge(CHECK, named, target=other)
    assert claim.confidence is not Confidence.CERTAIN


def test_names_the_setting_of_a_known_application_by_the_words() -> None:
    """Nobody builds Vaultwarden's front end anew, and port 80 is that of the web server."""
    text = 'Blocked loading mixed active content "http://localhost/attachments/1/a"'
    target = replace(SHOP, symptom=Symptom("mixed-content", text))
    known = KnownApplication(id="vaultwarden", name="Vaultwarden", url=SHOP.url)
    (claim,) = judge(CHECK, PAGE, known, target=target)
    assert claim.facts["written"]
    assert "DOMAIN" in str(claim.facts["setting"])
    (claim,) = judge(CHECK, PAGE, target=target)
    assert not claim.facts["written"]
    assert claim.facts["own_port"], "a location that asks port 80 would ask nginx itself"


BUILT = BuildScript(
    vantage=Vantage.SERVER, program="npm", folder="/srv/front", file="/srv/front/.env", number=2,
    text="PUBLIC_URL=https://shop.example.com", unit="front.service",
)  # fmt: skip


def test_fires_with_the_build_where_the_setting_is_right_already() -> None:
    response = answered(script(), requests=("http://localhost:3000/api",))
    seen = (PAGE, loads(script()), response)
    (claim,) = judge(CHECK, *seen, BUILT)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "build-again"
    build, restart = [each.argv for each in step.commands if isinstance(each, Command)]
    assert build == ("npm", "--prefix", "/srv/front", "run", "build")
    assert restart[-1] == "front"
    # Nothing that the build could read is known: it would change nothing.
    (claim,) = judge(CHECK, *seen, replace(BUILT, file="", number=0, text=""))
    assert claim.fix == judge(CHECK, *seen)[0].fix


CSP = (
    "Refused to connect to 'http://localhost:{}/init' because it violates the following Content "
    "Security Policy directive: \"connect-src 'self'\"."
)


def test_silent_on_a_message_where_the_page_opens_a_websocket_at_the_site_by_now() -> None:
    text = "WebSocket connection to 'ws://127.0.0.1:5001/' failed"
    target = replace(SHOP, symptom=Symptom("websocket", text))
    assert judge(CHECK, PAGE, target=target)
    changed = replace(PAGE, mentions=("wss://shop.example.com/ws",))
    assert not judge(CHECK, changed, target=target)


def test_silent_on_a_message_where_the_page_asks_the_site_itself_by_now() -> None:
    target = replace(SHOP, symptom=Symptom("csp", CSP.format(3000)))
    assert judge(CHECK, PAGE, loads(script()), answered(script()), target=target)
    now = answered(script(), data_paths=("/init",))
    assert not judge(CHECK, PAGE, loads(script()), now, target=target)
    named = answered(script(), told_paths=("/init",))
    assert not judge(CHECK, PAGE, loads(script()), named, target=target)


def test_the_message_of_a_policy_confirms_no_program_of_the_visitor() -> None:
    """QZ Tray listens there, and the policy is what forbids it."""
    seen = (loads(script()), answered(script(), requests=("http://localhost:8182/init",)))
    target = replace(SHOP, symptom=Symptom("csp", CSP.format(8182)))
    (claim,) = judge(CHECK, PAGE, *seen, target=target)
    assert claim.severity is Severity.NOTE
    seen = (loads(script()), answered(script(), requests=("http://localhost:3000/init",)))
    target = replace(SHOP, symptom=Symptom("csp", CSP.format(3000)))
    (claim,) = judge(CHECK, PAGE, *seen, target=target)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_on_pictures_of_a_page_with_a_policy() -> None:
    shown = loads(uses=(PageUse(kind="image", url="http://localhost:1337/uploads/a.png"),))
    (claim,) = judge(CHECK, PAGE, shown)
    assert claim.facts["port"] == 1337


@pytest.mark.parametrize(
    "words",
    ["browser is redirected to http://localhost:3000/user/login",
     "点击登录后跳转到 http://localhost:3000/user/login"],
)  # fmt: skip
def test_fires_on_a_persons_words_of_where_the_browser_arrives(words: str) -> None:
    """Issue 3006 of gitea: the links of the page have the address of its own setting."""
    target = replace(SHOP, symptom=Symptom("wrong-address", words))
    (claim,) = judge(CHECK, PAGE, target=target)
    assert claim.facts["told"]
    # Its links are right by now, or its setting is.
    now = Exchange(
        url=SHOP.url, address="203.0.113.10", port=443, status=200,
        body='<a href="https://shop.example.com/user/login?redirect_to=%2f">Sign in</a>',
    )  # fmt: skip
    assert not judge(CHECK, now, target=target, masked=False)
    read = ReadSetting(
        application="gitea", topic="public_url", key="server.ROOT_URL", source="file",
        values=("https://shop.example.com/",), wanted="https://shop.example.com/",
    )  # fmt: skip
    assert not judge(CHECK, PAGE, read, target=target, masked=False)
    said = "it listens on http://localhost:3000"
    assert not judge(CHECK, PAGE, target=replace(SHOP, symptom=Symptom("wrong-address", said)))


REVERSED = "    ProxyPassReverse / http://127.0.0.1:3000/\n</VirtualHost>"
LED = "after the login I am redirected to http://127.0.0.1:3000/app"


@pytest.mark.parametrize(
    ("words", "text", "fires"),
    [
        (LED, HTTPS, True),
        (LED, HTTPS.replace("</VirtualHost>", REVERSED), False),
    ],
)
def test_fires_unless_apache_rewrites_the_redirect_of_the_message(
    words: str, text: str, fires: bool
) -> None:
    target = replace(SHOP, symptom=Symptom("wrong-address", words))
    claims = judge(CHECK, PAGE, APACHE, apache_config(text), target=target, masked=False)
    assert bool(claims) is fires


def test_fires_with_the_edit_of_the_file_that_the_server_sends() -> None:
    seen = (loads(script()), answered(script(), requests=("http://localhost:3000",)))
    url = answered(script()).url
    built = BuiltAddress(
        url=url, address="http://localhost:3000", path="/srv/shop/app.js", asked=("/items.json",),
        equivalent="grep -noF http://localhost:3000 /srv/shop/app.js",
    )  # fmt: skip
    (claim,) = judge(CHECK, PAGE, *seen, built)
    assert claim.fix
    (command,) = claim.fix.steps
    assert isinstance(command, Command)
    assert command.argv[3] == r"s|http://localhost:3000\b|https://shop\.example\.com|g"
    (claim,) = judge(CHECK, PAGE, *seen, replace(built, url=f"{url}?other"))
    assert claim.fix
    assert not isinstance(claim.fix.steps[0], Command)
