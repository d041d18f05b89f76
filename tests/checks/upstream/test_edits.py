import pytest

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.upstream import Backend, backends
from checks.upstream._edits import edit_fix, replace_in_directives, switch_scheme
from diagnose.model import Applicability, Edit, Manual
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import RUNNING
from tests.support.upstreams import proxied


def site(target: str, before: str = "") -> tuple[Nginx, Backend]:
    nginx = Nginx.of(evidence(proxied(target, before), RUNNING))
    (backend,) = backends(nginx)
    return nginx, backend


def added(nginx: Nginx, changes: Changes) -> list[str]:
    lines = [line for edit in config_edits(nginx, changes) for line in edit.diff.splitlines()]
    return [line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++"]


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("http://127.0.0.1:3000", "proxy_pass https://127.0.0.1:3000;"),
        ("http://10.0.0.1/x/", "proxy_pass https://10.0.0.1:80/x/;"),
        ("http://unix:/run/app.sock", "proxy_pass https://unix:/run/app.sock;"),
    ],
)
def test_the_port_stays_when_the_scheme_changes(target: str, line: str) -> None:
    nginx, backend = site(target)
    changes: Changes = {}
    switch_scheme(nginx, backend, "https", changes)
    assert added(nginx, changes) == [line]


def test_a_group_keeps_the_ports_of_its_servers() -> None:
    nginx, backend = site("http://app", "upstream app { server 10.0.0.1; }\n")
    changes: Changes = {}
    switch_scheme(nginx, backend, "https", changes)
    assert added(nginx, changes) == ["proxy_pass https://app;"]


def test_a_text_is_replaced_once_for_a_directive_that_is_named_twice() -> None:
    nginx, backend = site("http://127.0.0.1:3000")
    changes: Changes = {}
    directive = backend.proxy_target.directive
    replace_in_directives(nginx, [directive, directive], "127.0.0.1", "127.0.0.2", changes)
    replace_in_directives(nginx, [directive], "nothing", "x", changes)
    assert [len(edits) for edits in changes.values()] == [1]


def test_without_a_change_a_person_does_it() -> None:
    nginx, backend = site("http://127.0.0.1:3000")
    fix = edit_fix(nginx, {}, "by-hand")
    assert isinstance(fix.steps[0], Manual)
    assert fix.applicability is Applicability.MANUAL
    changes: Changes = {}
    switch_scheme(nginx, backend, "https", changes)
    assert edit_fix(nginx, changes, "x").applicability is Applicability.AUTOMATIC
    unsure = edit_fix(nginx, changes, "x", sure=False)
    assert isinstance(unsure.steps[0], Edit)
    assert unsure.applicability is Applicability.REVIEW
