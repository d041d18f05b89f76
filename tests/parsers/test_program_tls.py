"""Where a program names its files of TLS."""

import pytest

from diagnose.parsers.program_tls import meant_paths, parse_program_names

UNIT = "/etc/systemd/system/api.service"
EXEC = "ExecStart=/srv/api/uvicorn --ssl-keyfile /etc/tls/key.pem --ssl-certfile tls/cert.pem"
OUTPUT = f"""\
process uvicorn
folder /srv/api
unit api.service
word /etc/tls/key.pem
line 5 {UNIT}:{EXEC}
line 6 {UNIT}:# ExecStart=/srv/old --ssl-certfile /etc/old.pem
line 2 /srv/api/app.js:  cert: fs.readFileSync(`/etc/letsencrypt/live/${{name}}/cert.pem`),
line 3 /srv/api/app.js:  key: fs.readFileSync('/etc/tls/own.key'), password: 'hunter2',
unended 3 /srv/api/app.js
"""


def test_lines_and_words() -> None:
    names = parse_program_names(OUTPUT)
    assert (names.process, names.folder, names.unit) == ("uvicorn", "/srv/api", "api.service")
    assert [(line.place, line.named) for line in names.lines] == [
        (f"{UNIT}:5", "/etc/tls/key.pem"),
        (f"{UNIT}:5", "tls/cert.pem"),
        ("/srv/api/app.js:2", "/etc/letsencrypt/live/${name}/cert.pem"),
    ]
    assert not any(line.unended for line in names.lines)
    # Of the line with the password the path alone is kept.
    assert "/etc/tls/own.key" in names.words
    assert "hunter2" not in str(names)


def test_the_last_line_without_an_end() -> None:
    (line,) = parse_program_names("line 3 /a/b.py:cert = 'server.crt'\nunended 3 /a/b.py\n").lines
    assert line.unended


@pytest.mark.parametrize("text", ["", "line", "line x /a:b.pem", "unended", "start", "\x00"])
def test_other_output_is_no_error(text: str) -> None:
    assert parse_program_names(text).lines == ()


def test_paths_that_a_word_may_mean() -> None:
    folders = ("/srv/app", "/srv/app/config")
    assert next(iter(meant_paths("/etc/tls/a.pem", folders))) == "/etc/tls/a.pem"
    assert "/etc/letsencrypt/live/*/cert.pem" in meant_paths(
        "/etc/letsencrypt/live/${d}/cert.pem", ()
    )
    assert "/srv/app/config/tls/a.crt" in meant_paths("./tls/a.crt", folders)
    bare = [*meant_paths("a.crt", folders)]
    assert "/srv/app/*/a.crt" in bare
    assert "/etc/letsencrypt/live/*/a.crt" in bare
