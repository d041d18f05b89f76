"""Whose limit a message names."""

from diagnose.parsers.limit_messages import limit_message


def test_the_words_of_one_framework_name_it() -> None:
    message = limit_message("x Body exceeded 1mb limit. y")
    assert message is not None
    assert message == ("next", "1mb", "Body exceeded 1mb limit")


def test_the_words_of_a_web_server_name_nobody() -> None:
    assert limit_message("413 Request Entity Too Large nginx") is None
    assert limit_message("client intended to send too large body: 2097152 bytes") is None
