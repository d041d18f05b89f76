import asyncio
import shlex

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.containers import NginxContainer
from diagnose.model.files import ServiceFileAccess
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.probes.inside import failed_services as probes
from diagnose.probes.inside.web_servers import start_files
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import LISTENING

OUTPUT = (
    "unit shop.service activating www-data no yes\n"
    " node:events:497\n Error: listen EACCES: permission denied 0.0.0.0:443\n"
    "unit nginx.service failed - no no\n"
    " bind() to 0.0.0.0:443 failed (13: Permission denied)\n"
    "unit mail.service failed - no no\n could not open /var/mail: permission denied\n"
)

ACCESS = """uid 65534
gids 65534
name nobody nogroup
path {key}
part 0 root 0 root 600 regular file|?|{key}
part 0 root 0 root 700 directory|?|/etc/letsencrypt/live
part 0 root 0 root 755 directory|?|/
"""


def look(listeners: Listeners, *before: Observation) -> Looking:
    words = ("sh", "-c", probes.SCRIPT, "sh", "443")
    looking = Looking(RecordedMachine({shlex.join(words): OUTPUT}, {}))
    looking.observations += before
    asyncio.run(_work(looking, listeners))
    return looking


async def _work(looking: Looking, listeners: Listeners) -> None:
    await probes.failed_services.work(looking, listeners)


def test_the_service_that_could_not_open_the_port() -> None:
    (failure,) = look(Listeners()).observed(ServiceFailure)
    assert (failure.unit, failure.state, failure.user) == ("shop", "activating", "www-data")
    assert failure.message == "Error: listen EACCES: permission denied 0.0.0.0:443"


def test_nothing_is_run_where_somebody_listens() -> None:
    looking = look(LISTENING)
    assert not looking.observed(ServiceFailure)
    assert not looking.machine.commands_run  # type: ignore[attr-defined]


def test_every_failed_service_that_is_no_web_server() -> None:
    shop, mail = look(Listeners()).observed(FailedUnit)
    assert (shop.unit, shop.endpoint, shop.is_local, shop.names_endpoint) == (
        "shop", "443", True, True,
    )  # fmt: skip
    assert (mail.unit, mail.is_local) == ("mail", False)
    in_container = look(Listeners(), NginxContainer(pid=5))
    assert not in_container.observed(FailedUnit)
    assert in_container.observed(ServiceFailure)


def test_a_journal_that_names_the_port() -> None:
    text = "unit shop.service failed - no no\n Error: listen EADDRINUSE 127.0.0.1:3000\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert unit.names_endpoint
    (other,) = probes.failed_units(text.replace("3000", "30001"), "3000", 0.0, 0.0)
    assert not other.names_endpoint


def test_how_a_program_ended_that_wrote_nothing() -> None:
    text = "unit shop.service failed - no yes\n Started shop.service\n"
    text += " shop.service: Main process exited, code=killed, status=9/KILL\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert unit.message == "code=killed, status=9/KILL"


@pytest.mark.parametrize("text", ["", "unit", "unit \n", "unit a b c d e\n x", "\x00"])
def test_odd_output_is_read(text: str) -> None:
    assert isinstance(list(probes.failed_units(text, "3000", 0.0, 0.0)), list)


def test_a_program_of_pm2_or_supervisor() -> None:
    text = (
        "unit shop - - no yes pm2 /root/.pm2/logs/shop-error.log\n Error: Cannot find module 'x'\n"
    )
    text += (
        "unit api - - no yes supervisor /var/log/supervisor/api-stderr.log\n ValueError: x 3000\n"
    )
    shop, api = probes.failed_units(text, "3000", 0.0, 0.0)
    assert (shop.unit, shop.state, shop.manager) == ("shop", "", "pm2")
    assert shop.equivalent == "tail -n 60 /root/.pm2/logs/shop-error.log"
    assert (api.manager, api.names_endpoint, api.is_local) == ("supervisor", True, True)


IDLE = (
    "unit shop.service inactive www-data yes yes systemd\n=load loaded\n=file disabled\n=sub dead\n"
    "=private no\n=restarts 0\n Error: of last week\n"
)


def test_a_service_that_nobody_started() -> None:
    (unit,) = probes.failed_units(IDLE, "3000", 0.0, 0.0)
    assert (unit.state, unit.file_state, unit.sub_state) == ("inactive", "disabled", "dead")
    assert (unit.message, unit.has_failed, unit.age) == ("", False, None)
    (masked,) = probes.failed_units(IDLE.replace("=load loaded", "=load masked"), "3000", 0.0, 0.0)
    assert masked.file_state == "masked"


@pytest.mark.parametrize(
    "words",
    [
        "shop.service - The shop was skipped because of an unmet condition check (ConditionUser=).",
        "Condition check resulted in The shop being skipped.",
        "Dependency failed for shop.service - The shop.",
    ],
)
def test_what_systemd_says_of_one_that_it_left_out(words: str) -> None:
    (unit,) = probes.failed_units(f"{IDLE} {words}\n", "3000", 0.0, 0.0)
    assert unit.message == words


def test_a_service_that_runs_and_listens_elsewhere() -> None:
    text = IDLE.replace("inactive", "active").replace(
        "=private no", "=private yes\n=ports 3001 9229"
    )
    (unit,) = probes.failed_units(text + "=age 12\n", "3000", 0.0, 0.0)
    assert (unit.ports, unit.age, unit.has_own_network) == ((3001, 9229), 12, True)
    assert not unit.has_failed


def test_a_service_that_is_started_again_and_again() -> None:
    text = IDLE.replace("inactive", "active").replace("=restarts 0", "=restarts 7")
    text += " Error: listen EADDRINUSE: address already in use 127.0.0.1:3000\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert (unit.has_failed, unit.restarts, unit.port_in_use) == (True, 7, True)
    (other,) = probes.failed_units(text, "/run/shop.sock", 0.0, 0.0)
    assert not other.port_in_use


def test_a_client_of_the_application_is_not_the_application() -> None:
    text = "unit worker.service failed - no yes\n Error: connect ECONNREFUSED 127.0.0.1:3000\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert not unit.names_endpoint


@pytest.mark.parametrize(
    ("line", "is_own"),
    [
        ("/gems/puma-5.6.5/lib/puma/binder.rb:440:in `initialize': No such file or directory -"
         " connect(2) for /run/shop/app.sock (Errno::ENOENT)", True),
        ("/gems/unicorn-6.1.0/lib/unicorn/socket_helper.rb:120:in `initialize': No such file or"
         " directory - connect(2) for /run/shop/app.sock (Errno::ENOENT)", True),
        ("Error: listen ENOENT: no such file or directory /run/shop/app.sock", True),
        ("ERROR: unable to bind listening socket for address '/run/shop/app.sock'", True),
        ("/gems/net_http_unix/lib/client.rb:30:in `initialize': No such file or directory -"
         " connect(2) for /run/shop/app.sock (Errno::ENOENT)", False),
        ("Error: connect ENOENT /run/shop/app.sock", False),
    ],
)  # fmt: skip
def test_whose_socket_a_line_names(line: str, is_own: bool) -> None:
    text = f"unit shop.service failed - no yes\n {line}\n"
    (unit,) = probes.failed_units(text, "/run/shop/app.sock", 0.0, 0.0)
    assert unit.names_endpoint is is_own


def test_who_may_read_the_key_that_a_service_could_not_read() -> None:
    """The form of each output is that of its script; a laboratory without systemd has no such."""
    key = "/etc/letsencrypt/live/shop.example.com/privkey.pem"
    output = (
        "unit shop.service failed nobody no yes systemd\n=exec /usr/bin/node server.js\n"
        f" Error: EACCES: permission denied, open '{key}'\n"
    )
    seen: list[tuple[str, ...]] = []

    class Server(RecordedMachine):
        async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
            seen.append(argv)
            if argv[2] == probes.SCRIPT:
                return CommandResult(argv, 0, output, "", 0.1)
            if argv[2] == start_files.SCRIPT:
                return CommandResult(argv, 0, "unit shop\nUser=nobody\ngid 103\n", "", 0.1)
            return CommandResult(argv, 0, ACCESS.format(key=key), "", 0.1)

    looking = Looking(Server({}, {}))
    asyncio.run(_work(looking, Listeners()))
    (access,) = looking.observed(ServiceFileAccess)
    assert (access.unit, access.user, access.path) == ("shop", "nobody", key)
    assert 103 in access.gids
    assert [part.path for part in access.denied_parts] == ["/etc/letsencrypt/live", key]
    assert sum(argv[2] == start_files.SCRIPT for argv in seen) == 1


def test_the_key_beside_a_certificate_that_a_service_could_not_read() -> None:
    paths = [
        "/etc/letsencrypt/live/a.example/fullchain.pem",
        "/etc/letsencrypt/live/a.example/privkey.pem",
    ]
    seen: list[tuple[str, ...]] = []

    class Server(RecordedMachine):
        async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
            seen.append(argv)
            return CommandResult(argv, 0, "unit shop\nUser=nobody\n", "", 0.1)

    asyncio.run(start_files.emit_service_file(Looking(Server({}, {})), "shop", paths[0]))
    assert list(seen[-1][-2:]) == paths
