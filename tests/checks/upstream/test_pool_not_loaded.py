"""upstream.pool-not-loaded. PHP-FPM does not run in the laboratory: its files and the missing
socket are those of issue 1976 of HestiaCP."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Vantage
from diagnose.model.applications import ReadSetting
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "upstream.pool-not-loaded"
FILE = "/etc/php/7.4/fpm/pool.d/shop.example.com.conf"
POOL = ReadSetting(
    vantage=Vantage.SERVER, application="php", topic="pool", key="listen", file=FILE, number=2,
    values=("/run/php/php7.4-fpm-shop.sock", "/run/php/php7.4-fpm-other.sock"),
    unit="php7.4-fpm", stale=True,
)  # fmt: skip
FAILED = replace(ANSWER, status=503)


def commands_of(pool: ReadSetting) -> list[str]:
    (claim,) = judge(CHECK, pool, FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_and_restarts_the_unit_of_the_pools_folder() -> None:
    assert commands_of(POOL) == ["php-fpm7.4 -t", "systemctl restart php7.4-fpm"]
    fedora = replace(POOL, unit="php-fpm")
    assert commands_of(fedora) == ["php-fpm -t", "systemctl restart php-fpm"]


def test_silent_where_the_page_comes() -> None:
    assert not judge(CHECK, POOL, ANSWER)
    assert not judge(CHECK, replace(POOL, topic="upload"), FAILED)
