import asyncio
import shlex
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Failure, Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.listen_addresses import VARIABLES
from diagnose.probes.inside import own_settings as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

REFUSED = Failure("refused", "Connection refused", 111)
PLACE = (
    "process 9 java\nfolder /opt/mall\nunit mall.service\n"
    "words java\037-jar\037mall.jar\nunitfile /etc/systemd/system/mall.service\n"
)
PROPERTIES = "server.port=443\nserver.address=127.0.0.1\nspring.datasource.password=never\n"


def look(
    files: dict[str, str], place: str = PLACE, address: str = "127.0.0.1", process: str = "java",
    failure: Failure | None = REFUSED,
) -> list[ReadSetting]:  # fmt: skip
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443", *VARIABLES))
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, place, "", 0.0)}, files))
    socket = Listener(address=address, port=443, family=4, pid=9, process=process)
    listeners = looking.emit(Listeners(sockets=(socket,)))
    connection = Connection(
        vantage=Vantage.SERVER, address="203.0.113.10", port=443, family=4, failure=failure
    )
    probe: Any = probes.after_refusal
    asyncio.run(probe.work(looking, connection, listeners))
    return list(looking.observed(ReadSetting))


def test_the_line_of_spring_boots_file() -> None:
    (read,) = look({"/opt/mall/application.properties": PROPERTIES})
    assert (read.topic, read.place) == ("listen-address", "/opt/mall/application.properties:2")
    assert (read.line, read.new) == ("server.address=127.0.0.1", "server.address=0.0.0.0")
    assert "never" not in repr(read)


def test_the_line_of_spring_boots_yaml() -> None:
    (read,) = look({"/opt/mall/config/application.yml": "server:\n  address: 127.0.0.1\n"})
    assert read.new == "  address: 0.0.0.0"


def test_the_option_in_the_unit_goes_before_the_file() -> None:
    unit = "[Service]\nExecStart=/opt/jdk/bin/java -jar mall.jar --server.address=127.0.0.1\n"
    place = PLACE.replace("mall.jar\n", "mall.jar\037--server.address=127.0.0.1\n")
    files = {
        "/etc/systemd/system/mall.service": unit,
        "/opt/mall/application.properties": PROPERTIES,
    }
    (read,) = look(files, place)
    assert read.place == "/etc/systemd/system/mall.service:2"
    assert read.new.endswith("--server.address=0.0.0.0")


def test_the_key_of_a_known_application() -> None:
    place = (
        "process 9 grafana\nfolder /usr/share/grafana\nwords grafana-server\nunit grafana.service\n"
    )
    ini = "[server]\nhttp_addr = 127.0.0.1\nhttp_port = 443\n"
    (read,) = look({"/etc/grafana/grafana.ini": ini}, place, process="grafana")
    assert read.new == "http_addr = 0.0.0.0"


def test_silent_where_the_program_listens_for_all_or_nobody_was_refused() -> None:
    files = {"/opt/mall/application.properties": PROPERTIES}
    assert not look(files, address="0.0.0.0")
    assert not look(files, failure=None)
    assert not look(files, process="nginx")
    assert not look({"/opt/mall/application.properties": "server.port=443\n"})
