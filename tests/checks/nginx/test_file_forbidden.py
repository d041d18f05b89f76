from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Manual
from diagnose.model.files import PageAccess, PathComponent
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import LOG_READ, logged, page

FILE = "/home/alice/shop/index.html"
OPEN = logged(f'open() "{FILE}" failed (13: Permission denied)', errno=13)


def part(path: str, mode: int, folder: bool = True, label: str = "") -> PathComponent:
    return PathComponent(
        path=path, uid=1000, user="alice", gid=1000, group="alice", mode=mode, folder=folder,
        label=label,
    )  # fmt: skip


def access(*parts: PathComponent, path: str = FILE, enforcing: bool = False) -> PageAccess:
    default = "system_u:object_r:httpd_sys_content_t:s0" if enforcing else ""
    return PageAccess(
        path=path, parts=parts, uid=33, user="www-data", gids=(33,), group="www-data",
        enforcing=enforcing, default=default,
    )  # fmt: skip


def test_fires_and_opens_the_folders_that_deny() -> None:
    observation = access(
        part("/home", 0o755), part("/home/alice", 0o700), part(FILE, 0o640, folder=False)
    )
    (claim,) = judge(
        "nginx.file-forbidden", RUNNING, config(), LOG_READ, OPEN, page(403), observation
    )
    assert claim.facts["closed"] == (
        "/home/alice (0700 alice:alice)",
        f"{FILE} (0640 alice:alice)",
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("chmod", "o+x", "/home/alice"),
        ("chmod", "o+r", FILE),
    ]


@pytest.mark.parametrize(
    ("modes", "root", "tree"),
    [
        ((0o700, 0o600), "/srv/shop", "/srv/shop"),
        ((0o700, 0o600), "/srv", "/srv/shop"),
        ((0o700, 0o600), "/srv/other", ""),
        ((0o755, 0o600), "/srv/shop", ""),
        ((0o700, 0o644), "/srv/shop", ""),
    ],
)
def test_fires_and_opens_a_folder_that_was_copied_with_a_mask(
    modes: tuple[int, int], root: str, tree: str
) -> None:
    file = "/srv/shop/index.html"
    observation = access(
        part("/srv", 0o755), part("/srv/shop", modes[0]), part(file, modes[1], folder=False),
        path=file,
    )  # fmt: skip
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", f"root {root};")
    line = logged(f'"{file}" is forbidden (13: Permission denied)', errno=13)
    seen = (RUNNING, config(text), LOG_READ, line, page(403), observation)
    (claim,) = judge("nginx.file-forbidden", *seen)
    assert claim.facts["tree"] == tree
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Manual) is bool(tree)
    if isinstance(step, Manual):
        argv = [command.argv for command in step.commands if isinstance(command, Command)]
        assert argv[:2] == [("chmod", "o+x", "/srv/shop"), ("chmod", "o+r", file)]
        assert [words[:5] for words in argv[2:]] == [("find", tree, "-not", "-path", "*/.*")] * 2


def test_fires_and_opens_the_files_beside_it_that_are_closed_alike() -> None:
    file = "/srv/shop/public/app.css"
    closed = access(part("/srv/shop/public", 0o755), part(file, 0o600, folder=False), path=file)
    line = logged(f'open() "{file}" failed (13: Permission denied)', errno=13)
    seen = (RUNNING, config(), LOG_READ, line, page(403))
    (claim,) = judge("nginx.file-forbidden", *seen, replace(closed, beside=2))
    assert (claim.facts["beside"], claim.facts["folder"]) == (2, "/srv/shop/public")
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    argv = [command.argv for command in step.commands if isinstance(command, Command)]
    assert argv[0] == ("chmod", "o+r", file)
    assert argv[1][:4] == ("find", "/srv/shop/public", "-maxdepth", "1")
    (claim,) = judge("nginx.file-forbidden", *seen, closed)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Command)


def test_fires_for_an_index_file_and_for_try_files() -> None:
    for text, status in (
        (f'"{FILE}" is forbidden (13: Permission denied)', 403),
        (f'stat() "{FILE}" failed (13: Permission denied)', 500),
        (f'stat() "{FILE}" failed (13: Permission denied)', 404),
    ):
        line = logged(text, errno=13)
        assert judge("nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(status))


def test_fires_and_restores_the_label_under_selinux() -> None:
    label = "unconfined_u:object_r:user_home_t:s0"
    path = "/var/www/shop/index.html"
    line = logged(f'open() "{path}" failed (13: Permission denied)', errno=13)
    observation = access(part(path, 0o644, folder=False, label=label), path=path, enforcing=True)
    (claim,) = judge(
        "nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(403), observation
    )
    assert claim.facts["selinux"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("restorecon", "-v", path)


def test_fires_and_leaves_a_private_folder_closed() -> None:
    path = "/root/shop/index.html"
    line = logged(f'open() "{path}" failed (13: Permission denied)', errno=13)
    observation = access(part("/root", 0o700), part(path, 0o644, folder=False), path=path)
    (claim,) = judge(
        "nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(403), observation
    )
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("target", ["/etc/shadow", "/root"])
def test_fires_and_opens_nothing_of_the_system_behind_a_link(target: str) -> None:
    """A page of the site is a link to it."""
    path = "/var/www/shop/index.html"
    line = logged(f'open() "{path}" failed (13: Permission denied)', errno=13)
    observation = access(part(target, 0o640, folder=target == "/root"), path=path)
    (claim,) = judge(
        "nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(403), observation
    )
    assert claim.facts["private"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_the_page_is_read() -> None:
    assert not judge("nginx.file-forbidden", RUNNING, config(), LOG_READ, OPEN, page(200))


def test_silent_when_the_file_is_missing() -> None:
    line = logged(f'open() "{FILE}" failed (2: No such file or directory)', errno=2)
    assert not judge("nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(404))


def test_silent_when_an_application_s_socket_denies() -> None:
    line = logged("connect() to unix:/run/app.sock failed (13: Permission denied)", errno=13)
    assert not judge("nginx.file-forbidden", RUNNING, config(), LOG_READ, line, page(403))


def test_fires_for_a_folder_that_the_unit_hides_and_opens_nothing() -> None:
    (master,) = RUNNING.masters
    hiding = replace(RUNNING, masters=(replace(master, private=("/home",)),))
    observation = access(
        part("/home", 0o755), part("/home/alice", 0o700), part(FILE, 0o644, folder=False)
    )
    (claim,) = judge(
        "nginx.file-forbidden", hiding, config(), LOG_READ, OPEN, page(403), observation
    )
    assert (claim.facts["hidden"], claim.facts["closed"]) == ("/home", ())
    assert claim.facts["home"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_names_an_access_control_list() -> None:
    listed = replace(part("/home/alice", 0o755), listed=True)
    observation = access(listed, part(FILE, 0o644, folder=False))
    (claim,) = judge(
        "nginx.file-forbidden", RUNNING, config(), LOG_READ, OPEN, page(403), observation
    )
    assert claim.facts["listed"] == ("/home/alice",)
    assert not claim.facts["unknown"]
