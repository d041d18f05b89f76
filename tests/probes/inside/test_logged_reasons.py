import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult, FileContent
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.program_logs import ToldReason
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.probes.inside import logged_reasons as probes
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.upstream_evidence import logged

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
FAILED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/media", status=500,
    written="29/Nov/2026:08:00:00 +0000", times=2,
)  # fmt: skip
HINT = "Host validation failed for: shop.example.com. Hint: Set the APP_HOSTS environment variable."
COMPOSE = "services:\n  shop:\n    image: shop\n"
PLACE = (
    "now 2000\nprocess 77 node\nstarted 100\ncontainer docker shop\n"
    "compose /srv/shop/compose.yaml\nservice shop\nproject shop\n"
)
ON_HOST = "now 2000\nprocess 77 puma\nstarted 100\n"
DENIED = "PermissionError: [Errno 13] Permission denied: '/srv/app/media/a'"
ACCESS = (
    "uid 990\ngids 990\ncaps 0\nname shop shop\npath /srv/app/media/a\n"
    "part 0 root 0 root 755 directory|?|/\npart 0 root 0 root 755 directory|?|/srv\n"
    "part 0 root 0 root 755 directory|?|/srv/app\npart {} 755 directory|?|/srv/app/media\n"
)


class Server:
    """A machine with one program: its log, its place, and who may use its folder."""

    def __init__(self, line: str, place: str, owner: str = "0 root 0 root") -> None:
        self.log, self.place, self.owner = line, place, owner
        self.file = ""
        self.ran: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.ran.append(argv)
        out = f"process node\nsource docker logs shop\n {self.log}\n"
        if "now $(date" in argv[2]:
            out = self.place
        elif argv[2] == ACCESS_SCRIPT:
            out = ACCESS.format(self.owner) + self.file
        elif argv[0] == "ps":
            out = "77 990\n"
        elif argv[0] == "systemctl":
            out = "Id=redis-server.service\nLoadState=loaded\nActiveState=failed\n"
        return CommandResult(argv, 0, out, "", 0.0)

    async def read(self, path: str, limit: int = 0) -> FileContent:
        return FileContent(path, COMPOSE if path == "/srv/shop/compose.yaml" else "")


def look(server: Server, symptom: Symptom | None, *failures: FailedRequests) -> list[ToldReason]:
    looking: Any = Looking(server)  # type: ignore[arg-type]
    looking.target = replace(looking.target, symptom=symptom)
    sockets = (Listener(address="0.0.0.0", port=443, family=4, pid=77, process="node"),)
    listeners = looking.emit(Listeners(sockets=sockets))
    probe: Any = probes.program_of_the_port
    asyncio.run(probe.work(looking, looking.emit(PAGE), listeners))
    probe = probes.after_logged_request
    for failure in failures:
        asyncio.run(probe.work(looking, looking.emit(failure), listeners))
    return list(looking.observed(ToldReason))


WORDS = Symptom("other", "Error: Host validation failed. See logs for more details.")


def test_a_variable_that_the_log_names_in_its_compose_file() -> None:
    (told,) = look(Server(HINT, PLACE), WORDS)
    assert (told.reason, told.name, told.value) == ("variable", "APP_HOSTS", "shop.example.com")
    assert told.new == '    environment:\n      APP_HOSTS: "shop.example.com"'
    assert told.load[:2] == ("docker", "compose")


def test_a_variable_that_is_set_by_now() -> None:
    place = f"{PLACE}variable APP_HOSTS=localhost,shop.example.com\n"
    assert not look(Server(HINT, place), WORDS)


def test_nothing_is_read_without_a_failure_or_words() -> None:
    server = Server(HINT, PLACE)
    assert not look(server, None)
    assert not look(server, Symptom("timeout", "Connection timed out"))
    assert not look(server, None, replace(FAILED, status=401))
    assert not server.ran


def test_a_folder_of_another_user_and_one_that_was_given_back() -> None:
    (told,) = look(Server(DENIED, ON_HOST), None, FAILED)
    assert (told.blocked, told.user, told.owner) == ("/srv/app/media", "shop", "0755 root:root")
    assert not look(Server(DENIED, ON_HOST, "990 shop 990 shop"), None, FAILED)


def test_a_database_that_is_down_and_one_that_listens() -> None:
    line = "Error: connect ECONNREFUSED 127.0.0.1:6379"
    (told,) = look(Server(line, ON_HOST), None, FAILED)
    assert (told.port, told.service, told.source) == (6379, "redis-server", "log")
    (told,) = look(Server("", ON_HOST), Symptom("status", line, 500))
    assert (told.port, told.source) == (6379, "message")
    assert not look(Server(line.replace("6379", "443"), ON_HOST), None, FAILED)
    assert not look(Server(line, PLACE), None, FAILED)


def test_a_program_that_was_refused_at_the_address_of_its_arguments() -> None:
    line = "handler exception: [Errno 111] Connection refused"
    words = "words /usr/bin/python3\037/usr/bin/websockify\0376080\037127.0.0.1:{}\037\n"
    (told,) = look(Server(line, ON_HOST + words.format(5901)), None, FAILED)
    assert (told.reason, told.host, told.port) == ("unreached", "127.0.0.1", 5901)
    assert not look(Server(line, ON_HOST + words.format(443)), None, FAILED)
    assert not look(Server(line, ON_HOST), None, FAILED)
    place = ON_HOST + words.format(5901)
    (told,) = look(Server("", place), Symptom("websocket-closed", line))
    assert told.source == "message"
    with_page = f"https://shop.example.com/vnc.html Server disconnected (code: 1006) {line}"
    assert look(Server("", place), Symptom("websocket-closed", with_page))
    visitor = "Failed to connect to shop.example.com port 443: Connection refused"
    assert not look(Server("", place), Symptom("refused", visitor))


def test_a_service_that_listens_at_the_other_loopback_address() -> None:
    line = "Error: connect ECONNREFUSED 127.0.0.1:4822"
    server = Server(line, ON_HOST)
    looking: Any = Looking(server)  # type: ignore[arg-type]
    sockets = (Listener(address="::1", port=4822, family=6, pid=9, process="guacd"),)
    listeners = looking.emit(Listeners(sockets=sockets))
    probe: Any = probes.after_logged_request
    asyncio.run(probe.work(looking, looking.emit(FAILED), listeners))
    (told,) = looking.observed(ToldReason)
    assert told.elsewhere == ("[::1]",)


def test_the_programs_own_setting_names_the_address_that_is_not_served() -> None:
    """Node.js 17 and later take ::1 for localhost."""
    unit = "[Service]\nEnvironment=DATABASE_URL=postgres://shop@localhost:5432/shop\n"
    path = "/etc/systemd/system/shop.service"

    class WithUnit(Server):
        async def read(self, path: str, limit: int = 0) -> FileContent:
            return FileContent(path, unit if path.endswith("shop.service") else "")

    place = f"{ON_HOST}unit shop.service\nunitfile {path}\n"
    looking: Any = Looking(WithUnit("Error: connect ECONNREFUSED ::1:5432", place))  # type: ignore[arg-type]
    sockets = (Listener(address="0.0.0.0", port=5432, family=4, pid=9, process="postgres"),)
    listeners = looking.emit(Listeners(sockets=sockets))
    probe: Any = probes.after_logged_request
    asyncio.run(probe.work(looking, looking.emit(FAILED), listeners))
    (told,) = looking.observed(ToldReason)
    assert (told.elsewhere, told.file, told.number) == (("127.0.0.1",), path, 2)
    assert told.new == "Environment=DATABASE_URL=postgres://shop@127.0.0.1:5432/shop"


def _told_by_php(status: int) -> list[ToldReason]:
    text = (
        'FastCGI sent in stderr: "PHP message: PHP Warning:  file_put_contents(/srv/app/media/a): '
        'Failed to open stream: Permission denied in /srv/app/index.php on line 1" while reading '
        "response header from upstream"
    )
    looking: Any = Looking(Server("", "now 2000\nprocess 77 php-fpm8.4\nstarted 100\n"))  # type: ignore[arg-type]
    looking.emit(replace(PAGE, status=status))
    line = looking.emit(logged(text, upstream="fastcgi://unix:/run/php/php8.4-fpm.sock:"))
    probe: Any = probes.after_error_output
    asyncio.run(probe.work(looking, line, looking.emit(Listeners())))
    return list(looking.observed(ToldReason))


def test_a_folder_that_php_may_not_write_by_its_error_output() -> None:
    (told,) = _told_by_php(500)
    assert (told.reason, told.blocked, told.user) == ("denied", "/srv/app/media", "shop")
    assert not _told_by_php(200)


@pytest.mark.parametrize("program", ["nginx", "apache2", "caddy"])
def test_what_a_web_server_says_of_its_own_files_is_left_to_its_checks(program: str) -> None:
    line = 'open() "/srv/app/media/a" failed (13: Permission denied)'
    place = f"now 2000\nprocess 77 {program}\nstarted 100\ncontainer docker proxy\n"
    assert not look(Server(line, place), None, FAILED)
    assert look(Server(DENIED, ON_HOST), None, FAILED)


@pytest.mark.parametrize(
    ("line", "mode", "access"),
    [
        ("EACCES: permission denied, open '{}'", "600", "open"),
        ("EACCES: permission denied, open '{}'", "644", "write"),
        ("EACCES: permission denied, open '{}'", "666", ""),
        ("file_get_contents({}): Failed to open stream: Permission denied", "640", "read"),
        ("file_get_contents({}): Failed to open stream: Permission denied", "644", ""),
        ("file_put_contents({}): Failed to open stream: Permission denied", "644", "write"),
        ("file_put_contents({}): Failed to open stream: Permission denied", "600", "write"),
        ("cannot read key file: {}: permission denied", "600", "read"),
        ("failed to save {}: permission denied", "644", "write"),
    ],
)
def test_a_file_that_is_read_and_one_that_is_written(line: str, mode: str, access: str) -> None:
    """What the program wanted of it is in the line, or in what its user may not do."""
    server = Server(line.format("/srv/app/media/a"), ON_HOST)
    server.file = f"part 0 root 0 root {mode} regular file|?|/srv/app/media/a\n"
    told = look(server, None, FAILED)
    assert [(reason.access, reason.blocked) for reason in told] == (
        [(access, "/srv/app/media/a")] if access else []
    )
