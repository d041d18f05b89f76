"""The first line of a script."""

import pytest

from diagnose.parsers.apache.cgi_scripts import interpreter_of, near_interpreters


@pytest.mark.parametrize(
    ("text", "interpreter", "has_returns"),
    [
        ("#!/usr/bin/perl -w\nprint 1;\n", "/usr/bin/perl", False),
        ("#! /usr/bin/perl\r\n", "/usr/bin/perl", True),
        ("#!/usr/bin/env python\n", "/usr/bin/env", False),
        ("print 1;\r\n", "", False),
        ("\ufeff#!/bin/sh\n", "", False),
        ("", "", False),
    ],
)
def test_the_interpreter_of_a_first_line(text: str, interpreter: str, has_returns: bool) -> None:
    assert interpreter_of(text) == (interpreter, has_returns)


def test_where_an_interpreter_may_be() -> None:
    assert "/usr/bin/perl" in near_interpreters("/a/b.pl", "/usr/local/bin/perl5.8")
    assert "/usr/bin/python3" in near_interpreters("/a/b.py", "/usr/bin/python2.7")
    assert near_interpreters("/a/b.pl", "")[0] == "/usr/bin/perl"
    assert near_interpreters("/a/b", "") == ()
