from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Confidence
from diagnose.model.processes import Starter
from diagnose.model.services import UnpublishedFiles
from tests.support.check_evidence import judge, texts
from tests.support.report_builder import ANSWER

CHECK = "upstream.files-unpublished"
PICTURE = UnpublishedFiles(
    url="https://shop.example.com/storage/users/a.jpg", reason="laravel", project="/var/www/desk",
    source="/var/www/desk/storage/app/public", target="/var/www/desk/public/storage",
    owner="www-data", equivalent="ls -ld /var/www/desk/public/storage",
)  # fmt: skip
NEXT = UnpublishedFiles(
    url="https://shop.example.com/_next/static/chunks/main.js", reason="next", project="/srv/shop",
    source="/srv/shop/.next/static", target="/srv/shop/.next/standalone/.next/static",
    public="/srv/shop/public", owner="deploy", unit="shop", equivalent="ls -ld /srv/shop",
)  # fmt: skip
DJANGO = UnpublishedFiles(
    url="https://shop.example.com/", reason="manifest", project="/srv/shop",
    source="/srv/shop/config/settings.py", target="/srv/shop/collected", owner="deploy",
    manage="/srv/shop/manage.py", python="/srv/shop/venv/bin/python", equivalent="ls -ld /srv/shop",
)  # fmt: skip


def command_lines(claim: Claim) -> list[str]:
    assert claim.fix is not None
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_for_the_link_of_laravel() -> None:
    (claim,) = judge(CHECK, ANSWER, PICTURE)
    assert claim.confidence is Confidence.LIKELY
    assert command_lines(claim) == [f"ln -s {PICTURE.source} {PICTURE.target}"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_link_that_leads_to_nothing() -> None:
    (claim,) = judge(CHECK, ANSWER, replace(PICTURE, is_broken=True))
    assert command_lines(claim) == [f"ln -sfn {PICTURE.source} {PICTURE.target}"]
    assert "leads to nothing" in texts(CHECK, claim)[1]


def test_fires_for_a_standalone_build() -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=404), NEXT)
    assert command_lines(claim) == [
        "runuser -u deploy -- cp -r /srv/shop/.next/static /srv/shop/.next/standalone/.next/",
        "runuser -u deploy -- cp -r /srv/shop/public /srv/shop/.next/standalone/",
        "systemctl restart shop",
    ]


def test_fires_for_a_storage_without_its_list_and_a_person_starts_the_program() -> None:
    page = replace(ANSWER, status=500)
    (claim,) = judge(CHECK, page, DJANGO)
    assert command_lines(claim) == [
        "runuser -u deploy -- /srv/shop/venv/bin/python /srv/shop/manage.py collectstatic --noinput"
    ]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    loop = Starter("parent", "8000", user="deploy", words=("gunicorn", "config.wsgi"))
    (claim,) = judge(CHECK, page, replace(DJANGO, starter=loop))
    assert len(command_lines(claim)) == 3


def test_silent_without_a_project() -> None:
    assert not judge(CHECK, replace(ANSWER, status=404))
