"""What starts a program again that no service of systemd has."""

import pytest

from diagnose.model.processes import Starter
from diagnose.parsers.program_starters import parse_starter

HEAD = "endpoint 3000\ndigest 7-9\nuser app\n"
NODE = f"{HEAD}title node\037server.js\nprogram /usr/bin/node\n"
COMMAND = Starter("command", "3000", "7-9")


def test_a_program_of_a_terminal_is_started_by_its_own_arguments() -> None:
    assert parse_starter(f"{NODE}above bash /srv/app -bash\n") == COMMAND


@pytest.mark.parametrize(
    ("lines", "starter"),
    [
        (
            "manager pm_id=3\nmanager PM2_HOME=/home/app/.pm2\npm2 /opt/node/bin/pm2\n"
            "above PM2-v5.3.0:-God / PM2 v5.3.0: God Daemon (/home/app/.pm2)\n",
            Starter("pm2", "3000", "7-9", "3", "/opt/node/bin/pm2", "/home/app/.pm2", "app"),
        ),
        (
            "manager SUPERVISOR_PROCESS_NAME=web\nmanager SUPERVISOR_GROUP_NAME=shop\n"
            "above supervisord / /usr/bin/python3 /usr/bin/supervisord -n -c /etc/own.conf\n",
            Starter("supervisor", "3000", "7-9", "shop:web", home="/etc/own.conf"),
        ),
        (
            "above runsv /etc/service/shop runsv shop\n",
            Starter("runit", "3000", "7-9", home="/etc/service/shop"),
        ),
        (
            "above s6-supervise /run/service/shop s6-supervise shop\n",
            Starter("s6", "3000", "7-9", home="/run/service/shop"),
        ),
        ("manager RC_SVCNAME=shop\n", Starter("openrc", "3000", "7-9", "shop")),
        ("manager MONIT_SERVICE=shop\n", Starter("monit", "3000", "7-9", "shop")),
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
    starter = parse_starter(f"{HEAD}title {title}\nprogram /usr/bin/python3.11\n")
    assert starter == Starter("signal", "3000", "7-9", signal)


def test_a_master_that_keeps_its_source_is_started_again() -> None:
    title = "python3\037/usr/bin/gunicorn\037--preload\037app:app"
    assert parse_starter(f"{HEAD}title {title}\nprogram /usr/bin/python3.11\n") == COMMAND


def test_a_title_in_the_place_of_the_arguments_starts_nothing() -> None:
    text = f"{HEAD}title next-server (v14.1.0)\nprogram /usr/bin/node\n"
    assert parse_starter(text) is None
    started = parse_starter(f"{text}manager npm_lifecycle_event=start\n")
    assert started is not None
    assert started.words == ("npm", "run", "start")
    assert parse_starter(f"{HEAD}title shop\nprogram /usr/bin/node\n") is None


def test_the_arguments_of_a_binary_are_its_own() -> None:
    assert parse_starter(f"{HEAD}title ./shop\nprogram /srv/shop\n") == COMMAND
    assert parse_starter(f"{HEAD}title /srv/my shop\nprogram /srv/my shop\n") == COMMAND


def test_tomcat_with_a_file_of_its_number_is_started_by_its_script() -> None:
    title = "java\037-Dcatalina.home=/opt/tomcat\037org.apache.catalina.startup.Bootstrap\037start"
    text = f"{HEAD}title {title}\nprogram /usr/lib/jvm/bin/java\n"
    assert parse_starter(text) == COMMAND
    started = parse_starter(f"{text}manager CATALINA_PID=/opt/tomcat/temp/tomcat.pid\n")
    assert started is not None
    assert started.words == ("sh", "/opt/tomcat/bin/catalina.sh", "start")


def test_nodemon_and_what_is_not_known_are_left_to_a_person() -> None:
    assert parse_starter(f"{NODE}above node /srv node /usr/bin/nodemon server.js\n") is None
    assert parse_starter("") is None
    assert parse_starter("\n\x00above\nmanager\ntitle\n") is None
