"""nginx.pid-file-differs: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Confidence, Vantage
from diagnose.model.files import NginxStart
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, SITE, STOPPED

CHECK = "nginx.pid-file-differs"
LINE = "nginx.service: start operation timed out. Terminating."


def config(head: str = "") -> NginxConfig:
    text = f"{head}http {{\n{SITE}}}\n"
    main = nginx_parser.parse(text, FILE)
    file = ConfigFile(FILE, text, 1.0)
    return NginxConfig(vantage=Vantage.SERVER, path=FILE, main=main, files=(file,))


def start(
    pid_file: str = "/run/nginx.pid", result: str = "timeout", line: str = LINE
) -> NginxStart:
    return NginxStart(
        vantage=Vantage.SERVER, unit="nginx.service", state="failed", result=result,
        pid_file=pid_file, line=line,
    )  # fmt: skip


def test_fires_and_writes_the_file_of_the_unit() -> None:
    (claim,) = judge(CHECK, STOPPED, config("pid /run/openresty.pid;\n"), start())
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+pid /run/nginx.pid;" in claim.fix.edits[0].diff


@pytest.mark.parametrize("pid", ["/run/nginx.pid", "/var/run/nginx.pid"])
def test_silent_where_both_are_one_file(pid: str) -> None:
    assert not judge(CHECK, STOPPED, config(f"pid {pid};\n"), start())


def test_silent_for_another_end_or_without_a_file_to_wait_for() -> None:
    other = config("pid /run/openresty.pid;\n")
    assert not judge(CHECK, STOPPED, other, start(result="exit-code"))
    assert not judge(CHECK, STOPPED, other, start(pid_file=""))
    assert not judge(CHECK, STOPPED, config(), start())
