"""Edits of nginx's files: of the right file, all or none."""

from checks.nginx import Nginx
from checks.nginx._edits import config_edit, config_edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import FILE, config


def test_a_change_of_another_files_directive_makes_no_edit() -> None:
    seen = config()
    nginx = Nginx.of(evidence(seen))
    passing = next(each for each in walk(seen.main) if each.name == "proxy_pass")
    right = replace_directive(passing, "proxy_pass http://127.0.0.1:3001;")
    wrong = TextEdit(right.start, right.stop, right.text, "/etc/nginx/other.conf")
    assert config_edit(nginx, FILE, right)
    assert config_edit(nginx, FILE, wrong) is None
    assert len(config_edits(nginx, {FILE: [right]})) == 1
    assert config_edits(nginx, {FILE: [right], "/etc/nginx/other.conf": [right]}) == ()
