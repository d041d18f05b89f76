"""The settings of the application are read after a symptom, and never on a healthy site."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Observation, Vantage
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import ProgramLine
from diagnose.model.requests import HeaderTrial
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.applications import variables_of_settings
from diagnose.parsers.frameworks import framework_variables
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import own_settings as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROGRAM = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="python3")
PLACE = "process 9 python3\nfolder /srv/shop\nwords python3\037manage.py\037runserver\n"
SETTINGS = 'SECRET_KEY = "s3"\nALLOWED_HOSTS = ["localhost"]\n'
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
REFUSED = replace(PAGE, status=400, body="<h1>Bad Request (400)</h1>")


def look(*seen: Observation, process: str = "python3") -> list[ReadSetting]:
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443", *names))
    files = {"/srv/shop/settings.py": SETTINGS}
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, PLACE, "", 0.0)}, files))
    listeners = looking.emit(Listeners(sockets=(replace(PROGRAM, process=process),)))
    looking.emit(NginxConfig(path="/etc/nginx/nginx.conf"))
    for each in seen:
        looking.emit(each)
    probe: Any = probes.after_answer
    for each in looking.observed(Exchange):
        asyncio.run(probe.work(looking, each, listeners))
    return list(looking.observed(ReadSetting))


def test_the_setting_that_refuses_a_name() -> None:
    (read,) = look(REFUSED)
    assert (read.application, read.place) == ("django", "/srv/shop/settings.py:2")
    assert read.new == 'ALLOWED_HOSTS = ["localhost", "shop.example.com"]'
    assert "s3" not in repr(read)


NAMED = "process 9 python3\nfolder /srv/shop\ncontainer docker shop-app-1\ngateway 172.18.0.1\n"


@pytest.mark.parametrize(("printed", "count"), [(NAMED, 1), ("", 0)])
def test_a_container_that_nginx_in_another_one_names(printed: str, count: int) -> None:
    """Another machine of that name has no files here."""
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "=app shop_default", *names))
    files = {"/proc/9/root/srv/shop/settings.py": SETTINGS, "/srv/shop/settings.py": SETTINGS}
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, printed, "", 0.0)}, files))
    listeners = looking.emit(Listeners(sockets=()))
    looking.emit(NginxContainer(pid=5, engine="docker", name="proxy", networks=("shop_default",)))
    text = "http { server { listen 443 ssl; location / { proxy_pass http://app:8000; } } }"
    looking.emit(NginxConfig(path="/n.conf", main=parse(text, "/n.conf")))
    exchange = looking.emit(REFUSED)
    probe: Any = probes.after_answer
    asyncio.run(probe.work(looking, exchange, listeners))
    assert len(looking.observed(ReadSetting)) == count


@pytest.mark.parametrize(
    ("addresses", "proxy"),
    [
        (("127.0.0.1", "172.18.0.3", "fd00::3"), "172.18.0.3"),
        # Which one the program sees is not known.
        (("172.18.0.3", "172.19.0.3"), ""),
    ],
)
def test_a_container_sees_the_address_of_nginx_container(
    addresses: tuple[str, ...], proxy: str
) -> None:
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "=ha shop_default", *names))
    printed = "process 9 hass\nfolder /config\ncontainer docker ha\ngateway 172.18.0.1\n"
    files = {"/proc/9/root/config/configuration.yaml": "default_config:\n"}
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, printed, "", 0.0)}, files))
    looking.emit(Listeners(sockets=()))
    looking.emit(
        NginxContainer(
            pid=5, engine="docker", name="proxy", networks=("shop_default",), addresses=addresses
        )
    )
    text = "http { server { listen 443 ssl; location / { proxy_pass http://ha:8123; } } }"
    looking.emit(NginxConfig(path="/n.conf", main=parse(text, "/n.conf")))
    looking.emit(KnownApplication(id="home-assistant", name="Home Assistant", url=PAGE.url))
    refused = looking.emit(replace(REFUSED, status=400, body="400: Bad Request"))
    probe: Any = probes.after_answer
    asyncio.run(probe.work(looking, refused, looking.observed(Listeners)[0]))
    assert {read.proxy for read in looking.observed(ReadSetting)} == {proxy}


def test_nothing_is_read_where_all_is_well() -> None:
    assert not look(PAGE)
    assert not look(REFUSED, process="nginx")


def test_a_program_is_known_by_the_words_of_its_refusal() -> None:
    """Its process is named like any other."""
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443", *names))
    printed = "process 9 st\nfolder /srv\nwords /opt/st\n"
    files = {
        "/srv/config.xml": '<configuration>\n    <gui tls="false">\n    </gui>\n</configuration>\n'
    }
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, printed, "", 0.0)}, files))
    listeners = looking.emit(Listeners(sockets=(PROGRAM,)))
    looking.emit(NginxConfig(path="/etc/nginx/nginx.conf"))
    refused = looking.emit(replace(PAGE, status=403, body="Host check error\n"))
    probe: Any = probes.after_answer
    asyncio.run(probe.work(looking, refused, listeners))
    (read,) = looking.observed(ReadSetting)
    assert (read.application, read.place, read.added) == ("syncthing", "/srv/config.xml:2", True)
    assert "<insecureSkipHostcheck>true</insecureSkipHostcheck>" in read.new


REFUSED_HEADER = HeaderTrial(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
    port=3000, normal=200, served=15500, refused=31500, status=431,
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "file", "text", "new"),
    [
        ("node\037/srv/app.js", "", "[Service]\nExecStart=/usr/bin/node /srv/app.js\n",
         "ExecStart=/usr/bin/node --max-http-header-size=65536 /srv/app.js"),
        ("java\037-Dcatalina.base=/srv/tomcat", "/srv/tomcat/conf/server.xml",
         '<Connector port="3000">\n', '<Connector maxHttpHeaderSize="65536" port="3000">'),
        ("java\037-Djetty.base=/srv/jetty", "/srv/jetty/start.d/server.ini",
         "# jetty.httpConfig.requestHeaderSize=8192\n",
         "jetty.httpConfig.requestHeaderSize=65536"),
    ],
)  # fmt: skip
def test_the_limit_of_headers_of_a_program(words: str, file: str, text: str, new: str) -> None:
    path = "/etc/systemd/system/shop.service"
    printed = (
        f"process 9 {words.partition(chr(31))[0]}\nfolder /srv\nwords {words}\n"
        f"unit shop.service\nunitfile {path}\n"
    )
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "3000"))
    machine = RecordedMachine(
        {command: CommandResult((), 0, printed, "", 0.0)}, {file or path: text}
    )
    looking: Any = Looking(machine)
    probe: Any = probes.after_headers
    asyncio.run(probe.work(looking, looking.emit(REFUSED_HEADER)))
    (read,) = looking.observed(ReadSetting)
    assert (read.topic, read.file, read.new) == ("header-limit", file or path, new)


def test_no_program_is_looked_at_that_takes_large_headers() -> None:
    looking: Any = Looking(RecordedMachine({}, {}))
    probe: Any = probes.after_headers
    for trial in (
        replace(REFUSED_HEADER, refused=None),
        replace(REFUSED_HEADER, server="apache"),
        replace(REFUSED_HEADER, address="192.0.2.1"),
    ):
        asyncio.run(probe.work(looking, looking.emit(trial)))
    assert not looking.observed(ReadSetting)


TOO_LARGE = ProgramLine(
    vantage=Vantage.SERVER, weight=3, endpoint="8080", process="java",
    message="org.apache.coyote.http11.HeadersTooLargeException: An attempt was made to write",
)  # fmt: skip


def _room(line: ProgramLine, words: str) -> list[ReadSetting]:
    printed = f"process 9 java\nfolder /srv/sso\nwords {words}\nunit sso.service\n"
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "8080"))
    files = {
        "/etc/sso/application.properties": "server.port=8080\n",
        "/srv/sso/application.properties": "server.port=8080\na=b\n",
        "/srv/tomcat/conf/server.xml": '<Connector port="8080">\n',
    }
    machine = RecordedMachine({command: CommandResult((), 0, printed, "", 0.0)}, files)
    looking: Any = Looking(machine)
    probe: Any = probes.after_program_line
    asyncio.run(probe.work(looking, looking.emit(line)))
    return list(looking.observed(ReadSetting))


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("java\037-jar\037a.jar", "/srv/sso/application.properties"),
        (
            "java\037-jar\037a.jar\037--spring.config.location=file:/etc/sso/",
            "/etc/sso/application.properties",
        ),
        ("java\037-Dcatalina.base=/srv/tomcat", "/srv/tomcat/conf/server.xml"),
    ],
)
def test_the_room_for_the_headers_of_a_response(words: str, file: str) -> None:
    (read,) = _room(TOO_LARGE, words)
    assert (read.topic, read.file, read.unit) == ("response-header-limit", file, "sso.service")
    assert "esponse" in read.new
    assert not _room(replace(TOO_LARGE, message="java.lang.NullPointerException"), words)
    assert not _room(TOO_LARGE, "python3\037app.py".replace("python3", "node"))[1:]
