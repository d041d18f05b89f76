import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.machine.container import ContainerMachine
from diagnose.model import Observation, Unseen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError, ServerStartError
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes.in_container import InContainer
from diagnose.probes.inside import server_logs as probes
from diagnose.probes.inside import start_times
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

LOG = "/var/log/apache2/error.log"
CONFIG = apache_config(HTTPS.replace("</V", f"    ErrorLog {LOG}\n</V"))
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=500)
TEXT = (
    "1795680438 2026-11-26 08:07:18\n"
    "[Thu Nov 26 08:07:18.014931 2026] [proxy:warn] [pid 190:tid 207] [client 198.51.100.10:35808]"
    " AH01144: No protocol handler was valid for the URL / (scheme 'http').\n"
)


def run(probe: Any, looking: Looking | InContainer, observation: Observation) -> None:
    asyncio.run(probe.work(looking, observation))


def look(
    result: CommandResult, *observations: Observation, config: WebServerConfig = CONFIG
) -> Looking:
    command = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    looking = Looking(RecordedMachine({command: result}, {}))
    for observation in observations:
        looking.emit(observation)
    run(probes.after_the_configuration, looking, config)
    return looking


def read(status: int = 0, text: str = TEXT) -> CommandResult:
    return CommandResult((), status, text, "", 0.0)


def test_the_reason_is_read_after_the_page_failed() -> None:
    (error,) = look(read(), APACHE, CONFIG, PAGE).observed(ServerRequestError)
    assert (error.reason, error.scheme, error.log) == ("handler", "http", LOG)


def test_nothing_is_read_where_nothing_failed_or_another_has_the_port() -> None:
    served = look(read(), APACHE, CONFIG, replace(PAGE, status=200))
    assert not served.machine.commands_run  # type: ignore[attr-defined]
    elsewhere = look(read(), replace(APACHE, ports=(8080,)), CONFIG, PAGE)
    assert not elsewhere.machine.commands_run  # type: ignore[attr-defined]


def test_a_line_from_before_the_last_load_or_this_run_is_about_something_else() -> None:
    later = TEXT.replace("1795680438 2026-11-26 08:07:18\n", "1795680440 2026-11-26 08:07:20\n")
    assert not look(read(0, later), APACHE, CONFIG, PAGE).observed(ServerRequestError)
    loaded = replace(APACHE, loaded=1795680440.0)
    assert not look(read(0, later), loaded, CONFIG, PAGE).observed(ServerRequestError)


def test_a_log_that_may_not_be_read_is_said() -> None:
    looking = look(read(77, "1795680438 2026-11-26 08:07:18\n"), APACHE, CONFIG, PAGE)
    assert not looking.observed(ServerRequestError)
    assert [unseen.what for unseen in looking.observed(Unseen)] == [LOG]


def test_it_is_read_again_for_an_answer_that_came_later() -> None:
    command = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    looking = Looking(RecordedMachine({command: read()}, {}))
    for observation in (APACHE, CONFIG, PAGE):
        looking.emit(observation)
    run(probes.after_an_answer, looking, PAGE)
    assert looking.observed(ServerRequestError)


def test_other_messages_are_read_too() -> None:
    line = TEXT.replace(
        "AH01144: No protocol handler was valid for the URL / (scheme 'http').",
        'ModSecurity: Access denied with code 403 (phase 1). [id "7"] [uri "/"]',
    )
    (error,) = look(read(0, line), APACHE, CONFIG, PAGE).observed(ServerRequestError)
    assert (error.reason, error.rule) == ("firewall", "7")


def test_why_a_stopped_apache_did_not_start() -> None:
    line = "[Thu Nov 26 08:07:18.0 2026] [ssl:emerg] [pid 1:tid 2] AH02572: Failed to configure\n"
    command = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    looking = Looking(RecordedMachine({command: read(0, f"1 2026\n{line}")}, {}))
    looking.emit(replace(APACHE, pid=None))
    run(probes.of_a_stopped_server, looking, CONFIG)
    (error,) = looking.observed(ServerStartError)
    assert (error.log, error.message) == (LOG, "AH02572: Failed to configure")
    running = Looking(RecordedMachine({command: read(0, line)}, {}))
    running.emit(APACHE)
    run(probes.of_a_stopped_server, running, CONFIG)
    assert not running.observed(ServerStartError)


def test_a_line_of_an_earlier_start_is_not_the_reason_of_the_last_one() -> None:
    line = "[Thu Nov 26 08:07:18.0 2026] [ssl:emerg] [pid 1:tid 2] AH02572: Failed to configure\n"
    log = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    systemd = shlex.join(("sh", "-c", start_times.SCRIPT, "sh", "apache2.service"))
    for started, now, messages in (
        # Started 20 s ago: a line of that second, and one of the day before.
        ("980000000 1000.5", "2026-11-26 08:07:38", ["AH02572: Failed to configure"]),
        ("980000000 1000.5", "2026-11-27 08:07:38", []),
        # systemd has not started it since the machine's start.
        ("0 1000.5", "2026-11-27 08:07:38", []),
        # No systemd.
        (" 1000.5", "2026-11-27 08:07:38", ["AH02572: Failed to configure"]),
    ):
        answers = {log: read(0, f"1 {now}\n{line}"), systemd: read(0, f"{started}\n")}
        looking = Looking(RecordedMachine(answers, {}))
        looking.emit(replace(APACHE, pid=None, unit="apache2"))
        run(probes.of_a_stopped_server, looking, CONFIG)
        assert [each.message for each in looking.observed(ServerStartError)] == messages


def test_the_backend_of_a_rule_for_websockets_alone_is_known() -> None:
    rule = (
        f"    ErrorLog {LOG}\n    RewriteEngine On\n"
        "    RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "    RewriteRule /(.*) wss://127.0.0.1:3443/$1 [P,L]\n"
        "    ProxyPass / http://127.0.0.1:3000/\n"
    )
    config = apache_config(HTTPS[: HTTPS.index("    ProxyPass")] + rule + "</VirtualHost>\n")
    line = TEXT.replace(
        "AH01144: No protocol handler was valid for the URL / (scheme 'http').",
        "AH00961: https: failed to enable ssl support for 127.0.0.1:3443 (127.0.0.1)",
    )
    refused = Upgrade(
        url="wss://shop.example.com/live", path="/live", address="203.0.113.10", port=443,
        status=500,
    )  # fmt: skip
    (error,) = look(read(0, line), APACHE, config, refused, config=config).observed(
        ServerRequestError
    )
    assert error.reason == "backend-tls"


class _Container(ContainerMachine):
    """A container whose Apache writes to its output; the server has a log of the same path."""

    def __init__(self, server: RecordedMachine) -> None:
        super().__init__(server, 7, "docker", "web")

    async def read_logs(self, *paths: str) -> CommandResult:
        clock, _, line = TEXT.partition("\n")
        epoch, _, now = clock.partition(" ")
        text = f"now {epoch} {now.replace('-', '/')} 123\nlog 900\n {line}\n"
        return CommandResult((), 0, text, "", 0.0)


def test_in_a_container_its_own_log_is_read() -> None:
    command = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    server = RecordedMachine({command: read(0, TEXT.replace("AH01144", "AH00000"))}, {})
    outer = Looking(server)
    for observation in (APACHE, CONFIG, PAGE):
        outer.emit(observation)
    inner = InContainer(outer, _Container(server))
    run(probes.after_the_configuration, inner, CONFIG)
    (error,) = outer.observed(ServerRequestError)
    assert (error.reason, error.scheme) == ("handler", "http")
    assert not server.commands_run


def test_the_log_is_read_for_words_about_workers_though_visits_succeed() -> None:
    text = (
        "1795680438 2026-11-26 08:07:18\n"
        "[Thu Nov 26 08:07:17.014931 2026] [mpm_event:error] [pid 190:tid 207] AH00484: server "
        "reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting\n"
    )
    command = shlex.join(("sh", "-c", probes.READ_SCRIPT, "sh", LOG))
    symptom = Symptom("server-workers", "AH00484: server reached MaxRequestWorkers setting")
    for target, count in ((replace(SHOP, symptom=symptom), 1), (SHOP, 0)):
        machine = RecordedMachine({command: read(text=text)}, {})
        looking = Looking(machine)
        looking.target = target
        for observation in (APACHE, CONFIG):
            looking.emit(observation)
        run(probes.after_words_about_workers, looking, CONFIG)
        assert len(looking.observed(ServerRequestError)) == count
