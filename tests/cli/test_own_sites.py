"""The sites of this server in the errors of a command line that names none."""

from types import SimpleNamespace

import pytest

from diagnose.cli import execution, own_sites
from diagnose.cli import main as command
from diagnose.cli.main import main
from diagnose.cli.request import RunRequest
from diagnose.model import Symptom, Target
from diagnose.parsers.target import NamelessMessageError
from diagnose.probes.inside import site_discovery, site_names
from tests.checking.test_symptom_answer import report_about

REFUSED = "connect() failed (111: Connection refused)"


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of this server's sites, which a test fills."""
    urls: list[str] = []

    async def find_sites(machine: object) -> tuple[SimpleNamespace, ...]:
        return tuple(SimpleNamespace(url=url) for url in urls)

    async def names(machine: object, products: tuple[str, ...] = ()) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(site_discovery, "find_sites", find_sites)
    monkeypatch.setattr(site_names, "site_names", names)
    return urls


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """The targets of the runs that a command line starts; nothing is asked."""
    asked: list[Target] = []

    def diagnose(request: RunRequest) -> int:
        asked.extend(request.targets)
        return 0

    monkeypatch.setattr(command, "diagnose", diagnose)
    return asked


@pytest.mark.parametrize(
    "urls",
    [
        ["https://shop.acme.net/"],
        ["https://shop.acme.net/", "https://www.shop.acme.net/"],
    ],
)
def test_a_message_alone_is_about_the_only_site(
    urls: list[str], sites: list[str], targets: list[Target], capsys: pytest.CaptureFixture[str]
) -> None:
    sites += urls
    assert main([REFUSED]) == 0
    assert [(target.host, target.symptom is not None) for target in targets] == [
        ("shop.acme.net", True)
    ]
    assert capsys.readouterr().err == (
        "The message names no site. It is taken to be about https://shop.acme.net/, which this"
        " server serves\n"
    )
    main(["--lang", "zh", REFUSED])
    assert "按本服务器上的这个站点处理：https://shop.acme.net/" in capsys.readouterr().err


def test_a_message_alone_is_compared_with_each_of_a_few_sites(
    sites: list[str], targets: list[Target], capsys: pytest.CaptureFixture[str]
) -> None:
    sites += ["https://shop.acme.net/", "https://wiki.acme.net/"]
    assert main([REFUSED]) == 0
    assert [(target.host, target.symptom is not None) for target in targets] == [
        ("shop.acme.net", True),
        ("wiki.acme.net", True),
    ]
    assert "are compared: https://shop.acme.net/, https://wiki" in capsys.readouterr().err
    main(["--lang", "zh", REFUSED])
    assert "逐一比较本服务器的站点：https://shop" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--outside", REFUSED], ["--baseline", "old.json", REFUSED]])
def test_nothing_is_asked_where_another_site_may_be_meant(
    words: list[str], sites: list[str], targets: list[Target]
) -> None:
    sites += ["https://shop.acme.net/", "https://wiki.acme.net/"]
    assert main(words) == 64
    assert targets == []


def test_nothing_is_asked_of_many_sites(sites: list[str], targets: list[Target]) -> None:
    sites += [f"https://{name}.acme.net/" for name in "abcde"]
    assert main([REFUSED]) == 64
    assert targets == []


def test_the_site_whose_cause_produces_the_message_is_reported() -> None:
    message = Symptom("refused", "Connection refused")
    broken = report_about(message, causes={"listener.missing": ()})
    healthy = report_about(message)
    assert own_sites.reports_of_message([healthy, broken]) == [broken]
    assert own_sites.reports_of_message([healthy, healthy]) == [healthy, healthy]
    unknown = report_about(message, causes={"dns.nxdomain": ()})
    assert own_sites.reports_of_message([unknown, healthy]) == [healthy]
    assert own_sites.reports_of_message([unknown, unknown]) == [unknown, unknown]


def test_other_sites_are_named_too(sites: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    sites += [f"https://{name}.acme.net/" for name in "abcdefgh"]
    assert main(["502"]) == 64
    said = capsys.readouterr().err
    assert "diagnose https://a.acme.net/ 502 (other sites of this server: https://b" in said
    assert "https://f" not in said
    main(["--lang", "zh", "502"])
    assert "https://a.acme.net/ 502（本服务器的其他站点：https://b" in capsys.readouterr().err


def test_a_fix_of_a_message_alone_names_the_site(
    sites: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sites.append("https://shop.acme.net/")
    main(["fix", REFUSED])
    assert "https://shop.acme.net/" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--outside", "--server=ssh://203.0.113.1"])
def test_who_asks_about_elsewhere_is_not_told_of_this_server(sites: list[str], option: str) -> None:
    sites.append("https://shop.acme.net/")
    error = NamelessMessageError("It names no site: diagnose https://example.com/ x", None)
    assert own_sites.with_own_sites(error, [option, "x"]) == str(error)


def test_a_server_without_sites_has_the_example(
    sites: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([REFUSED])
    assert "diagnose https://example.com/ 'MESSAGE'" in capsys.readouterr().err


def test_an_error_without_an_example_stays(sites: list[str]) -> None:
    sites.append("https://shop.acme.net/")
    error = NamelessMessageError("It names no site.", None)
    assert own_sites.with_own_sites(error, []) == "It names no site."


def test_a_pipe_without_a_target_gets_the_commands_of_all_sites(
    sites: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sites += ["https://shop.acme.net/", "http://wiki.acme.net/"]
    assert main(["--format", "text"]) == execution.USAGE
    said = capsys.readouterr()
    assert said.err == (
        "A TARGET is missing. This server has:\n"
        "  diagnose https://shop.acme.net/\n  diagnose http://wiki.acme.net/\n"
    )
    assert said.out == ""


def test_a_server_that_cannot_be_read_is_told_what_a_target_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def find_sites(machine: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(site_discovery, "find_sites", find_sites)
    assert main([]) == execution.USAGE
    assert "A TARGET is missing. See diagnose --help." in capsys.readouterr().err


@pytest.mark.parametrize(
    "message",
    [
        "Received X-Forwarded-For header from an untrusted proxy 203.0.113.10",
        "dial tcp 10.0.0.3:3000: connect: connection refused",
        "connect ECONNREFUSED 127.0.0.1:3000",
        'connect() failed (111: Connection refused), client: 198.51.100.7, server: _, upstream: "http://127.0.0.1:3000/"',
    ],
)
def test_an_address_behind_or_before_the_site_is_not_the_site(
    message: str, sites: list[str], targets: list[Target]
) -> None:
    sites.append("https://shop.acme.net/")
    assert main([message]) == 0
    assert [target.host for target in targets] == ["shop.acme.net"]


@pytest.mark.parametrize(
    ("message", "host"),
    [
        ("curl: (7) Failed to connect to 10.0.0.3 port 3000: Connection refused", "10.0.0.3"),
        ("connect ECONNREFUSED 198.18.0.9:443", "198.18.0.9"),
        ("wss://10.0.0.3:3000/ws connection refused", "10.0.0.3"),
    ],
)
def test_an_address_that_somebody_asks_is_the_site(
    message: str, host: str, sites: list[str], targets: list[Target]
) -> None:
    sites.append("https://shop.acme.net/")
    assert main([message]) == 0
    assert [target.host for target in targets] == [host]


def test_an_address_of_which_there_is_a_site_is_that_site(
    sites: list[str], targets: list[Target]
) -> None:
    sites.append("https://10.0.0.3:3000/")
    main(["connect ECONNREFUSED 10.0.0.3:3000"])
    assert [(target.host, target.port) for target in targets] == [("10.0.0.3", 3000)]


def test_a_refused_address_is_not_the_page(sites: list[str], targets: list[Target]) -> None:
    refused = (
        "Refused to connect to 'https://api.acme.net/v1' because it violates the following Content "
        "Security Policy directive: \"default-src 'self'\"."
    )
    assert main([refused]) == 64
    sites += ["https://api.acme.net/", "https://shop.acme.net/"]
    assert main([refused]) == 0
    assert [(target.host, target.path) for target in targets] == [("shop.acme.net", "/")]


def test_a_message_of_caddy_is_about_the_site_of_caddy(
    sites: list[str], targets: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    async def names(machine: object, products: tuple[str, ...] = ()) -> tuple[str, ...]:
        asked.append(products)
        return ("shop.acme.net",) if products == ("caddy",) else ()

    monkeypatch.setattr(site_names, "site_names", names)
    sites += ["https://wiki.acme.net/", "https://blog.acme.net/"]
    listens = "listening on :443: listen tcp :443: bind: address already in use"
    message = (
        f"Error: loading initial config: loading new config: http app module: start: {listens}"
    )
    assert main([message]) == 0
    assert [target.host for target in targets] == ["shop.acme.net"]
    assert asked == [("caddy",)]
    targets.clear()
    assert main(["[ALERT] (9) : Starting frontend web: cannot bind socket [0.0.0.0:443]"]) == 0
    assert [target.host for target in targets] == ["wiki.acme.net", "blog.acme.net"]


SENTENCES = [
    "Could not connect to SignalR, UI won't update",
    "the thing on my site is blue since yesterday",
    "Bloquée depuis hier soir, impossible",
]


@pytest.mark.parametrize("words", SENTENCES)
def test_a_sentence_of_which_nothing_is_known_is_about_the_sites_of_this_server(
    words: str, sites: list[str], targets: list[Target]
) -> None:
    sites += ["https://shop.acme.net/", "https://wiki.acme.net/"]
    assert main([words]) == 0
    assert [target.host for target in targets] == ["shop.acme.net", "wiki.acme.net"]
    assert [target.symptom and target.symptom.kind for target in targets] == ["other", "other"]


@pytest.mark.parametrize("words", SENTENCES)
def test_the_same_sentence_without_a_site_says_what_to_do(
    words: str, sites: list[str], targets: list[Target], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([words]) == 64
    assert targets == []
    assert "names no site. Give its address as well: diagnose" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", ["a.acme.net b.acme.net", "--jsno shop.acme.net now please help", "443 8443 80 81"]
)
def test_a_slip_in_quotes_is_no_sentence(
    words: str, sites: list[str], targets: list[Target], capsys: pytest.CaptureFixture[str]
) -> None:
    sites += ["https://shop.acme.net/"]
    assert main([words]) == 64
    assert targets == []
    assert "there is a blank in it" in capsys.readouterr().err


def test_the_broken_site_is_reported_where_the_message_is_not_understood() -> None:
    message = Symptom("other", "Could not connect to SignalR, UI won't update")
    broken = report_about(message, causes={"listener.missing": ()})
    healthy = report_about(message)
    assert own_sites.reports_of_message([healthy, broken]) == [broken]
    assert own_sites.reports_of_message([healthy, healthy]) == [healthy, healthy]


@pytest.mark.parametrize(
    "message",
    [
        "WebSocket connection to 'ws://127.0.0.1:5001/' failed: net::ERR_CONNECTION_REFUSED",
        "GET http://localhost:3000/api/users net::ERR_CONNECTION_REFUSED",
        "POST http://localhost/login net::ERR_CONNECTION_REFUSED",
    ],
)
def test_what_a_page_asked_of_the_visitors_own_computer_is_about_the_only_site(
    message: str, sites: list[str], targets: list[Target]
) -> None:
    """After https://github.com/sannremy/PHP-Push-WebSocket/issues/10."""
    sites += ["https://shop.acme.net/"]
    assert main([message]) == 0
    assert [target.host for target in targets] == ["shop.acme.net"]
    assert targets[0].symptom
    assert targets[0].symptom.kind == "refused"


def test_an_address_of_this_machine_that_somebody_asks_is_that_address(
    sites: list[str], targets: list[Target]
) -> None:
    sites += ["https://shop.acme.net/"]
    assert main(["curl: (7) Failed to connect to localhost port 3000: Connection refused"]) == 0
    assert [target.host for target in targets] == ["localhost"]
