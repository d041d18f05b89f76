"""Messages as programs print them: the site in each, and what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cli.operands import parse_targets
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.error_messages import (
    is_error_message,
    named_site,
    names_in_words,
)
from diagnose.parsers.named_paths import requested_path
from diagnose.parsers.pasted_text import MAX_LENGTH, condensed
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.target import NamelessMessageError, UsageError, parse_target
from tests.support.browser_messages import HTTPS, Example
from tests.support.error_messages import MESSAGES, PAGE, page

EXAMPLES = [example for examples in MESSAGES.values() for example in examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.message[:50])
def test_a_message_is_read(example: Example) -> None:
    symptom = symptom_of(example.message)
    assert symptom is not None
    assert (symptom.kind, symptom.number) == (example.kind, example.number)
    if not example.site:
        with pytest.raises(NamelessMessageError, match="names no site"):
            parse_target(example.message)
        return
    target = parse_target(example.message)
    host = f"[{target.host}]" if ":" in target.host else target.host
    assert f"{target.scheme}://{host}:{target.port}{target.path}" == example.site
    assert target.symptom == symptom
    assert target.read_as.startswith(example.site)


def test_every_kind_of_symptom_has_an_example() -> None:
    kinds = set(SymptomKind.__args__) - {"other"}  # type: ignore[attr-defined]
    assert {example.kind for example in EXAMPLES} == kinds


def test_the_page_lists_the_examples() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.support.error_messages"


def test_an_address_is_not_cut_in_two() -> None:
    """Chrome's message names the page first, and then the file that it blocked."""
    start = "Mixed Content: The page at 'https://shop.example.com/' was loaded over HTTPS, but "
    for name in ("app", "a" * 60):
        file = f"'http://shop.example.com/dist/{name}.js"
        symptom = symptom_of(f"{start}requested an insecure script {file}'. This request has been")
        assert symptom is not None
        assert file in symptom.shown
    long = symptom_of(f"{start}requested an insecure script 'http://shop.example.com/{'a' * 400}'")
    assert long is not None
    assert len(long.shown) < 130
    policy = "it violates the following Content Security Policy directive: \"form-action 'self'\"."
    form = "'http://shop.example.com/login/v2/grant'"
    refused = symptom_of(f"Refused to send form data to {form} because {policy}")
    assert refused is not None
    assert refused.shown.startswith(f"…{form[1:]}")
    words = "net::ERR_NAME_NOT_RESOLVED " + "w " * 40
    other = symptom_of(
        f"{words} at http://backend:8000/api/v1/orders in the console of the browser"
    )
    assert other is not None
    assert "http://backend:8000/api/v1/orders" in other.shown


def test_frames_of_a_traceback_say_nothing() -> None:
    """A line's number is no status, and a function's name no host."""
    python = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.11/http/client.py", line 502, in do_open\n'
        "    self.protocol.connect(timeout=404)\n"
        "    ^^^^^^^^^^^^^^^^^^^^^\n"
        "ConnectionRefusedError: [Errno 111] Connection refused\n"
    )
    java = (
        "java.net.ConnectException: Connection refused\n\tat a.b.C.d(C.java:502)\n\t... 29 more\n"
    )
    node = (
        "Error: connect ECONNREFUSED 203.0.113.10:443\n"
        "    at ssl.onhandshakedone (node:_tls_wrap:502:12) {\n"
    )
    for text in (python, java, node):
        symptom = symptom_of(text)
        assert symptom
        assert (symptom.kind, names_in_words(text)) in {
            ("refused", ()),
            ("refused", ("203.0.113.10:443",)),
        }


def test_a_certificate_in_the_output_does_not_hide_what_follows() -> None:
    block = "-----BEGIN CERTIFICATE-----\n" + "A" * 9000 + "\n-----END CERTIFICATE-----\n"
    text = f"CONNECTED(00000003)\n{block}Verify return code: 10 (certificate has expired)"
    symptom = symptom_of(text)
    assert symptom
    assert symptom.kind == "certificate-expired"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # Issue 71 of xkbcommon/libxkbcommon.
        ("The Lets Encrypt certificate for https://www.shop.example.com/ expired on October 17",
         "certificate-expired"),
        ("the certificate of shop.example.com has expired", "certificate-expired"),
        ("the certificate for shop.example.com is expired already", "certificate-expired"),
        ("the session for the certificate page expired", "other"),
    ],
)  # fmt: skip
def test_a_certificate_is_named_before_it_has_expired(text: str, kind: str) -> None:
    symptom = symptom_of(text)
    assert (symptom.kind if symptom else "other") == kind


def test_a_session_of_openssl_is_no_fault() -> None:
    text = "    Timeout   : 7200 (sec)\n    Verify return code: 0 (ok)"
    assert symptom_of(text) is None


def test_words_in_a_url_are_no_symptom() -> None:
    assert symptom_of("https://shop.example.com/timeout/502-bad-gateway please") is None


@pytest.mark.parametrize(
    ("message", "sites"),
    [
        ("app.example.com and shop.example.com: connection refused", "several sites: app.example"),
        ("connection refused in nginx.conf", "names no site. It was understood as: connection"),
        ("self.protocol refused the connection: connection refused", "names no site"),
        (
            "AH00558: apache2: Could not reliably determine the server's fully qualified domain "
            "name, using 127.0.1.1. Set the 'ServerName' directive globally",
            "names no site",
        ),
    ],
)
def test_where_it_is_not_safe_the_site_is_asked_for(message: str, sites: str) -> None:
    with pytest.raises(NamelessMessageError, match=sites):
        parse_target(message)


def test_documentation_is_not_the_site() -> None:
    message = (
        "curl: (60) SSL: no alternative certificate subject name matches target host name "
        "'shop.example.com'\nMore details here: https://curl.se/docs/sslcerts.html"
    )
    assert parse_target(message).host == "shop.example.com"


def test_other_hosts_in_the_message_are_named() -> None:
    message = "Access to fetch at 'https://api.example.com/v1' from origin 'https://shop.example.com' has been blocked by CORS policy"  # noqa: E501
    target = parse_target(message)
    assert target.url == "https://api.example.com/v1"
    assert "not shop.example.com" in target.read_as


def test_secrets_are_neither_shown_nor_sent() -> None:
    message = (
        "WebSocket connection to 'wss://me:hunter2@shop.example.com/ws?access_token=s3cr3t&room=1' "
        "failed: Error during WebSocket handshake: Unexpected response code: 401"
    )
    target = parse_target(message)
    shown = f"{target.url} {target.input} {target.read_as} {target.symptom}"
    assert target.path == "/ws?room=1"
    assert "hunter2" not in shown
    assert "s3cr3t" not in shown
    assert "secrets in its query left out" in target.read_as


def test_the_token_of_a_challenge_is_not_asked_for() -> None:
    message = "Fetching http://shop.example.com/.well-known/acme-challenge/8559FK5mRvcv: Timeout"
    assert parse_target(f"Detail: {message} during connect").path == "/"


def test_a_url_alone_keeps_its_query() -> None:
    target = parse_target("wss://shop.example.com/ws?token=abc")
    assert (target.path, target.symptom) == ("/ws?token=abc", None)


def test_a_name_in_chinese_stays_whole() -> None:
    target = parse_target("https://例子.中国/ 打不开")
    assert target.host == "xn--fsqu00a.xn--fiqs8s"


def test_what_is_shown_is_clean_and_short() -> None:
    symptom = symptom_of("\x1b[31mcurl: (7) \u202e" + "x" * 3000 + " Connection refused")
    assert symptom
    assert len(symptom.shown) < 130
    assert not set(symptom.shown) & {"\x1b", "\u202e", "\n"}


@pytest.mark.parametrize(
    "message",
    [
        "net::ERR_CERT_AUTHORITY_INVALID in my browser",
        "sun.security.validator.ValidatorException: PKIX path building failed",
    ],
)
def test_a_message_that_names_no_site_is_answered_so(message: str) -> None:
    with pytest.raises(UsageError, match="names no site"):
        parse_target(message)


def test_other_words_are_no_error_message() -> None:
    assert not is_error_message("shop example com")
    assert not is_error_message("error.example.com/shop")
    with pytest.raises(UsageError, match="there is a blank in it"):
        parse_target("shop example com")


@pytest.mark.parametrize(
    "words",
    [
        "shop.example.com 感觉怪怪的",
        "网站 shop.example.com 按钮点了两次",
        "why is shop.example.com so strange",
    ],
)
def test_words_of_which_nothing_is_known_are_about_their_site(words: str) -> None:
    target = parse_target(words)
    assert target.host == "shop.example.com"
    assert target.symptom
    assert target.symptom.kind == "other"


@pytest.mark.parametrize(
    "words", ["shop.example.com broken", "shop.example.com --jsno", "shop.example.com 慢 --jsno"]
)
def test_a_slip_in_a_command_line_is_no_question(words: str) -> None:
    with pytest.raises(UsageError, match="there is a blank in it"):
        parse_target(words)


@given(st.text(max_size=500))
def test_no_text_breaks_it(text: str) -> None:
    named_site(text)
    is_error_message(text)
    symptom_of(text)
    names_in_words(text)
    assert len(condensed(text)) <= MAX_LENGTH + 1


@pytest.mark.parametrize(
    "piece",
    ["a.", "https://", "(", "证书", "-----BEGIN A-----", "connect() to ", '  File "a', "\n"],
)
def test_a_long_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * 100_000
    named_site(text)
    symptom_of(text)
    names_in_words(text)
    requested_path(text)


def test_a_plain_target_has_no_symptom() -> None:
    assert parse_target("shop.example.com").symptom is None
    assert parse_target("看看 https://shop.example.com/").symptom is None
    assert parse_target("https://shop.example.com/").read_as == HTTPS


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('"GET /live?room=1 HTTP/1.1" 404', "/live?room=1"),
        ("400 GET /api/kernels/1/channels 1.53ms referer=None", "/api/kernels/1/channels"),
        ("GET /a 404\nGET /a 404", "/a"),
        ("GET /a 404\nGET /b 404", ""),
        ("POST /login 403", ""),
        ("GET https://shop.example.com/a 404", ""),
        ("TARGET /a", ""),
    ],
)
def test_the_path_of_a_request_line(text: str, path: str) -> None:
    assert requested_path(text) == path


@pytest.mark.parametrize("words", ["Connection Lost", "Please wait...", "can't connect!"])
def test_a_few_plain_words_may_belong_to_a_site_beside_them(words: str) -> None:
    """Alone they are answered as ever."""
    (target,) = parse_targets(("https://shop.example.com/", words), (), "en")
    assert target.symptom
    assert (target.symptom.text, target.host) == (words, "shop.example.com")
    with pytest.raises(UsageError):
        parse_target(words)


@pytest.mark.parametrize("words", ["shop --jsno", "localhost 8080", "shop.example.org now"])
def test_a_slip_is_none_beside_a_site_either(words: str) -> None:
    with pytest.raises(UsageError, match="there is a blank in it"):
        parse_targets(("https://shop.example.com/", words), (), "en")


@pytest.mark.parametrize(
    ("words", "status"),
    [("404 style sheet", 404), ("500 after login", 500), ("502 错误 页面", 502)],
)
def test_a_status_before_other_words_belongs_to_the_site_beside_it(words: str, status: int) -> None:
    (target,) = parse_targets(("https://shop.example.com/", words), (), "en")
    assert target.symptom
    assert (target.symptom.kind, target.symptom.number) == ("status", status)


BESIDE = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        # Dart: a place in BoringSSL's source, which is no site.
        (
            "HandshakeException: Handshake error in client (OS Error: CERTIFICATE_VERIFY_FAILED: "
            "unable to get local issuer certificate(handshake.cc:354))",
            "certificate-issuer",
        ),
        # nginx: the application's name.
        ('[emerg] host not found in upstream "app.example.com"', "upstream-name"),
        ("no resolver defined to resolve app.example.com", "upstream-name"),
        ("app.example.com could not be resolved (3: Host not found)", "upstream-name"),
        # A machine, or the visitor's own: nobody can ask it.
        ("OPTIONS https://server/files/1 net::ERR_NAME_NOT_RESOLVED", "name"),
        ("WebSocket connection to 'wss://localhost:8080/app/x' failed:", "websocket"),
        # A sentence without blanks.
        ("修改完nginx的配置文件不生效。修改http.server的listen为别的端口", "not-loaded"),
        ("点了按钮会弹出两个窗口。写了http.server的listen为别的端口", "other"),
        # No name at all.
        ("502 Bad Gateway with set $target; proxy_pass http://$target;", "status"),
        # The first of two names is another one.
        (
            "who visited https://www.example.com cannot open http://shop.example.com: "
            "ERR_CERT_COMMON_NAME_INVALID",
            "certificate-name",
        ),
    ],
)
def test_a_message_beside_a_site_is_about_it(words: str, kind: str) -> None:
    (target,) = parse_targets((BESIDE, words), (), "en")
    assert target.host == "shop.example.com"
    assert target.symptom
    assert target.symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "Access to XMLHttpRequest at 'https://api.example.com/x' from origin "
        "'https://shop.example.com' has been blocked by CORS policy: No "
        "'Access-Control-Allow-Origin' header is present",
        "curl: (7) Failed to connect to www.shop.example.com port 443",
    ],
)
def test_a_message_beside_a_site_may_name_another(words: str) -> None:
    assert len(parse_targets((BESIDE, words), (), "en")) == 2


@pytest.mark.parametrize(
    "words", [f"I open {BESIDE} and the colours are odd", f"通过 {BESIDE} 点击案例按钮就预览失败"]
)
def test_words_beside_a_site_that_name_it_again_are_its_message(words: str) -> None:
    (target,) = parse_targets((BESIDE, words), (), "en")
    assert target.symptom is not None
    assert target.symptom.kind == "other"


LED = "after the login the browser goes to https://shop.example.com:8080/index.php and fails"


@pytest.mark.parametrize(
    ("given", "words", "url", "kind"),
    [
        ("https://shop.example.com/index.php", LED, "https://shop.example.com/index.php",
         "wrong-address"),
        ("shop.example.com", LED, "https://shop.example.com/", "wrong-address"),
        ("https://shop.example.com/x", "https://shop.example.com:8080/x times out",
         "https://shop.example.com/x", "timeout"),
        ("shop.example.com", "curl: (7) Failed to connect to shop.example.com port 8443: "
         "Connection refused", "https://shop.example.com:8443/", "refused"),
    ],
)  # fmt: skip
def test_the_given_address_stays_the_target(given: str, words: str, url: str, kind: str) -> None:
    """After issue 12 of phpmyadmin/docker."""
    (target,) = parse_targets((given, words), (), "en")
    assert target.symptom
    assert (target.url, target.symptom.kind) == (url, kind)


def test_the_url_of_another_site_that_does_not_answer_is_not_the_sites_own_fault() -> None:
    words = "the login at https://sso.example.net/auth timed out"
    (target,) = parse_targets((BESIDE, words), (), "en")
    assert target.symptom
    assert (target.url, target.symptom.kind) == (BESIDE, "other")
    (target,) = parse_targets(("203.0.113.10", words), (), "en")
    assert target.symptom
    assert target.symptom.kind == "timeout"


@pytest.mark.parametrize(
    "words",
    [
        "InvalidURI: https://shop.example.com/ws isn't a valid URI",
        "Connection to 'https://shop.example.com/ws' was not upgraded to websocket",
        "WSServerHandshakeError: 404, message='Invalid response status', "
        "url='https://shop.example.com/ws'",
    ],
)
def test_the_https_address_that_a_client_took_for_its_websocket_is_one(words: str) -> None:
    (target,) = parse_targets((words,), (), "en")
    assert target.websockets == ("/ws",)
    (page,) = parse_targets(("no WebSocket at https://shop.example.com/page",), (), "en")
    assert page.websockets == ()


def test_a_site_named_twice_is_one() -> None:
    assert len(parse_targets((BESIDE, f"{BESIDE} will not work"), (), "en")) == 1
    assert len(parse_targets((BESIDE, "https://www.example.com/", BESIDE), (), "en")) == 3


@pytest.mark.parametrize(
    "words",
    [
        "When accessing https://example.com, it returned a 301 redirect, creating a redirect loop",
        "redirect loop at https://www.example.org/ since I followed the guide",
        "I visit https://your-domain.com/ and get 502 Bad Gateway",
    ],
)
def test_a_name_that_stands_for_somebodys_own_is_the_site_beside_it(words: str) -> None:
    """The laboratory's name is below one of them."""
    (target,) = parse_targets(("https://shop.example.com/", words), (), "en")
    assert target.url == "https://shop.example.com/"
    assert target.symptom is not None


def test_another_host_of_the_domain_is_a_site_of_its_own() -> None:
    words = "https://api.shop.example.com/v1 502 Bad Gateway"
    assert len(parse_targets(("https://shop.example.com/", words), (), "en")) == 2


@pytest.mark.parametrize(
    "words",
    [
        "https://shop.example.com/ works, https://shop.example.com/admin gives 403",
        "https://shop.example.com/app is fine but https://shop.example.com/admin gives 403",
        "https://shop.example.com/admin gives 403, while https://shop.example.com/ returns 200.",
        "https://shop.example.com/ 可以正常打开，但 https://shop.example.com/admin 报 403",
    ],
)
def test_the_url_that_works_is_not_the_fault(words: str) -> None:
    (target,) = parse_targets(("shop.example.com", words), (), "en")
    assert target.path == "/admin"


@pytest.mark.parametrize("words", ["works for a minute and", "works only with"])
def test_a_url_that_works_in_part_is_the_fault(words: str) -> None:
    text = f"https://shop.example.com/a {words} https://shop.example.com/b"
    site = named_site(text)
    assert site is not None
    assert site.target == "https://shop.example.com/a"


@pytest.mark.parametrize(
    ("message", "host"),
    [
        (
            "I followed the guide at https://docs.nginx-tips.example/proxy and locally all works. "
            "I get 502 Bad Gateway at https://shop.example.com/",
            "shop.example.com",
        ),
        (
            "按照这篇教程 https://tips.example/a.html 配置，打开 https://shop.example.com/ 报 502",
            "shop.example.com",
        ),
        (
            "Password mails contain links to http://localhost:8000/reset instead of "
            "https://app.example.com",
            "app.example.com",
        ),
        (
            "connect() failed (111: Connection refused) while connecting to upstream, client: "
            '192.0.2.4, server: shop.example.com, request: "GET / HTTP/1.1", upstream: '
            '"http://127.0.0.1:3000/"',
            "shop.example.com",
        ),
        ("I get the following error at https://shop.example.com/: 502", "shop.example.com"),
        ("http://localhost:3000/ says ERR_CONNECTION_REFUSED", "localhost"),
    ],
)
def test_the_site_is_no_guide_and_no_address_of_the_machine(message: str, host: str) -> None:
    assert parse_target(message).host == host


@pytest.mark.parametrize(
    "words",
    [
        # Folders of a panel are no name with "www.".
        "open_basedir restriction in effect. File(/www/wwwroot/x.php) is not within the path(s)",
        "the POST is sent to the backend two times",
        "the mail is sent to two addresses",
        "Ich bin nicht sicher, was das ist",
        "PHP Warning: session_start(): open(/tmp/sess_8d7f, O_RDWR) failed: Permission denied (13)",
    ],
)
def test_words_that_say_nothing_of_a_kind_are_none(words: str) -> None:
    assert symptom_of(words) is None


def test_the_path_that_apache_refuses_is_asked() -> None:
    words = "AH00026: found %2f (encoded '/') in URI path '/api/commands/%2FCcsds', returning 404"
    (target,) = parse_targets((BESIDE, words), (), "en")
    assert target.symptom
    assert (target.path, target.symptom.number) == ("/api/commands/%2FCcsds", 404)


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("AH00957: http: attempt to connect failed, referer: https://shop.example.com/a",
         "shop.example.com"),
        ("AH01071: Got error 'PHP message: x', referer: https://www.google.com/", None),
        ("AH01071: Got error 'PHP message: x', referer: https://www.google.co.uk/", None),
        ("AH01071: Got error 'PHP message: x', referer: https://t.co/", None),
        ("Unable to obtain ACME certificate for domains \"shop.example.com\"", "shop.example.com"),
        ("error: one or more domains had a problem: certificate for domain shop.example.com",
         "shop.example.com"),
        ("the proxy does not work for domain node.js", None),
    ],
)  # fmt: skip
def test_a_place_from_where_visitors_come_is_not_the_site(text: str, site: str | None) -> None:
    named = named_site(text)
    assert (named.target if named else None) == site
