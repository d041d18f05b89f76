"""The configuration names a file that exists, but the service does not see it: its unit hides the
folder (systemd.exec(5), ProtectHome=, PrivateTmp=, InaccessiblePaths=). `nginx -t` in a shell finds
no error, and the start fails."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps, systemd_unit
from checks.nginx._errors import ConfigFault, config_error_claim, find_startup_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxState, NginxTest
from diagnose.parsers.linux.mounts import hiding_folder
from diagnose.parsers.nginx import config as nginx_parser

_MISSING_FILE = r'[^"]*"(/[^"]+)".*(?:No such file|Permission denied)'


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxTest, NginxStart],
    explains=["nginx.not-running", "listener.missing", "tcp.refused"],
)
def file_hidden(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    startup_error = find_startup_error(nginx, _MISSING_FILE)
    start = nginx.start
    if start is None or startup_error is None or nginx.test is None or not nginx.test.passed:
        return
    message, match, observations = startup_error
    folder = hiding_folder(start.hidden, match[1])
    if not folder:
        return
    main = nginx.config.main if nginx.config else ()
    directive = next(
        (
            directive
            for directive in nginx_parser.walk(main)
            if match[1] in map(nginx.resolve_path, directive.args)
        ),
        None,
    )
    facts = {
        "file": match[1],
        "folder": folder,
        "unit": systemd_unit(nginx) or "nginx",
        "home": folder in {"/home", "/root", "/run/user"},
    }
    fix = Fix((Manual("move", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    yield config_error_claim(
        nginx,
        ConfigFault(message, match[1], facts, directive=directive, observations=observations),
        fix,
    )
