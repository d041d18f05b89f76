"""diagnose.parsers.header_sizes: the line in which a program has its limit for headers."""

import pytest

from diagnose.parsers.header_sizes import (
    SizeLine,
    jetty_size,
    spring_response_size,
    tomcat_response_size,
    tomcat_size,
    unit_size,
)

UNIT = "[Unit]\nDescription=Shop\n\n[Service]\nExecStart={}\nRestart=always\n"


def _new(command: str, program: str, served: int = 7500) -> SizeLine | None:
    return unit_size(UNIT.format(command), program, served)


def _text(command: str, program: str, served: int = 7500) -> str:
    line = _new(command, program, served)
    return line.new if line else ""


def test_node_gets_the_option() -> None:
    line = _text("/usr/bin/node /srv/app.js --port 3000", "node")
    assert line == "ExecStart=/usr/bin/node --max-http-header-size=65536 /srv/app.js --port 3000"
    line = _text("/usr/bin/node --max-http-header-size=8192 a.js", "node", 1500)
    assert line == "ExecStart=/usr/bin/node --max-http-header-size=65536 a.js"


def test_node_behind_another_program_gets_the_variable() -> None:
    found = _new("/usr/bin/npm start", "node")
    assert found
    assert (found.number, found.added) == (4, True)
    assert found.new == "Environment=NODE_OPTIONS=--max-http-header-size=65536"


def test_a_limit_below_that_of_node_stands_in_the_source() -> None:
    assert _new("/usr/bin/node a.js", "node", 3600) is None
    assert _new("/usr/bin/node --max-http-header-size=131072 a.js", "node") is None
    assert unit_size("[Service]\nEnvironment=NODE_OPTIONS=x\nExecStart=/n a", "node", 7500) is None


def test_python_servers_get_their_option() -> None:
    line = _text("/srv/venv/bin/gunicorn --bind :8000 shop.wsgi", "gunicorn")
    start = "ExecStart=/srv/venv/bin/gunicorn --limit-request-field_size 32768"
    assert line == f"{start} --bind :8000 shop.wsgi"
    line = _text("/srv/gunicorn --limit-request-field_size=9000 a:b", "gunicorn")
    assert line == "ExecStart=/srv/gunicorn --limit-request-field_size=32768 a:b"
    line = _text("/srv/uvicorn main:app", "uvicorn")
    assert line == "ExecStart=/srv/uvicorn --h11-max-incomplete-event-size 65536 main:app"
    assert _new("/srv/gunicorn -k uvicorn.workers.UvicornWorker a:b", "gunicorn") is None
    assert _new("/bin/sh -c 'exec gunicorn a:b'", "gunicorn") is None
    assert _new("/srv/uvicorn \\", "uvicorn") is None


CONNECTOR = """\
<Server>
  <!-- <Connector port="8080" protocol="HTTP/1.1" /> -->
  <Connector port="8009" protocol="AJP/1.3" />
  <Connector port="8080" protocol="HTTP/1.1"
             connectionTimeout="20000" />
</Server>
"""


def test_the_connector_of_the_port_gets_the_attribute() -> None:
    found = tomcat_size(CONNECTOR, 8080)
    assert found
    assert found.number == 4
    assert found.new == '  <Connector maxHttpHeaderSize="65536" port="8080" protocol="HTTP/1.1"'
    own = CONNECTOR.replace('="20000"', '="20000" maxHttpRequestHeaderSize="8192"')
    found = tomcat_size(own, 8080)
    assert found
    assert found.number == 5
    assert 'maxHttpRequestHeaderSize="65536" />' in found.new
    assert tomcat_size(CONNECTOR, 8081) is None


def test_the_comment_of_jetty_becomes_a_line() -> None:
    found = jetty_size("# --module=server\n# jetty.httpConfig.requestHeaderSize=8192\n")
    assert found
    assert (found.number, found.new) == (2, "jetty.httpConfig.requestHeaderSize=65536")
    assert jetty_size("--module=http\n") is None


def test_spring_gets_both_properties_of_a_response() -> None:
    found = spring_response_size("server.port=8080\na=b\n")
    assert found
    assert (found.number, found.added) == (2, True)
    assert found.new.split("\n") == [
        "server.max-http-header-size=64KB",
        "server.tomcat.max-http-response-header-size=64KB",
    ]
    # The last line does not end, so that nothing is added behind it.
    assert spring_response_size("server.port=8080") is None


@pytest.mark.parametrize(
    ("value", "is_small"),
    [("8192", True), ("16KB", True), ("64KB", False), ("1MB", False), ("65536", False)],
)
def test_spring_s_own_property_is_raised(value: str, is_small: bool) -> None:
    key = "server.tomcat.max-http-response-header-size"
    found = spring_response_size(f"a=b\n{key} = {value}\n")
    assert (found is not None) is is_small
    if found:
        assert (found.number, found.new, found.added) == (2, f"{key} = 64KB", False)


def test_tomcat_gets_both_sizes() -> None:
    found = tomcat_response_size('<Connector port="8080" protocol="HTTP/1.1" />\n', 8080)
    assert found
    assert found.new == (
        '<Connector maxHttpResponseHeaderSize="65536" maxHttpHeaderSize="65536" port="8080"'
        ' protocol="HTTP/1.1" />'
    )
    own = '<Connector port="8080"\n  maxHttpHeaderSize="8192" />\n'
    found = tomcat_response_size(own, 8080)
    assert found
    assert found.new == '  maxHttpResponseHeaderSize="65536" maxHttpHeaderSize="65536" />'
    set_already = '<Connector port="8080" maxHttpResponseHeaderSize="9000" />\n'
    assert tomcat_response_size(set_already, 8080) is None
