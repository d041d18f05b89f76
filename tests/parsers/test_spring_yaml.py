"""Tomcat's limits in Spring Boot's application.yml."""

import yaml

from diagnose.parsers.spring_yaml import yaml_query_characters, yaml_response_size

TEXT = "server:\n  port: 8080\n"


def test_a_new_document_names_the_characters() -> None:
    line = yaml_query_characters(TEXT, '"[\\|')
    assert line is not None
    assert (line.number, line.added) == (2, True)
    _, added = yaml.safe_load_all(f"{TEXT}{line.new}\n")
    assert added == {"server": {"tomcat": {"relaxed-query-chars": '",[,\\,|'}}}
    assert yaml_query_characters(TEXT.rstrip(), "|") is None


def test_its_own_list_grows() -> None:
    text = "server:\n  tomcat:\n    relaxed-query-chars: '{,}'\n"
    line = yaml_query_characters(text, "{|")
    assert line is not None
    assert (line.number, line.new) == (3, "    relaxed-query-chars: '{,},|'")
    assert yaml_query_characters(text, "{}") is None


def test_the_header_of_a_response() -> None:
    added = yaml_response_size(TEXT)
    assert added is not None
    assert added.new.startswith("---\nserver:\n  max-http-header-size: 64KB\n  tomcat:\n")
    small = "server:\n  tomcat:\n    max-http-response-header-size: 16KB\n"
    own = yaml_response_size(small)
    assert own is not None
    assert own.new == "    max-http-response-header-size: 64KB"
    assert yaml_response_size(small.replace("16KB", "1MB")) is None
