from diagnose.model import Command, Manual, Severity
from tests.support.check_evidence import judge
from tests.support.page_evidence import answered, loads, picture, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.page-file-forbidden"
FILE = sheet("/static/css/app.css")
CLOSED = examined("/srv/static/css/app.css", exists=True, folder=0o700)


def test_fires_and_opens_the_folder() -> None:
    (claim,) = judge(CHECK, loads(FILE), answered(FILE, 403), CLOSED)
    assert claim.facts["closed"] == ("/srv/static/css (0700 root:root)",)
    assert claim.fix
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("chmod", "o+x", "/srv/static/css")
    ]


def test_fires_without_opening_a_private_folder() -> None:
    private = examined("/root/static/app.css", exists=True, folder=0o700)
    (claim,) = judge(CHECK, loads(FILE), answered(FILE, 403), private)
    assert claim.fix
    assert all(isinstance(step, Manual) for step in claim.fix.steps)


def test_silent_where_the_worker_may_read_it() -> None:
    open_file = examined("/srv/static/css/app.css", exists=True)
    assert not judge(CHECK, loads(FILE), answered(FILE, 403), open_file)


def test_silent_about_files_that_are_sent() -> None:
    assert not judge(CHECK, loads(FILE), answered(FILE), CLOSED)
    assert not judge(CHECK, loads(FILE), answered(FILE, 500), CLOSED)


def test_fires_as_a_warning_for_a_picture() -> None:
    file = picture("/static/css/app.png")
    observation = examined(
        "/srv/static/css/app.png", "/static/css/app.png", exists=True, folder=0o700
    )
    (claim,) = judge(CHECK, loads(file), answered(file, 403, "text/html"), observation)
    assert claim.severity is Severity.WARNING
