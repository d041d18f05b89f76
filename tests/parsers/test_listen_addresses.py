import pytest

from diagnose.parsers.listen_addresses import (
    connector_line,
    listen_settings,
    open_address,
    spring_files,
)
from diagnose.parsers.program_place import ProgramPlace


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("127.0.0.1", "0.0.0.0"),
        ("localhost", "0.0.0.0"),
        ("127.0.0.1:443", "0.0.0.0:443"),
        ("tcp://127.0.0.1:443", "tcp://0.0.0.0:443"),
        ("http://localhost:443/", "http://0.0.0.0:443/"),
        ("[::1]:443", "[::]:443"),
        ("127.0.0.1:5432", ""),
        ("0.0.0.0", ""),
        ("192.168.0.4", ""),
        ("127.0.0.1,10.0.0.4", ""),
        ("", ""),
    ],
)
def test_a_loopback_address_is_opened_and_no_other(value: str, wanted: str) -> None:
    assert open_address(value, 443) == wanted


def options(*words: str) -> list[tuple[str, str]]:
    place = ProgramPlace(words=("program", *words))
    return [(each.argument, each.form) for each in listen_settings(place, 443)]


def test_the_option_of_the_own_socket_and_no_other() -> None:
    assert options("--host", "127.0.0.1") == [("--host", "0.0.0.0")]
    assert options("--bind=127.0.0.1:443") == [("--bind", "0.0.0.0:443")]
    assert options("-jar", "a.jar", "--server.address=127.0.0.1") == [
        ("--server.address", "0.0.0.0")
    ]
    assert options("-Dserver.address=127.0.0.1") == [("-Dserver.address", "0.0.0.0")]
    assert options("--web.listen-address=localhost:443")
    assert not options("--db-host", "127.0.0.1", "--redis.host=127.0.0.1")
    assert not options("--host", "0.0.0.0", "--name", "127.0.0.1")


def test_the_variable_of_the_own_socket() -> None:
    place = ProgramPlace(words=("node", "app.js"), variables={"HOST": "127.0.0.1"})
    assert [each.variable for each in listen_settings(place, 443)] == ["HOST"]
    assert not list(listen_settings(ProgramPlace(variables={"HOST": "0.0.0.0"}), 443))


SERVER_XML = """\
<Server port="8005">
  <!-- <Connector port="443" address="127.0.0.1" /> -->
  <Connector port="8009" protocol="AJP/1.3" address="127.0.0.1" />
  <Connector port="443" protocol="HTTP/1.1"
             address="127.0.0.1" SSLEnabled="true" />
</Server>
"""


def test_the_connector_of_the_port_loses_its_loopback_address() -> None:
    line = connector_line(SERVER_XML, 443)
    assert line is not None
    assert (line.number, line.new) == (5, ' SSLEnabled="true" />')
    assert connector_line(SERVER_XML, 8443) is None
    assert connector_line(SERVER_XML.replace('"127.0.0.1" SSL', '"192.0.2.7" SSL'), 443) is None


def test_the_files_of_spring_boot_in_their_order() -> None:
    words = ("java", "-jar", "a.jar", "--spring.config.location=file:/etc/mall/application.yml")
    files = [file.path for file in spring_files(ProgramPlace(process="java", words=words))]
    assert files[:2] == ["/etc/mall/application.yml", "config/application.properties"]
    assert not list(spring_files(ProgramPlace(process="node", words=("node",))))
