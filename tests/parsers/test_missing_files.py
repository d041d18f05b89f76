import pytest

from diagnose.parsers.missing_files import former_files, missing_file

MAIN = "/etc/caddy/Caddyfile"


@pytest.mark.parametrize(
    "message",
    [
        f"reading input file: open {MAIN}: no such file or directory",
        f"Error: reading config file: open {MAIN}: no such file or directory",
        f"a:1 - Error during parsing: File to import not found: {MAIN}",
        f"Cannot open configuration file/directory {MAIN} : No such file or directory",
        f"Could not open configuration file {MAIN} : No such file or directory",
        f"Could not open configuration file {MAIN}: No such file or directory",
        f'open() "{MAIN}" failed (2: No such file or directory)',
    ],
)
def test_the_file_that_a_server_does_not_find(message: str) -> None:
    assert missing_file(message) == MAIN


@pytest.mark.parametrize(
    "message",
    [
        "",
        "loading certificates: open /etc/ssl/a.pem: no such file or directory",
        'open() "/etc/nginx/a.conf" failed (13: Permission denied)',
        "reading input file: open /etc/a b/Caddyfile: no such file or directory",
        "File to import not found: sites/a",
    ],
)
def test_another_message(message: str) -> None:
    assert not missing_file(message)


def test_copies_beside_a_file() -> None:
    present = [f"{MAIN}.bak", f"{MAIN}~", "/etc/caddy/caddyfile", "/etc/caddy/other.bak"]
    assert former_files(MAIN, present) == tuple(present[:3])
    assert former_files(MAIN, [*present, MAIN]) == ()
    snippet = "/etc/nginx/snippets/own.conf"
    fresh = [f"{snippet}.dpkg-dist", f"{snippet}.rpmnew", "/etc/nginx/snippets/OWN.conf"]
    assert former_files(snippet, [*fresh, f"{snippet}.d/own.conf.bak"]) == ()
    assert former_files(snippet, [f"{snippet}.save"]) == (f"{snippet}.save",)
