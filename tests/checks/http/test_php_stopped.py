"""http.php-stopped: when it fires, and when it is silent. The words are those of php-fpm 8.4."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Host, Manual, Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.logs import ErrorLog, ServerRequestError
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import LOADED, config
from tests.support.upstream_evidence import logged, page

CHECK = "http.php-stopped"
LOG = ErrorLog(file="/var/log/nginx/error.log", until=LOADED + 60)
SOCKET = "fastcgi://unix:/run/php/php8.4-fpm.sock:"
ON = " in /srv/blog/index.php on line 1"
END = '" while reading response header from upstream'
HEAD = 'FastCGI sent in stderr: "PHP message: PHP Fatal error:  '
MEMORY = logged(
    f"{HEAD}Allowed memory size of 16777216 bytes exhausted (tried to allocate 4096 bytes)"
    f"{ON}{END}",
    upstream=SOCKET,
)
MYSQLI = logged(
    f"{HEAD}Uncaught Error: Call to undefined function mysqli_connect() in /srv/blog/index.php:1\n"
    f"Stack trace:\n#0 {{main}}\n  thrown{ON}{END}",
    upstream=SOCKET,
)
DEBIAN = Host(
    vantage=Vantage.SERVER, hostname="web", role="server", system="Debian GNU/Linux 13 (trixie)"
)
OTHER = replace(DEBIAN, system="NixOS")


def test_fires_on_the_limit_of_memory_and_edits_its_line() -> None:
    read = ReadSetting(
        application="php", topic="memory", key="memory_limit", values=("16777216",),
        wanted="256M", file="/etc/php/8.4/fpm/php.ini", number=4, line="memory_limit = 16M",
        new="memory_limit = 256M", unit="php8.4-fpm",
    )  # fmt: skip
    (claim,) = judge(CHECK, page(500), MEMORY, LOG, config(), read, OTHER)
    assert (claim.confidence, claim.facts["limit"]) == (Confidence.CERTAIN, "16M")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-memory_limit = 16M\n+memory_limit = 256M" in edit.diff
    (claim,) = judge(CHECK, page(500), MEMORY, LOG, config(), OTHER)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_on_a_missing_extension_and_names_its_package() -> None:
    (claim,) = judge(CHECK, page(500), MYSQLI, LOG, config(), DEBIAN)
    assert (claim.facts["debian"], claim.facts["unit"]) == ("php8.4-mysql", "php8.4-fpm")
    assert claim.facts["on_debian"]
    (claim,) = judge(CHECK, page(500), MYSQLI, LOG, config(), OTHER)
    assert (claim.facts["fedora"], claim.facts["on_debian"]) == ("php-mysqlnd", False)


def test_fires_on_what_apache_logged_and_on_the_page() -> None:
    error = ServerRequestError(
        product="apache", log="/var/log/apache2/error.log", reason="logged", code="AH01071",
        message="AH01071: Got error 'PHP message: PHP Fatal error:  Uncaught Error: Class "
        f"\"ZipArchive\" not found in /srv/blog/index.php:1\\nStack trace:\\n#0 thrown{ON}'",
    )  # fmt: skip
    # A recording keeps no words of an application from Apache's log.
    (claim,) = judge(CHECK, page(500), error, config(), DEBIAN, masked=False)
    assert claim.facts["debian"] == "php-zip"
    said = (
        "<br />\n<b>Fatal error</b>:  Maximum execution time of 30 seconds exceeded in "
        "<b>/srv/blog/index.php</b> on line <b>1</b><br />\n"
    )
    (claim,) = judge(CHECK, page(200, said), masked=False)
    assert (claim.facts["time"], claim.facts["logged"]) == (True, False)


def test_silent_for_other_pages_older_lines_and_unknown_reasons() -> None:
    assert not judge(CHECK, page(200), MEMORY, LOG, config(), OTHER)
    old = replace(LOG, until=LOADED + 600)
    assert not judge(CHECK, page(500), MEMORY, old, config(), OTHER)
    own = logged(f"{HEAD}Uncaught Exception: no stock{ON}{END}", upstream=SOCKET)
    assert not judge(CHECK, page(500), own, LOG, config(), OTHER)
    assert not judge(CHECK, page(500), LOG, config(), OTHER)


def test_the_log_of_the_pool_is_likely_and_names_the_version() -> None:
    line = ProgramLine(
        endpoint="/run/php/php-fpm.sock", process="php-fpm8.3", weight=3,
        message="[30-Nov-2026 06:25:52 UTC] PHP Fatal error:  Uncaught Error: Call to undefined "
        "function mysqli_connect() in /srv/blog/index.php:1",
    )  # fmt: skip
    (claim,) = judge(CHECK, page(500), line, DEBIAN, masked=False)
    assert (claim.confidence, claim.facts["debian"]) == (Confidence.LIKELY, "php8.3-mysql")
