"""Tomcat's connector for AJP that does not listen, and the lines by which it does."""

import pytest

from diagnose.parsers.ajp_connectors import ajp_change, http_port

#: As Tomcat 9.0 is shipped.
SHIPPED = """\
<Server port="8005" shutdown="SHUTDOWN">
  <Service name="Catalina">
    <Connector port="8080" protocol="HTTP/1.1"
               connectionTimeout="20000" />
    <!-- Define an AJP 1.3 Connector on port 8009 -->
    <!--
    <Connector protocol="AJP/1.3"
               address="::1"
               port="8009"
               redirectPort="8443" />
    -->
  </Service>
</Server>
"""
ACTIVE = '<Service>\n  <Connector port="8009" protocol="AJP/1.3" />\n</Service>\n'


def test_the_comment_is_taken_away() -> None:
    line = ajp_change(SHIPPED, 8009, "127.0.0.1")
    assert line is not None
    assert (line.key, line.number) == ("Connector", 6)
    assert line.line.split("\n")[0] == "    <!--"
    assert line.new.split("\n") == [
        '    <Connector secretRequired="false" protocol="AJP/1.3"',
        '               address="127.0.0.1"',
        '               port="8009"',
        '               redirectPort="8443" />',
    ]
    other = ajp_change(SHIPPED, 8009, "::1")
    assert other is not None
    assert 'address="::1"' in other.new


def test_the_connector_needs_no_secret() -> None:
    line = ajp_change(ACTIVE, 8009, "localhost")
    assert line is not None
    assert (line.key, line.number) == ("secretRequired", 2)
    assert line.new == (
        '  <Connector address="127.0.0.1" secretRequired="false" port="8009" protocol="AJP/1.3" />'
    )
    required = ACTIVE.replace("port=", 'secretRequired="true" port=')
    own = ajp_change(required, 8009, "127.0.0.1")
    assert own is not None
    assert own.new.count("secretRequired") == 1


@pytest.mark.parametrize(
    "text",
    [
        ACTIVE.replace("port=", 'address="0.0.0.0" port='),
        SHIPPED.replace("AJP/1.3", "AJP/1.3\" secret=\"s3"),
        SHIPPED.replace('redirectPort="8443" />', "/> and more"),
    ],
)  # fmt: skip
def test_no_edit_opens_it_to_others_or_needs_a_secret(text: str) -> None:
    line = ajp_change(text, 8009, "127.0.0.1")
    assert line is not None
    assert line.new == ""


@pytest.mark.parametrize(
    "text",
    [
        ACTIVE.replace("port=", 'secret="s3" port='),
        ACTIVE.replace("port=", 'secretRequired="false" port='),
        ACTIVE.replace("8009", "8010"),
        SHIPPED.replace("8009", "8010"),
        "",
        "<!-- <Connector ",
    ],
)
def test_a_connector_that_starts_or_none(text: str) -> None:
    assert ajp_change(text, 8009, "127.0.0.1") is None


def test_the_only_port_for_http() -> None:
    assert http_port(SHIPPED, 8009) == 0
    assert http_port(SHIPPED, 8010) == 8080
    assert http_port(SHIPPED.replace('port="8080"', 'SSLEnabled="true" port="8443"'), 8010) == 0
    assert http_port(ACTIVE, 8009) == 0
