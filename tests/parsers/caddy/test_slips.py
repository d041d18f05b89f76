"""The messages are those of Caddy 2.6.2's `caddy adapt`."""

import pytest

from diagnose.parsers.caddy.slips import slip_of

COUNT = "Wrong argument count or unexpected line ending after"
GLUED = "Site addresses cannot end with a curly brace: 'a.example{' - put a space between"
SAME_LINE = "Unexpected next token after '{' on same line"
PARSED = "parsed 'root' as a site address, but it is a known directive"
POLICY = "hostname appears in more than one automation policy, making certificate management"
END = "subject does not qualify for certificate: '}'"


def mended(text: str, message: str, line: int = 0) -> tuple[str, str]:
    lines = text.split("\n")
    slip = slip_of(lines, line, message)
    if slip is None:
        return "", text
    new = [row for n, own in enumerate(lines, 1) for row in slip.changes.get(n, (own,))]
    return slip.kind, "\n".join(new)


@pytest.mark.parametrize(
    ("kind", "message", "line", "wrong", "right"),
    [
        ("brace", GLUED, 1, "a.example{\n\trespond x\n}", "a.example {\n\trespond x\n}"),
        ("brace", END, 0, "a {\n\thandle /x/*{\n\t}\n}", "a {\n\thandle /x/* {\n\t}\n}"),
        ("brace", SAME_LINE, 2, "a {\n\thandle { respond x }\n}",
         "a {\n\thandle {\n\t\trespond x\n\t}\n}"),
        ("unclosed", "Syntax error: Unexpected token 'x', expecting '}'", 2,
         "a {\n\trespond x\n", "a {\n\trespond x\n}\n"),
        ("closed_twice", END, 0, "a {\n\trespond x\n}\n}\n", "a {\n\trespond x\n}\n"),
        ("comma", "Site addresses cannot contain a comma ','", 1, "a.b,c.d {\n}", "a.b, c.d {\n}"),
        ("matcher", f"{COUNT} 'root'", 2, "a {\n\troot /srv/spa\n}", "a {\n\troot * /srv/spa\n}"),
        ("unit", 'bad interval value 10: time: missing unit in duration "10"', 3,
         "a {\n\treverse_proxy :1 {\n\t\thealth_interval 10\n\t}\n}",
         "a {\n\treverse_proxy :1 {\n\t\thealth_interval 10s\n\t}\n}"),
        ("newer", "unrecognized directive: basic_auth", 2, "a {\n\tbasic_auth {\n\t}\n}",
         "a {\n\tbasicauth {\n\t}\n}"),
        ("encoder", "finding encoder module '': module not registered: http.encoders.br", 2,
         "a {\n\tencode gzip br\n}", "a {\n\tencode gzip\n}"),
        ("policy", "module not registered: http.reverse_proxy.selection_policies.roundrobin", 2,
         "b {\n\tlb_policy roundrobin\n}", "b {\n\tlb_policy round_robin\n}"),
        ("log_file", f"{COUNT} '/var/log/a.log'", 2, "a {\n\tlog /var/log/a.log\n}",
         "a {\n\tlog {\n\t\toutput file /var/log/a.log\n\t}\n}"),
        ("outside", "unrecognized directive: header_up", 3,
         "a {\n\treverse_proxy :1\n\theader_up Host {host}\n}",
         "a {\n\treverse_proxy :1 {\n\t\theader_up Host {host}\n\t}\n}"),
        ("outside", "unrecognized subdirective tls_insecure_skip_verify", 3,
         "a {\n\treverse_proxy https://b {\n\t\ttls_insecure_skip_verify\n\t}\n}",
         "a {\n\treverse_proxy https://b {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify"
         "\n\t\t}\n\t}\n}"),
        ("top_level", PARSED, 4, "a.b {\n\ttls a b\n}\nroot * /srv\nfile_server\n",
         "a.b {\n\ttls a b\n\troot * /srv\n\tfile_server\n}\n"),
        ("top_level", POLICY, 0, "a.b {\n}\nhandle /x {\n\trespond x\n}\n\nc.d {\n}\n",
         "a.b {\n\thandle /x {\n\t\trespond x\n\t}\n}\n\nc.d {\n}\n"),
    ],
)  # fmt: skip
def test_a_slip_is_mended(kind: str, message: str, line: int, wrong: str, right: str) -> None:
    assert mended(wrong, message, line) == (kind, right)


@pytest.mark.parametrize(
    ("message", "line", "text"),
    [
        # A word of the file is in quotes, in a comment, or a placeholder.
        ("unrecognized directive: x", 2, 'a {\n\tx "b{"\n\t# c{\n\trespond {path}\n}'),
        # Which of two sites is not closed, a person knows.
        ("expecting '}'", 3, "a.example {\n\trespond x\nb.example {\n\trespond y\n}\n"),
        # Something follows the brace that closes nothing.
        (END, 0, "a {\n}\n}\nb {\n}\n"),
        ("unrecognized directive: header_up", 3, "a {\n\tencode gzip\n\theader_up A b\n}"),
        ("module not registered: http.encoders.br", 2, "a {\n\tencode br\n}"),
        (f"{COUNT} 'root'", 9, "a {\n}"),
        # Without a site before it, or behind two of them, a person knows where it belongs.
        (PARSED, 1, "root * /srv\nfile_server\n"),
        (PARSED, 4, "a.b {\n}\nroot * /srv\nc.d {\n}\nroot * /web\n"),
        (PARSED, 4, "{\n\temail a@b.c\n}\nroot * /srv\n"),
    ],
)
def test_what_a_person_has_to_mend_is_left(message: str, line: int, text: str) -> None:
    assert mended(text, message, line) == ("", text)
