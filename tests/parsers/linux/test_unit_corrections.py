"""What the unit of a service that could not start needs."""

import pytest

from diagnose.parsers.linux.unit_corrections import (
    Correction,
    Fault,
    fault_of,
    home_correction,
    home_path,
    parse_correction,
    read_only_path,
    unit_of_source,
)

NODE = "=exec /usr/bin/nod /srv/shop/app.js --port 3000\n=user www-data\n=wrong /usr/bin/nod\n"
FOLDER = "=exec /usr/bin/node /srv/shop/app.js\n=user\n=wrong /srv/shp\n"


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("shop.service: Failed at step CHDIR spawning /usr/bin/node: No such file or directory",
         "chdir"),
        ("shop.service: Failed at step EXEC spawning /opt/x: Permission denied", "exec"),
        ("shop.service: Unable to locate executable '/opt/x': No such file or directory", "exec"),
        ("shop.service: Failed to load environment files: No such file or directory",
         "environment"),
        ("shop.service: start operation timed out. Terminating.", "forking"),
        ("shop.service: Failed at step CHDIR spawning /usr/bin/node: Permission denied", None),
        ("x.service: Failed at step EXEC spawning /opt/x.sh: Exec format error", "exec"),
        ("x.service: Failed at step NAMESPACE spawning /opt/x: No such file or directory",
         "namespace"),
        ("x.service: Failed at step STDOUT spawning /opt/x: No such file or directory", "output"),
        ("x.service: Failed at step USER spawning /opt/x: No such process", "user"),
        ("SyntaxError: Unexpected token ...", "oldnode"),
        ("SyntaxError: Unexpected token '.'", "oldnode"),
        ("SyntaxError: Unexpected token '??='", "oldnode"),
        ("SyntaxError: Unexpected reserved word", "oldnode"),
        # Mistakes of the source.
        ("SyntaxError: Unexpected token '}'", None),
        ("SyntaxError: Unexpected token ')'", None),
        ("SyntaxError: Unexpected identifier", None),
        ("SyntaxError: Unexpected token } in JSON at position 5", None),
        ("SyntaxError: Unexpected token { in JSON at position 5", None),
        ("SyntaxError: Unexpected token 'a', \"abc\" is not valid JSON", None),
        ("Error: unable to verify the first certificate", "trust"),
        ("ssl.SSLCertVerificationError: self-signed certificate in certificate chain", "trust"),
        ("PermissionError: [Errno 13] Permission denied: '/run/user/1000/jupyter'", "rundir"),
        ("Error: EACCES: permission denied, mkdir '/run/user/0/app'", "rundir"),
        ("PermissionError: [Errno 13] Permission denied: '/run/shop/shop.sock'", None),
        ("Error: Cannot find module 'x'", None),
        ("", None),
    ],
)  # fmt: skip
def test_fault_of(message: str, fault: Fault | None) -> None:
    assert fault_of(message) == fault


def test_a_folder_that_only_one_can_be() -> None:
    correction = parse_correction("chdir", f"{FOLDER}=folder /srv/shop\n")
    assert correction
    assert correction.wrong == "WorkingDirectory=/srv/shp"
    assert correction.lines == ("WorkingDirectory=/srv/shop",)
    assert parse_correction("chdir", f"{FOLDER}=folder /srv/a\n=folder /srv/b\n") is None
    assert parse_correction("chdir", FOLDER) is None
    assert parse_correction("chdir", f"{FOLDER}=folder /srv/a b\n") is None
    assert parse_correction("chdir", f"{FOLDER}=folder /srv/%n\n") is None


def test_a_program_that_is_elsewhere() -> None:
    correction = parse_correction("exec", f"{NODE}=program /usr/bin/node\n=program /opt/node\n")
    assert correction
    line = "ExecStart=/usr/bin/node /srv/shop/app.js --port 3000"
    assert correction.lines == ("ExecStart=", line)
    assert parse_correction("exec", NODE) is None
    goes_on = NODE.replace("3000", "\\")
    assert parse_correction("exec", f"{goes_on}=program /usr/bin/node\n") is None


def test_a_command_with_a_secret_is_not_written_again() -> None:
    for words in ("--password never", "--pay sk_live_never"):
        text = NODE.replace("--port 3000", words)
        assert parse_correction("exec", f"{text}=program /usr/bin/node\n") is None


def test_a_program_that_nobody_may_run() -> None:
    text = "=exec /srv/start.sh\n=user\n=wrong /srv/start.sh\n=closed "
    correction = parse_correction("exec", f"{text}644\n")
    assert correction
    assert (correction.program, correction.mode, correction.lines) == ("/srv/start.sh", 0o644, ())
    # Its owner may: it is kept from this user.
    assert parse_correction("exec", f"{text}744\n") is None


def test_a_port_below_1024() -> None:
    granted = "AmbientCapabilities=CAP_NET_BIND_SERVICE"
    correction = parse_correction("port", "=bounds cap_chown cap_net_bind_service\n=alone no\n")
    assert correction
    assert correction.lines == (granted,)
    correction = parse_correction("port", "=bounds cap_net_admin\n=alone no\n")
    assert correction
    assert correction.lines == (granted, "CapabilityBoundingSet=CAP_NET_BIND_SERVICE")
    assert parse_correction("port", "=bounds \n=alone yes\n") is None


def test_a_program_that_does_not_fork() -> None:
    text = "=exec /usr/bin/node /srv/shop/app.js\n=type forking\n=wrong \n"
    correction = parse_correction("forking", text)
    assert correction
    assert correction.lines == ("Type=simple",)
    for other in (
        text.replace("=wrong ", "=wrong /run/x.pid"),
        text.replace("forking", "notify"),
        # It forks, or may do so after a long start.
        text.replace("app.js", "app.js --daemon"),
        text.replace("/usr/bin/node", "/opt/shop/bin/server"),
    ):
        assert parse_correction("forking", other) is None


def test_an_authority_that_the_server_knows() -> None:
    own = "=authority /usr/local/share/ca-certificates/x.crt\n=bundle /etc/ssl/certs/ca.crt\n"
    correction = parse_correction("trust", f"=wrong node\n{own}")
    assert correction
    assert correction.lines == ("Environment=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca.crt",)
    correction = parse_correction("trust", f"=wrong gunicorn\n{own}")
    assert correction
    assert len(correction.lines) == 2
    # Nobody has added one, the program was told already, or it reads the server's list.
    assert parse_correction("trust", "=wrong node\n=bundle /etc/ssl/certs/ca.crt\n") is None
    assert parse_correction("trust", f"=wrong node\n{own}=set NODE_OPTIONS=\n") is None
    assert parse_correction("trust", f"=wrong app\n{own}") is None


def test_a_file_of_the_environment() -> None:
    text = "=exec x\n=wrong /etc/shop.env\n=of /etc/shop.env\n=file /srv/shop/.env\n"
    correction = parse_correction("environment", text)
    assert correction
    assert correction.lines == ("EnvironmentFile=", "EnvironmentFile=/srv/shop/.env")


def test_the_other_files_of_the_environment_stay() -> None:
    """An empty EnvironmentFile= takes all files away (systemd.exec(5))."""
    text = (
        "=exec x\n=wrong /etc/shop.env\n=of /etc/default/shop\n=of /etc/shop.env\n"
        "=of -/etc/shop.local\n=file /srv/shop/.env\n"
    )
    correction = parse_correction("environment", text)
    assert correction
    assert correction.lines == (
        "EnvironmentFile=", "EnvironmentFile=/etc/default/shop",
        "EnvironmentFile=/srv/shop/.env", "EnvironmentFile=-/etc/shop.local",
    )  # fmt: skip
    for unknown in ("=of /etc/a b\n", "=of /etc/shop.env\n"):
        assert parse_correction("environment", text + unknown) is None
    assert parse_correction("environment", text.replace("=of /etc/shop.env\n", "")) is None


def test_no_version_of_several_is_chosen() -> None:
    versions = "/home/shop/.nvm/versions/node"
    text = f"{NODE}=program {versions}/v10.24.1/bin/node\n"
    assert parse_correction("exec", text)
    assert parse_correction("exec", f"{text}=program {versions}/v20.1.0/bin/node\n") is None


def test_a_unit_without_any_capability_keeps_that() -> None:
    assert parse_correction("port", "=bounds \n=alone no\n") is None


@pytest.mark.parametrize("fault", ["chdir", "exec", "environment", "port", "forking", "trust"])
def test_any_text_is_read(fault: Fault) -> None:
    for text in ("", "=", "=wrong", "=exec\n=wrong\n=program\n", "\x00=folder /\n"):
        parse_correction(fault, text)


def test_a_folder_that_the_unit_makes_read_only() -> None:
    correction = parse_correction("readonly", "=protect strict\n=folder /var/lib/shop\n")
    assert correction
    assert correction.wrong == "ProtectSystem=strict"
    assert correction.lines == ("ReadWritePaths=/var/lib/shop",)
    for text in ("=protect no\n=folder /var/lib/shop\n", "=protect full\n=folder /etc\n",
                 "=protect yes\n=folder /usr/lib/x\n", "=protect strict\n",
                 # What belongs to many programs, or lets one become root.
                 "=protect strict\n=folder /var/lib\n", "=protect strict\n=folder /etc/cron.d\n",
                 ):  # fmt: skip
        assert parse_correction("readonly", text) is None


@pytest.mark.parametrize(
    "message",
    [
        "Error: EROFS: read-only file system, mkdir '/var/lib/shop/uploads'",
        "OSError: [Errno 30] Read-only file system: '/var/lib/shop/uploads'",
        "mkdir /var/lib/shop/uploads: read-only file system",
    ],
)
def test_the_path_that_may_not_be_written(message: str) -> None:
    assert fault_of(message) == "readonly"
    assert read_only_path(message) == "/var/lib/shop/uploads"


def test_a_folder_of_a_home_that_the_unit_hides() -> None:
    correction = home_correction("yes", "/home/joe/site")
    assert correction
    assert correction.wrong == "ProtectHome=yes"
    assert correction.lines == ("ProtectHome=tmpfs", "BindReadOnlyPaths=/home/joe/site")
    others = (("no", "/home/joe"), ("read-only", "/home/joe"), ("yes", "/root/site"))
    odd = (("yes", "/home/joe/a b"), ("yes", "/home/joe/../x"), ("yes", "/home/joe:/etc"), ("", ""))
    assert not any(home_correction(*each) for each in (*others, *odd))


def test_the_service_whose_journal_it_is() -> None:
    assert unit_of_source("journalctl -u shop.service") == "shop"
    assert not unit_of_source("tail -n 60 /var/log/shop.log")


def test_a_folder_that_the_unit_names_is_made() -> None:
    told = "=user mastodon\n=group web\n=missing /var/lib/mastodon/public\n"
    assert parse_correction("namespace", told) == Correction(
        folder="/var/lib/mastodon/public", owner="mastodon:web"
    )
    # A log of standard output is opened by systemd itself.
    assert parse_correction("output", told) == Correction(folder="/var/lib/mastodon/public")
    run = parse_correction("namespace", "=user web\n=missing /run/shop\n")
    assert run == Correction("", ("RuntimeDirectory=shop",))
    several = "=missing /var/lib/a\n=missing /var/lib/b\n"
    assert parse_correction("namespace", several) is None
    assert parse_correction("namespace", "=missing /usr/lib/shop\n") is None


def test_a_user_that_is_not_there() -> None:
    told = "=user shop\n=wrong shop\n"
    assert parse_correction("user", f"{told}=owner web\n") == Correction("User=shop", ("User=web",))
    assert parse_correction("user", f"{told}=owner root\n") is None
    assert parse_correction("user", told) is None


def test_a_script_without_a_program_that_runs_it() -> None:
    told = "=exec /srv/shop.sh --port 3000\n=wrong /srv/shop.sh\n"
    correction = parse_correction("exec", f"{told}=interpreter /bin/sh\n")
    assert correction
    assert correction.lines == ("ExecStart=", "ExecStart=/bin/sh /srv/shop.sh --port 3000")
    windows = parse_correction("exec", f"{told}=carriage /srv/shop.sh\n")
    assert windows == Correction(script="/srv/shop.sh")


def test_a_program_that_does_not_tell_that_it_is_ready() -> None:
    told = "=type notify\n=fragment /etc/systemd/system/shop.service\n"
    assert parse_correction("forking", told) == Correction("Type=notify", ("Type=simple",))
    assert parse_correction("forking", told.replace("/etc/", "/usr/lib/")) is None


def test_a_home_that_the_unit_hides() -> None:
    told = "=protect yes\n=folder /home/ann/books\n"
    assert parse_correction("home", told) == Correction(
        "ProtectHome=yes", ("ProtectHome=tmpfs", "BindPaths=/home/ann/books")
    )
    assert parse_correction("home", told.replace("yes", "no")) is None
    assert home_path("Permission denied: '/home/ann/books'") == "/home/ann/books"
    assert home_path("Permission denied: '/srv/home/ann'") == ""


def test_a_folder_of_its_own_in_place_of_a_session() -> None:
    text = "=variable XDG_RUNTIME_DIR\n=closed /run/user/1000\n=name jupyter\n"
    correction = parse_correction("rundir", text)
    assert correction
    assert correction.wrong == "Environment=XDG_RUNTIME_DIR=/run/user/1000"
    assert correction.lines == (
        "RuntimeDirectory=jupyter", "Environment=XDG_RUNTIME_DIR=/run/jupyter",
    )  # fmt: skip
    for wrong in ("", text.replace("jupyter", "a b"), text.replace("/run/user/1000", "/run/x")):
        assert parse_correction("rundir", wrong) is None
