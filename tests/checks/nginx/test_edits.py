from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._edits import config_edit, config_edits
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.edits import TextEdit, apply_patch
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import FILE, SITE, config


def view(seen: NginxConfig | None = None) -> Nginx:
    return Nginx.of(evidence(*([seen] if seen else [])))


def test_an_edit_is_a_patch_of_the_file() -> None:
    observation = config(SITE)
    edit = config_edit(view(observation), FILE, TextEdit(0, 4, "HTTP"))
    assert edit is not None
    patched = apply_patch(observation.files[0].text, edit.diff)
    assert patched == "HTTP" + observation.files[0].text[4:]


def test_the_file_behind_a_link_is_edited() -> None:
    observation = config(SITE)
    file = replace(observation.files[0], real="/srv/nginx.conf")
    edit = config_edit(view(replace(observation, files=(file,))), FILE, TextEdit(0, 0, "# x\n"))
    assert edit is not None
    assert edit.path == "/srv/nginx.conf"


def test_nothing_changes_in_a_file_that_was_not_read_or_stays_the_same() -> None:
    nginx = view(config(SITE))
    assert config_edit(nginx, "/etc/nginx/other.conf", TextEdit(0, 0, "x")) is None
    assert config_edit(nginx, FILE, TextEdit(0, 4, "http")) is None
    assert config_edit(view(), FILE, TextEdit(0, 0, "x")) is None
    assert config_edits(nginx, {FILE: [TextEdit(0, 4, "http")], "/x": []}) == ()
