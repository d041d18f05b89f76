"""Remedies for nginx-proxy's file: what they add goes to the folder vhost.d."""

from dataclasses import replace

import pytest

from diagnose.checking.vhost_files import with_vhost_files
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Effect,
    Fix,
    Subject,
)
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx.edits import diff
from tests.support.check_evidence import evidence

MAIN = "/etc/nginx/conf.d/default.conf"
TEXT = """\
# nginx-proxy version : 1.6.1
server {
    server_name shop.example.com;
    listen 443 ssl;
    location / {
        proxy_pass http://shop.example.com;
    }
    location /api/ {
        proxy_pass http://api;
    }
}
"""
OWN = NginxContainer(pid=9, engine="docker", digest="5e" * 32, name="nginx-proxy")
MOUNTED = replace(OWN, mounts=(BindMount("/etc/nginx/vhost.d", "/srv/np/vhost.d"),))
TEST = Command(("docker", "exec", "nginx-proxy", "nginx", "-t"), Effect.TEST)
LOAD = Command(("docker", "exec", "nginx-proxy", "nginx", "-s", "reload"), Effect.RELOAD)


def fix(
    old: str, new: str, own: NginxContainer = MOUNTED, files: tuple[ConfigFile, ...] = ()
) -> tuple[Fix, dict[str, object]]:
    edit = Edit(MAIN, diff(MAIN, TEXT, TEXT.replace(old, new, 1)))
    config = NginxConfig(path=MAIN, files=(ConfigFile(MAIN, TEXT), *files))
    seen = evidence(config)
    facts: dict[str, object] = {"panel": "nginx-proxy", "generated_file": MAIN}
    claim = Claim(
        about=Subject(port=443), because=(config,), facts=facts, fix=Fix((edit, TEST, LOAD))
    )
    moved = with_vhost_files(seen, claim, own)
    assert moved.fix
    return moved.fix, dict(moved.facts)


LISTEN = "    listen 443 ssl;\n"
SIZE = f"{LISTEN}    client_max_body_size 50m;\n"
PASS = "        proxy_pass http://shop.example.com;\n"
WAIT = f"{PASS}        proxy_read_timeout 300s;\n"


@pytest.mark.parametrize(
    ("old", "new", "name", "line"),
    [
        (LISTEN, SIZE, "shop.example.com", "client_max_body_size 50m;"),
        (PASS, WAIT, "shop.example.com_location", "proxy_read_timeout 300s;"),
    ],
)
def test_a_new_file_and_a_restart(old: str, new: str, name: str, line: str) -> None:
    moved, facts = fix(old, new)
    write, again = moved.steps
    assert isinstance(write, Command)
    assert write.argv[-2:] == (f"/srv/np/vhost.d/{name}", line)
    assert write.undo == ("rm", f"/srv/np/vhost.d/{name}")
    assert again == Command(("docker", "restart", "nginx-proxy"), Effect.RESTART)
    assert moved.applicability is Applicability.REVIEW
    assert "panel" not in facts
    assert facts["image_file"] == ""


def test_a_file_that_is_there_gets_the_lines_and_a_reload() -> None:
    own = ConfigFile("/etc/nginx/vhost.d/shop.example.com", "add_header A 1;\n")
    moved, _ = fix(LISTEN, SIZE, files=(own,))
    edit, test, load = moved.steps
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/np/vhost.d/shop.example.com"
    assert edit.diff.endswith(" add_header A 1;\n+client_max_body_size 50m;\n")
    assert (test, load) == (replace(TEST, outside=True), replace(LOAD, outside=True))


def test_a_new_file_has_what_was_in_force_without_it() -> None:
    usual = ConfigFile("/etc/nginx/vhost.d/default", "add_header A 1;\n")
    moved, _ = fix(LISTEN, SIZE, files=(usual,))
    write = moved.steps[0]
    assert isinstance(write, Command)
    assert write.argv[-2:] == ("include /etc/nginx/vhost.d/default;", "client_max_body_size 50m;")


def test_a_folder_of_the_image_gets_a_copy() -> None:
    moved, facts = fix(LISTEN, SIZE, OWN)
    words = [step.argv[:2] for step in moved.steps if isinstance(step, Command)]
    assert words == [("sh", "-c"), ("docker", "exec"), ("docker", "cp"), ("docker", "restart")]
    assert facts["image_file"] == "/etc/nginx/vhost.d/shop.example.com"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # A line that is taken away, another location, another server block than one with a name
        (PASS, "        proxy_pass http://other;\n"),
        (
            "        proxy_pass http://api;\n",
            "        proxy_pass http://api;\n        expires 1h;\n",
        ),
        (
            "# nginx-proxy version : 1.6.1\n",
            "# nginx-proxy version : 1.6.1\nkeepalive_timeout 9;\n",
        ),
    ],
)
def test_what_the_folder_cannot_say_stays_as_it_is(old: str, new: str) -> None:
    moved, facts = fix(old, new)
    assert isinstance(moved.steps[0], Edit)
    assert moved.steps[0].path == MAIN
    assert facts["panel"] == "nginx-proxy"
