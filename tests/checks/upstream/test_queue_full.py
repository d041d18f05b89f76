"""upstream.queue-full: all workers of the application are busy."""

from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING
from tests.support.page_errors import LOG_READ, RUN_BEGAN, logged
from tests.support.upstreams import PAGE, proxied

CHECK = "upstream.queue-full"
PATH = "/run/php/php-fpm.sock"
FPM = proxied(f"http://unix:{PATH}")
TEXT = (
    f"connect() to unix:{PATH} failed (11: Resource temporarily unavailable) while connecting to"
    " upstream"
)


def test_fires_where_the_kernel_refused_this_runs_request() -> None:
    (claim,) = judge(CHECK, FPM, RUNNING, LOG_READ, logged(TEXT, errno=11), PAGE)
    assert claim.facts["message"] == TEXT
    assert claim.facts["line"] == ""


def test_fires_with_the_applications_own_line() -> None:
    line = ProgramLine(message="server reached pm.max_children", weight=2, endpoint=PATH)
    (claim,) = judge(CHECK, FPM, RUNNING, LOG_READ, logged(TEXT, errno=11), PAGE, line)
    assert claim.facts["line"] == "server reached pm.max_children"


def test_silent_for_an_older_line_or_another_error() -> None:
    earlier = logged(TEXT, errno=11, when=RUN_BEGAN - 60)
    assert not judge(CHECK, FPM, RUNNING, LOG_READ, earlier, PAGE)
    other = logged(TEXT.replace("(11: Resource temporarily unavailable)", "(13: x)"), errno=13)
    assert not judge(CHECK, FPM, RUNNING, LOG_READ, other, PAGE)
