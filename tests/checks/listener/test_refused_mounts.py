"""What is mounted into a container keeps it from its start."""

from dataclasses import replace

import pytest

from checks.listener._refused_mounts import may_be_given
from diagnose.model import Applicability, Claim, Command, Edit, Vantage
from diagnose.model.containers import (
    BindMount,
    ComposeFile,
    ComposeService,
    Container,
    DeniedFolder,
    MisplacedFile,
)
from tests.checks.listener.test_container_stopped import (
    CHECK,
    ENDED,
    REFUSING,
    docker_containers,
)
from tests.checks.upstream import test_container_stopped as behind
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import config

PATH = "/srv/shop/docker-compose.yml"
DENIED = DeniedFolder("/data/config", "/data", "/srv/shop/data", "1000:1000")
WORDS = "Error: EACCES: permission denied, open '/data/config'"
FAILED = replace(behind.ENDED, status="Exited (1) 2 minutes ago", last_words=WORDS, denied=DENIED)
FOLDER, FILE = "/srv/shop/ngnix/shop.conf", "/srv/shop/nginx/shop.conf"
CONF = "/etc/nginx/conf.d/shop.conf"
MISTYPED = replace(
    ENDED,
    state="exited",
    status="Exited (1) 2 minutes ago",
    last_words=f'nginx: [crit] pread() "{CONF}" failed (21: Is a directory)',
    compose=ComposeService("shop", "proxy", "/srv/shop", (PATH,)),
    folders=(BindMount(CONF, FOLDER),),
    misplaced=(MisplacedFile(FOLDER, FILE),),
)
COMPOSE = ComposeFile(
    vantage=Vantage.SERVER,
    path=PATH,
    text=f"services:\n  proxy:\n    volumes:\n      - ./ngnix/shop.conf:{CONF}:ro\n",
)


def steps(claim: Claim) -> list[tuple[str, ...]]:
    assert claim.fix
    return [step.argv for step in claim.fix.steps if isinstance(step, Command)]


def of_application(*containers: Container) -> Claim:
    seen = docker_containers(*containers)
    (claim,) = judge(behind.CHECK, DOWN, config(), seen, masked=False)
    return claim


def test_the_folder_is_given_to_the_user_of_the_container() -> None:
    claim = of_application(FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    chown = ("chown", "-R", "1000:1000", "/srv/shop/data")
    assert steps(claim) == [chown, ("docker", "start", "shop-app-1")]
    assert any("all that is in it" in text for text in texts(behind.CHECK, claim))
    again = of_application(replace(FAILED, state="restarting", status="Restarting (1)"))
    assert steps(again)[1] == ("docker", "restart", "shop-app-1")


@pytest.mark.parametrize(
    "container",
    [
        replace(FAILED, denied=None),
        replace(FAILED, denied=replace(DENIED, source="/home/ada")),
        replace(FAILED, denied=replace(DENIED, source="/etc/n8n")),
    ],
    ids=["not known", "a home", "the system's"],
)
def test_a_person_decides_about_another_folder(container: Container) -> None:
    claim = of_application(container)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not claim.facts["given_folder"]


def test_a_folder_of_two_containers_is_not_taken_from_one() -> None:
    other = replace(FAILED, id="d" * 64, name="db", ports=(), denied=replace(DENIED, user="999"))
    assert not of_application(FAILED, other).facts["given_folder"]


@pytest.mark.parametrize(
    ("folder", "given"),
    [
        ("/srv/n8n", True), ("/srv/n8n/data", True), ("/opt/grafana", True),
        ("/home/ada/n8n", True), ("/var/lib/grafana", True), ("/root/jellyfin/config", True),
        ("/data/prometheus", True), ("/mnt/disk/jellyfin", True), ("/volume1/docker/n8n", True),
        ("/", False), ("//", False), ("", False), ("/etc", False), ("/etc/grafana", False),
        ("/home", False), ("/home/ada", False), ("/home/ada/", False), ("/var", False),
        ("/var/lib", False), ("/var/log/nginx", False), ("/var/run/x/y", False), ("/srv", False),
        ("/root", False), ("/usr/share/n8n", False), ("/mnt/disk", False), ("/opt", False),
        ("/var/lib/docker/volumes/a/_data", False), ("/srv/../etc/x", False), ("data", False),
        ("/lib64/x", False), ("/srv/n8n/..", False), ("/var/lib/mysql", False),
    ],
)  # fmt: skip
def test_which_folders_may_be_given_away(folder: str, given: bool) -> None:
    assert may_be_given(folder) is given


def of_proxy(container: Container, *seen: ComposeFile) -> Claim:
    (claim,) = judge(CHECK, *REFUSING, docker_containers(container), *seen, masked=False)
    return claim


def test_the_only_file_of_the_name_is_mounted() -> None:
    claim = of_proxy(MISTYPED, COMPOSE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+      - ./nginx/shop.conf:{CONF}:ro" in edit.diff
    assert steps(claim)[0][-3:] == ("up", "-d", "proxy")
    assert any(FILE in text and f"rmdir {FOLDER}" in text for text in texts(CHECK, claim))


def test_no_file_is_mounted_over_a_folder_that_the_engine_made_in_another_mount() -> None:
    outer = BindMount("/etc/nginx/conf.d", "/srv/shop/conf.d")
    claim = of_proxy(replace(MISTYPED, folders=(outer, *MISTYPED.folders)), COMPOSE)
    assert not claim.facts["right_file"]


@pytest.mark.parametrize("is_known", [True, False], ids=["no such file", "no compose file"])
def test_a_person_looks_for_the_file_otherwise(is_known: bool) -> None:
    container = replace(MISTYPED, misplaced=()) if is_known else MISTYPED
    claim = of_proxy(container, *((COMPOSE,) if is_known else ()))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not claim.facts["right_file"]


SCRIPT = "/srv/shop/entrypoint.sh"
NOT_THERE = replace(
    FAILED,
    last_words="exec /entrypoint.sh: no such file or directory",
    denied=None,
    crlf_scripts=(SCRIPT,),
)


def test_the_carriage_returns_of_a_script_are_taken_out() -> None:
    claim = of_application(NOT_THERE)
    assert steps(claim) == [
        ("sed", "-i", "-e", r"s/\r$//", SCRIPT),
        ("docker", "start", "shop-app-1"),
    ]
    assert any("ends with a carriage return" in text for text in texts(behind.CHECK, claim))
    several = replace(NOT_THERE, crlf_scripts=(SCRIPT, "/srv/shop/b.sh"))
    assert all(argv[0] != "sed" for argv in steps(of_application(several)))
