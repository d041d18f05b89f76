"""A database that a program does not reach, beside an application with the port of one."""

import pytest

from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", "outgoing"),
        ("dial tcp 127.0.0.1:6379: connect: connection refused", "outgoing"),
        ("SQLSTATE[HY000] [2002] Connection refused", "outgoing"),
        # What a web server in front asks is the site's own application.
        ('{"logger":"http.log.error","msg":"dial tcp 127.0.0.1:9200: connect: connection refused"}',
         "server-application"),
        ("502 Bad Gateway, caused by: dial tcp 127.0.0.1:9200: connect: connection refused",
         "upstream-refused"),
        ('connect() failed (111: Connection refused) while connecting to upstream, '
         'upstream: "http://127.0.0.1:9200/"', "upstream-refused"),
    ],
)  # fmt: skip
def test_what_is_not_reached(text: str, kind: str) -> None:
    symptom = symptom_of(text)
    assert symptom
    assert symptom.kind == kind
