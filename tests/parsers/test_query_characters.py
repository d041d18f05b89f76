"""The setting by which Tomcat takes characters that a query must not have."""

import pytest

from diagnose.parsers.query_characters import (
    refused_characters,
    spring_query_characters,
    tomcat_query_characters,
)


@pytest.mark.parametrize(
    ("path", "characters"),
    [
        ("/x?ecl=250637003|Plasma|", "|"),
        ("/x?a={b}&c=[d]", "[]{}"),
        ("/x|y?a=b", ""),
        ("/x?a=%7C", ""),
    ],
)
def test_the_characters_of_the_query(path: str, characters: str) -> None:
    assert refused_characters(path) == characters


def test_a_new_line_of_spring_or_more_in_its_own() -> None:
    added = spring_query_characters("server.port=8080\n", "|")
    assert added is not None
    assert (added.number, added.new) == (1, "server.tomcat.relaxed-query-chars=|")
    assert added.added
    own = spring_query_characters("server.tomcat.relaxed-query-chars={,}\n", "{|")
    assert own is not None
    assert own.new == "server.tomcat.relaxed-query-chars={,},|"
    assert spring_query_characters("server.tomcat.relaxed-query-chars=|\n", "|") is None
    assert spring_query_characters("server.port=8080", "|") is None


def test_the_connector_of_the_port() -> None:
    text = '<Server>\n  <Connector port="8080" protocol="HTTP/1.1"\n    redirectPort="8443" />\n'
    line = tomcat_query_characters(text, 8080, '"|')
    assert line is not None
    assert line.number == 2
    assert line.new == """  <Connector relaxedQueryChars='"|' port="8080" protocol="HTTP/1.1\""""
    assert tomcat_query_characters(text, 8081, "|") is None
    assert (
        tomcat_query_characters(text.replace("port=", 'relaxedQueryChars="|" port='), 8080, "|")
        is None
    )
