"""What the words of the command line ask for, as values."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.cli.request import (
    AboutRequest,
    DemoRequest,
    FixRequest,
    OutputOptions,
    RunRequest,
    WebRequest,
)
from diagnose.cli.request_parser import (
    parse_demo,
    parse_explain,
    parse_fix,
    parse_output,
    parse_record,
    parse_replay,
    parse_run,
    parse_web,
)
from diagnose.parsers.target import UsageError


def run_request(*words: str) -> RunRequest:
    request = parse_run(words)
    assert isinstance(request, RunRequest)
    return request


def test_each_word_is_a_target_with_the_websockets() -> None:
    request = run_request("shop.example.com", "--ws", "/chat", "wss://www.example.com/ws")
    assert [target.host for target in request.targets] == ["shop.example.com", "www.example.com"]
    assert [target.websockets for target in request.targets] == [("/chat",), ("/ws", "/chat")]
    assert request.parse_target("other.example.com").websockets == ("/chat",)


def test_a_server_called_web1_is_no_mistyped_command() -> None:
    (target,) = run_request("web1").targets
    assert target.host == "web1"


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        ((), (True, None)),
        (("--outside",), (True, False)),
        (("--inside",), (False, True)),
        (("--server", "web1"), (True, True)),
        (("--server", "web1", "--inside"), (False, True)),
    ],
)
def test_the_sides_from_which_a_run_looks(
    words: tuple[str, ...], sides: tuple[bool, bool | None]
) -> None:
    options = run_request("shop.example.com", *words).options
    assert (options.outside, options.inside) == sides


@pytest.mark.parametrize(
    ("words", "is_partial"),
    [
        ((), False),
        (("--server", "web1"), False),
        (("--inside",), False),
        (("--outside",), True),
        (("--only", "tcp"), True),
        (("--skip", "dns"), True),
    ],
)
def test_a_part_of_a_site_is_known_as_one(words: tuple[str, ...], is_partial: bool) -> None:
    assert run_request("shop.example.com", *words).is_partial is is_partial


def test_the_fields_of_the_page_request_are_joined() -> None:
    words = ("--cookie", "a=1", "--cookie", "b=2", "--subprotocol", "x", "--subprotocol", "x")
    fields = run_request(*words, "--header", "X: y").options.request
    assert fields.cookie == "a=1; b=2"
    assert fields.subprotocols == ("x",)
    assert fields.headers == (("X", "y"),)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--server", "web1", "--outside"), "leave one of them out"),
        (("--vantage", "ssh://a", "--inside"), "--vantage looks from outside"),
        (("--origin-address", "192.0.2.1", "--inside"), "--origin-address looks from outside"),
        (("--vantage", "ssh://-x@h", "a.example"), "--vantage takes ssh://[user@]host[:port] or"),
        (("--from", "198.51.100.7", "-6"), "--from 198.51.100.7 is not of the family"),
        (("--address", "::1", "-4"), "--address ::1 is not of the family"),
        (("list",), "The command comes first: diagnose list"),
        (("lst",), "Did you mean list?"),
    ],
)
def test_what_contradicts_itself_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_run(words)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("words", "asks", "again"),
    [
        ((), (False, False), ()),
        (("--cloud",), (True, False), ("--cloud",)),
        (("--cloud-role",), (True, True), ("--cloud-role",)),
        (("--cloud", "--only", "cloud,tcp"), (True, False), ("--cloud",)),
    ],
)
def test_the_api_of_a_cloud_is_asked_where_the_user_asks(
    words: tuple[str, ...], asks: tuple[bool, bool], again: tuple[str, ...]
) -> None:
    options = run_request("shop.example.com", *words).options
    assert (options.cloud, options.cloud_role) == asks
    assert options.rerun_args == again


def test_questions_about_the_program_come_before_the_targets() -> None:
    assert parse_run(["--version", "ftp://x"]) == AboutRequest("version")
    assert parse_run(["--schema"]) == AboutRequest("schema")
    assert parse_run(["--completion", "zsh"]) == AboutRequest("completion", "zsh")


def test_the_amount_of_output_is_one_number() -> None:
    assert [run_request(*words).output.verbosity for words in ((), ("-q",), ("-v",), ("-vv",))] == [
        0, -1, 1, 2,
    ]  # fmt: skip


def test_a_view_repeats_the_options_of_the_run() -> None:
    view = run_request("--lang", "zh", "--color", "always", "-4", "shop.example.com").view()
    assert (view.lang, view.color, view.again) == ("zh", True, ("-4",))
    assert parse_output("list", ["--lang", "en"]).view().again == ()


def test_no_screen_where_an_option_asks_for_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnose.tui.is_usable", lambda: True)
    assert OutputOptions().wants_screen()
    for options in (OutputOptions("text"), OutputOptions(verbosity=1), OutputOptions(redact=True)):
        assert not options.wants_screen()


@pytest.mark.parametrize(
    ("words", "action"),
    [(("a.example",), "fix"), (("--undo",), "undo"), (("--resume", "a.example"), "resume")],
)
def test_a_fix_has_one_action(words: tuple[str, ...], action: str) -> None:
    request = parse_fix((*words, "--yes"))
    assert request == FixRequest(request.run, request.action, yes=True)
    assert request.action == action


def test_the_other_commands() -> None:
    assert parse_record(["a.example", "-o", "-"]).path == "-"
    assert parse_replay(["x.jsonl", "--json"]).output.format == "json"
    assert parse_explain(["tcp.refused"]).check_ids == ("tcp.refused",)
    assert parse_demo(["--redact", "--no-mouse"]) == DemoRequest(
        "", False, OutputOptions(redact=True, mouse=False)
    )
    assert parse_demo(["websocket"]).fault == "websocket"
    with pytest.raises(UsageError, match="--list names them"):
        parse_demo(["websocket", "unreachable"])


def test_a_request_goes_to_another_process() -> None:
    request = run_request("shop.example.com", "--server", "web1", "--cookie", "sid=1", "--json")
    assert pickle.loads(pickle.dumps(request)) == request
    changed = replace(request, targets=())
    assert (changed.targets, changed.options) == ((), request.options)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["shop.example.com", "--ws", "/a b", "--ws", "/chat", "--outside", "-4"],
        ["--server", "root@web1:22", "shop.example.com", "wss://www.example.com/ws", "-6"],
        ["--inside", "--only", "tcp,tls", "--timeout", "7.5s", "--cafile", __file__],
        ["--skip", "dns", "--address", "203.0.113.10", "--resolver", "192.0.2.53", "--lang", "zh"],
        ["--color", "never", "--glyphs", "ascii", "--from", "2001:db8::7"],
        ["--vantage", "ssh://a", "--vantage", "ssh://me@b:2222", "--origin-address", "192.0.2.1"],
        ["--proxy", "http://user:swordfish@127.0.0.1:3128", "--header", "X: a: b"],
        ["--cookie", "a=1", "--cookie", "b=2", "--origin", "null", "--subprotocol", "chat"],
        ["--cloud"],
        ["--cloud-role"],
    ],
)
def test_the_screen_in_a_browser_is_asked_for_the_same(words: list[str]) -> None:
    given: WebRequest = parse_web(words)
    again = run_request(*given.run.browser_arguments(), *given.words)
    output = given.run.output
    best = replace(
        output,
        color="always" if output.color == "auto" else output.color,
        glyphs="unicode" if output.glyphs == "auto" else output.glyphs,
    )
    assert again == replace(given.run, output=best)


def test_the_page_shows_no_password() -> None:
    message = "curl: (7) Failed to connect to shop.example.com port 443: Connection refused"
    request = parse_web(["https://user:pw@a.example/x", "b.example", message])
    assert request.words == ("https://a.example/x", "b.example", message)


def test_only_few_modules_know_argparse() -> None:
    folder = Path(__file__).parents[2] / "diagnose"
    importers = {
        path.name for path in folder.rglob("*.py") if "argparse" in path.read_text("utf-8")
    }
    assert importers == {
        "command_line.py", "command_parser.py", "config_command.py", "configured.py",
        "description.py",
        "output_options.py", "parser.py", "queue_options.py",
        "request_parser.py", "serve_options.py", "short_help.py",
    }  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        "net::ERR_CONNECTION_REFUSED",
        "curl: (7) Failed to connect to shop.example.com port 443: Connection refused",
        "Error: connect ECONNREFUSED 203.0.113.10:443",
    ],
)
def test_a_site_and_a_message_are_one_target(message: str) -> None:
    request = parse_run(["https://shop.example.com/a", message])
    assert isinstance(request, RunRequest)
    (target,) = request.targets
    assert target.url == "https://shop.example.com/a"
    assert target.symptom
    assert target.symptom.kind == "refused"


def _assert_understood(site: str, message: str, url: str, websockets: tuple[str, ...]) -> None:
    """A message beside a site leads to this URL of it and to these WebSockets."""
    name = "shop.example.com"
    request = parse_run([site.format(name), message.replace("{}", name)])
    assert isinstance(request, RunRequest)
    (target,) = request.targets
    assert (target.url, target.websockets) == (url.format(name), websockets)
    assert target.symptom


@pytest.mark.parametrize(
    ("site", "message", "url", "websockets"),
    [
        ("https://{}/", "WebSocket connection to 'wss://{}/a' failed", "https://{}/", ("/a",)),
        ("http://{}/", "Firefox 无法建立到 ws://{}/live 服务器的连接。", "http://{}/", ("/live",)),
        ("wss://{}/a", "wss://{}/b 连接失败", "wss://{}/a", ("/a", "/b")),
        ("{}", "GET https://{}/api/user 404 (Not Found)", "https://{}/api/user", ()),
        ("{}/page", "GET https://{}/api/user 404 (Not Found)", "https://{}/page", ()),
        ("https://{}/", "wss://{}:8443/ws 连接失败", "wss://{}:8443/ws", ("/ws",)),
        ("https://{}/user", "the clone url is http://{}:3000/a/b and not https", "https://{}/user",
         ()),
        ("http://{}:81/", "ws://{}:81/a 连接失败", "http://{}:81/", ("/a",)),
        ("https://{}/docs", "clicking Docs sent users to https://{}:8080/docs/", "https://{}/docs",
         ()),
        ("https://{}/", "the login redirects to https://{}:3000/", "https://{}/", ()),
        ("https://{}/", "https://{}:8080/ refused to connect", "https://{}:8080/", ()),
        ("https://{}/a", "Redirecting to http://{}:8080/login which times out", "https://{}/a", ()),
        ("https://{}/a", "HTTP/1.1 307 Temporary Redirect Location: http://{}:8000/items/",
         "https://{}/a", ()),
        ("https://{}/a", "登录后跳转到 http://{}:8080/index 打不开", "https://{}/a", ()),
        ("{}", "Mixed Content: The page at 'https://{}/' was loaded over HTTPS, but requested an "
               "insecure script 'http://{}/x.js'.", "https://{}/", ()),
        ("https://{}/", "Blocked loading mixed active content “http://{}/a.css?v=1”", "https://{}/",
         ()),
        ("https://{}/", "Blocked loading mixed active content “http://cdn.example.net/a.js”",
         "https://{}/", ()),
        ("https://{}:8443/", "Loading mixed (insecure) display content “http://{}/a.png” on a "
                             "secure page", "https://{}:8443/", ()),
        ("{}/page", "Mixed Content: http://{}/a.js", "https://{}/page", ()),
        ("{}", "Refused to connect to 'https://{}/api/items' because it violates the following "
               "Content Security Policy directive: \"connect-src 'none'\"", "https://{}/", ()),
        ("{}", "Refused to execute script from 'https://{}/a.js?v=1' because its MIME type "
               "('text/plain') is not executable", "https://{}/", ()),
        ("{}", "Loading module from “https://{}/a.js” was blocked because of a disallowed MIME "
               "type (“text/html”)", "https://{}/a.js", ()),
        ("{}", "https://{}/shop has the MIME type text/plain", "https://{}/shop", ()),
        ("{}", "GET https://{}/socket.io/?EIO=3&transport=polling&t=a 400 (Bad Request)",
         "https://{}/socket.io/?EIO=3&transport=polling&t=a",
         ("/socket.io/?EIO=3&transport=websocket",)),
        ("{}", "POST https://{}/ws/socket.io/?EIO=4&transport=polling&t=a&sid=b 400",
         "https://{}/ws/socket.io/?EIO=4&transport=polling&t=a",
         ("/ws/socket.io/?EIO=4&transport=websocket",)),
    ],
)  # fmt: skip
def test_a_message_says_which_url_of_the_site_fails(
    site: str, message: str, url: str, websockets: tuple[str, ...]
) -> None:
    _assert_understood(site, message, url, websockets)


@pytest.mark.parametrize(
    ("site", "message", "url", "websockets"),
    [
        ("https://{}/", '"GET /users HTTP/1.1" 404', "https://{}/users", ()),
        ("https://{}:8443/", '"GET /a?token=secret1&b=2 HTTP/1.1" 502',
         "https://{}:8443/a?b=2", ()),
        ("https://{}/page", '"GET /users HTTP/1.1" 404', "https://{}/page", ()),
        ("https://{}/", "GET /socket.io?EIO=3&transport=polling&t=1 HTTP/1.1 404", "https://{}/",
         ("/socket.io/?EIO=3&transport=websocket",)),
        ("https://{}/", '"POST /socket.io/?EIO=4&transport=polling&sid=Vfa5 HTTP/1.1" 400 -',
         "https://{}/", ("/socket.io/?EIO=4&transport=websocket",)),
        ("http://{}/", '400 GET /api/kernels/1/channels 1ms Can "Upgrade" only to "WebSocket".',
         "http://{}/", ("/api/kernels/1/channels",)),
        ("wss://{}/a", "GET /b HTTP/1.1 404", "wss://{}/a", ("/a",)),
        ("http://{}/", "Invalid response from http://{}/.well-known/acme-challenge/a: "
                       "GET /.well-known/acme-challenge/a 404", "http://{}/", ()),
    ],
)  # fmt: skip
def test_a_message_without_a_site_says_which_path_fails(
    site: str, message: str, url: str, websockets: tuple[str, ...]
) -> None:
    _assert_understood(site, message, url, websockets)


@pytest.mark.parametrize(
    ("word", "kind", "number"),
    [("502", "status", 502), ("net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin", "csp", None)],
)
def test_a_code_beside_a_site_is_its_symptom(word: str, kind: str, number: int | None) -> None:
    request = parse_run(["shop.example.com", word])
    assert isinstance(request, RunRequest)
    (target,) = request.targets
    assert target.symptom
    assert (target.url, target.symptom.kind) == ("https://shop.example.com/", kind)
    assert target.symptom.number == number


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("blank page", "blank"),
        ("login fails", "login"),
        ("MESSAGE it shows", "other"),
        ("页面 空白", "blank"),
    ],
)
def test_few_words_beside_a_site_are_a_message(words: str, kind: str) -> None:
    request = parse_run(["https://shop.example.com/", words])
    assert isinstance(request, RunRequest)
    (target,) = request.targets
    assert target.symptom
    assert (target.host, target.symptom.kind) == ("shop.example.com", kind)


@pytest.mark.parametrize("words", ["blog.example.com forum.example.com", "443 8443"])
def test_two_targets_in_one_pair_of_quotes_are_no_message(words: str) -> None:
    with pytest.raises(UsageError, match="there is a blank in it"):
        parse_run(["shop.example.com", words])


@pytest.mark.parametrize(
    "words",
    ["Failed to connect to forum.shop.example.com port 443: refused", "blog.example.net 502"],
)
def test_a_message_about_another_site_is_a_target_of_its_own(words: str) -> None:
    request = parse_run(["shop.example.com", words])
    assert isinstance(request, RunRequest)
    assert len(request.targets) == 2


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("when I visit mydomain.com, it just downloads the index.php file", "download"),
        ("https://www.ssllabs.com/ssltest/ says \"certificate chain is incomplete\"",
         "certificate-issuer"),
        ("The mydomain.com page isn't working. mydomain.com redirected you too many times.",
         "redirects"),
        ("CORS: header contains multiple values 'http://front.com, http://front.com'", "cors"),
        ("If I open https://example.net/a the page stays empty and grey", "blank"),
    ],
)  # fmt: skip
def test_another_site_in_a_message_is_what_the_message_says(words: str, kind: str) -> None:
    request = parse_run(["https://shop.example.com/api", words])
    assert isinstance(request, RunRequest)
    (target,) = request.targets
    assert (target.url, target.symptom and target.symptom.kind) == (
        "https://shop.example.com/api", kind,
    )  # fmt: skip


def test_what_fails_is_the_url_of_the_site_that_a_message_names() -> None:
    words = ["shop.example.com", "on https://app.example.net/ GET https://shop.example.com/a 404"]
    request = parse_run(words)
    assert isinstance(request, RunRequest)
    assert [target.url for target in request.targets] == ["https://shop.example.com/a"]


def test_the_origin_of_a_message_is_sent() -> None:
    text = "CORS: header contains multiple values 'http://front.com, http://front.com'"
    request = parse_run(["https://shop.example.com/api", text])
    assert isinstance(request, RunRequest)
    assert request.options.request.origin == "http://front.com"


def test_two_sites_that_are_operands_are_two_targets() -> None:
    request = parse_run(["shop.example.com", "blog.example.net"])
    assert isinstance(request, RunRequest)
    assert len(request.targets) == 2


def test_a_message_without_a_site_does_not_choose_between_two() -> None:
    with pytest.raises(UsageError, match="names no site"):
        parse_run(["shop.example.com", "blog.example.com", "net::ERR_CONNECTION_REFUSED"])


def test_a_measurement_is_published_once_and_not_by_what_looks_again() -> None:
    for parse in (parse_fix, parse_web):
        with pytest.raises(UsageError) as error:
            parse(["shop.example.com", "--vantage", "globalping"])
        assert "each look of globalping is public" in str(error.value)
    assert parse_fix(["shop.example.com", "--vantage", "ssh://a"]).run.options.vantages == (
        "ssh://a",
    )


def test_a_fix_takes_a_site_and_a_message() -> None:
    request = parse_fix(
        ["shop.example.com", "WebSocket connection to 'wss://shop.example.com/a' failed"]
    )
    (target,) = request.run.targets
    assert target.websockets == ("/a",)
