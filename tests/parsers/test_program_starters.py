"""What starts a program again that no service of systemd has."""

import pytest

from diagnose.model.processes import Starter
from diagnose.parsers.program_starters import parse_starter

HEAD = "endpoint 3000\nuser app\ngroup 33\nfolder /srv/app\noutput /srv/out\nalike 1\n"
DIGEST = "7-15"
NODE = f"{HEAD}digest {DIGEST}\ntitle node\037server.js\037\nprogram /usr/bin/node\n"
COMMAND = Starter(
    "command", "3000", DIGEST, user="app", words=("node", "server.js"), group="33",
    folder="/srv/app", output="/srv/out",
)  # fmt: skip


def program(*title: str, file: str = "/usr/bin/node") -> str:
    """What program_starter.sh prints of a program with these arguments."""
    size = sum(len(word) + 1 for word in title)
    words = "".join(f"{word}\037" for word in title)
    return f"{HEAD}digest 7-{size}\ntitle {words}\nprogram {file}\n"


def test_a_program_of_a_terminal_is_started_by_its_own_arguments() -> None:
    for shell in ("-bash", "bash", "bash -l", "sh -c cd /srv/app; node server.js"):
        assert parse_starter(f"{NODE}above bash /srv/app {shell}\n") == COMMAND


@pytest.mark.parametrize(
    ("lines", "starter"),
    [
        (
            "manager pm_id=3\nmanager PM2_HOME=/home/app/.pm2\npm2 /opt/node/bin/pm2\n"
            "above PM2-v5.3.0:-God / PM2 v5.3.0: God Daemon (/home/app/.pm2)\n",
            Starter("pm2", "3000", DIGEST, "3", "/opt/node/bin/pm2", "/home/app/.pm2", "app"),
        ),
        (
            "manager SUPERVISOR_PROCESS_NAME=web\nmanager SUPERVISOR_GROUP_NAME=shop\n"
            "above supervisord / /usr/bin/python3 /usr/bin/supervisord -n -c /etc/own.conf\n",
            Starter("supervisor", "3000", DIGEST, "shop:web", home="/etc/own.conf"),
        ),
        (
            "above runsv /etc/service/shop runsv shop\n",
            Starter("runit", "3000", DIGEST, home="/etc/service/shop"),
        ),
        (
            "above s6-supervise /run/service/shop s6-supervise shop\n",
            Starter("s6", "3000", DIGEST, home="/run/service/shop"),
        ),
        ("manager RC_SVCNAME=shop\n", Starter("openrc", "3000", DIGEST, "shop")),
        ("manager MONIT_SERVICE=shop\n", Starter("monit", "3000", DIGEST, "shop")),
    ],
)
def test_a_manager_of_processes_has_the_program(lines: str, starter: Starter) -> None:
    assert parse_starter(NODE + lines) == starter


def test_variables_of_a_manager_count_only_below_it() -> None:
    """A shell that was started by pm2 hands its variables on."""
    lines = "manager pm_id=3\nmanager PM2_HOME=/root/.pm2\npm2 /usr/bin/pm2\nabove bash / -bash\n"
    assert parse_starter(NODE + lines) == COMMAND


@pytest.mark.parametrize(
    ("title", "signal"),
    [
        ("gunicorn: master [app:app]", "HUP"),
        ("/usr/bin/python3\037/usr/bin/gunicorn\037-D\037app:app", "HUP"),
        ("uwsgi\037--ini\037app.ini", "HUP"),
        ("puma 6.4.0 (tcp://0.0.0.0:3000) [app]", "USR2"),
        ("php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)", "USR2"),
    ],
)
def test_a_master_loads_its_source_by_its_own_signal(title: str, signal: str) -> None:
    starter = parse_starter(f"{HEAD}digest 1-1\ntitle {title}\nprogram /usr/bin/python3.11\n")
    assert starter == Starter("signal", "3000", "1-1", signal)


def test_a_master_that_keeps_its_source_is_started_again() -> None:
    words = ("python3", "/usr/bin/gunicorn", "--preload", "app:app")
    starter = parse_starter(program(*words, file="/usr/bin/python3.11"))
    assert starter is not None
    assert (starter.kind, starter.words) == ("command", words)


def test_a_title_in_the_place_of_the_arguments_starts_nothing() -> None:
    assert parse_starter(program("next-server (v14.1.0)")) is None
    assert parse_starter(program("shop")) is None
    assert parse_starter(program("shop", "", "")) is None


def test_the_arguments_of_a_binary_are_its_own() -> None:
    assert parse_starter(program("./shop", file="/srv/shop")) is not None
    assert parse_starter(program("/srv/my shop", file="/srv/my shop")) is not None


@pytest.mark.parametrize(
    "text",
    [
        program("node", "server.js", "--password=x"),
        program("node", "server.js", "caf\u00e9"),
        program("node", "a\001b"),
        program("node", *("long" * 20 for _ in range(10))),
        NODE.replace(DIGEST, "7-16"),
        NODE.replace("alike 1", "alike 2"),
        NODE.replace("alike 1\n", ""),
        NODE.replace("folder /srv/app", "folder /srv/app (deleted)"),
        NODE.replace("user app", "user UNKNOWN"),
        NODE.replace("endpoint 3000", "endpoint 443"),
        f"{NODE}manager WERKZEUG_RUN_MAIN=true\n",
        f"{NODE}above bash /srv bash ./start.sh\n",
        f"{NODE}above bash /srv bash -x start.sh\n",
        f"{NODE}above sh /srv sh -c {'x' * 300}\n",
    ],
)
def test_what_the_words_do_not_start_safely_is_left_to_a_person(text: str) -> None:
    assert parse_starter(text) is None


def test_root_may_open_ports_below_1024() -> None:
    text = NODE.replace("endpoint 3000", "endpoint 443").replace("user app", "user root")
    assert parse_starter(text) is not None


@pytest.mark.parametrize(
    "above",
    [
        "sh /srv sh -c while :; do node server.js; sleep 1; done",
        "bash /srv bash -c until node server.js; do :; done",
        "node /srv /usr/bin/node /usr/lib/node_modules/forever/bin/monitor server.js",
    ],
)
def test_a_parent_starts_it_again(above: str) -> None:
    starter = parse_starter(f"{NODE}above {above}\n")
    assert starter is not None
    assert (starter.kind, starter.words) == ("parent", ("node", "server.js"))


def test_nodemon_and_what_is_not_known_are_left_to_a_person() -> None:
    assert parse_starter(f"{NODE}above node /srv node /usr/bin/nodemon server.js\n") is None
    assert parse_starter("") is None
    assert parse_starter("\n\x00above\nmanager\ntitle\n") is None
