import pytest

from diagnose.parsers.linux.start_failures import names_no_port, start_failure

NODE = "Error: listen EACCES: permission denied 0.0.0.0:443"
KEY = "Error: EACCES: permission denied, open '/etc/app/key.pem'"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (NODE, "port-permission"),
        ("listen tcp :443: bind: permission denied", "port-permission"),
        (
            "ERROR: [Errno 13] error while attempting to bind on address ('0.0.0.0', 443):"
            " permission denied",
            "port-permission",
        ),
        ("Error: listen EADDRINUSE: address already in use :::443", "port-in-use"),
        (KEY, "file-permission"),
        ("open /etc/ssl/private/shop.key: permission denied", "file-permission"),
    ],
)
def test_the_words_of_node_go_and_python(line: str, reason: str) -> None:
    failure = start_failure(f"first\n{line}\n    at Server.listen (node:net:1)\n", 443)
    assert failure
    assert (failure.reason, failure.message) == (reason, line)


@pytest.mark.parametrize(
    "line",
    [
        NODE.replace(":443", ":8443"),
        NODE.replace(":443", ":4430"),
        "connect EACCES 443",
        "open /var/log/app.log: permission denied",
        "listening on 0.0.0.0:443",
        "",
    ],
)
def test_other_lines_say_nothing(line: str) -> None:
    assert start_failure(line, 443) is None


def test_the_last_start_counts_and_long_lines_are_cut() -> None:
    failure = start_failure(f"{NODE}\n{KEY}\n", 443)
    assert failure
    assert failure.file == "/etc/app/key.pem"
    assert start_failure("'/" * 200_000, 443) is None


LIVE = "/etc/letsencrypt/live/shop.example.com"


@pytest.mark.parametrize(
    ("journal", "file"),
    [
        (f"java.io.FileNotFoundException: {LIVE}/shop.jks (Permission denied)", f"{LIVE}/shop.jks"),
        (f"PermissionError: [Errno 13] Permission denied: '{LIVE}/a.pem'", f"{LIVE}/a.pem"),
        (
            f'Error: Unable to load server key file "{LIVE}/privkey.pem". Check keyfile.\n'
            "OpenSSL Error[0]: error:8000000D:system library::Permission denied",
            f"{LIVE}/privkey.pem",
        ),
        (
            "    self.load_cert_chain(certfile, keyfile, password)\n"
            "PermissionError: [Errno 13] Permission denied",
            "/srv/tls/privkey.pem",
        ),
    ],
)
def test_the_words_of_java_python_and_openssl(journal: str, file: str) -> None:
    command = (
        "/usr/bin/uvicorn --ssl-certfile /srv/tls/chain.pem --ssl-keyfile=/srv/tls/privkey.pem"
    )
    failure = start_failure(f"started\n{journal}\nended", 443, command)
    assert failure
    assert (failure.reason, failure.file) == ("file-permission", file)


@pytest.mark.parametrize(
    "journal",
    [
        "sock.bind(('', 443))\nPermissionError: [Errno 13] Permission denied",
        f"reading {LIVE}/a.pem\nopen /var/log/x: permission denied",
        f"cannot read {LIVE}/a.pem\na\nb\nc\nd\nopen /var/log/x: permission denied",
        "self.load_cert_chain(a, b)\nFileNotFoundError: [Errno 2] No such file or directory",
    ],
)
def test_a_refusal_of_something_else_names_no_file(journal: str) -> None:
    failure = start_failure(journal, 443, "app --keyfile /srv/tls/privkey.pem")
    assert failure is None


@pytest.mark.parametrize(
    "line",
    [
        "Port 8069 is in use by another program. Either identify and stop that program, or …",
        "Web server failed to start. Port 8069 was already in use.",
        "Something is already running on port 8069.",
    ],
)
def test_words_that_name_the_taken_port_itself(line: str) -> None:
    failure = start_failure(f"OSError: [Errno 98] Address already in use\n{line}\n", 8069)
    assert failure is not None
    assert failure.reason == "port-in-use"
    assert start_failure(line, 806) is None
    assert start_failure(line, 8070) is None


@pytest.mark.parametrize(
    ("message", "is_unnamed"),
    [
        ("OSError: [Errno 98] Address already in use", True),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000", False),
        ("Error: listen EADDRINUSE: address already in use :::3000", False),
        ("[Errno 98] error while attempting to bind on address ('0.0.0.0', 8123)", False),
        ("OSError: [Errno 13] Permission denied", False),
    ],
)
def test_a_program_that_does_not_say_which_port_is_taken(message: str, is_unnamed: bool) -> None:
    assert names_no_port(message) is is_unnamed
