"""The command line of diagnose serve."""

from pathlib import Path

import pytest

from diagnose.cli.request_parser import parse_serve
from diagnose.exporter.settings import ListenAddress, Settings
from diagnose.parsers.target import UsageError
from diagnose.processes.installation import extra_command
from tests.support.command_line import diagnose_without
from tests.support.exporter import http_module, write_config


def test_the_defaults_are_blackboxs_on_loopback() -> None:
    request = parse_serve([])
    assert request.settings == Settings("blackbox.yml", (ListenAddress("127.0.0.1", 9115),))
    assert request.settings.is_loopback_only
    assert not request.check_only


def test_every_option_is_taken() -> None:
    words = (
        "--config.file=b.yml --config.check --web.listen-address=:1 --web.listen-address=[::1]:2 "
        "--web.config.file=w.yml --web.external-url=https://Metrics.example.com/x "
        "--timeout-offset=1.5 --history.limit=7 --max-probes=9 --diagnosis-interval=1h "
        "--allow=*.example.com --log.prober=error"
    )
    request = parse_serve(words.split())
    settings = request.settings
    assert request.check_only
    assert settings.listen == (ListenAddress("", 1), ListenAddress("::1", 2))
    assert (settings.config_file, settings.web_config_file) == ("b.yml", "w.yml")
    assert settings.host_names == ("metrics.example.com",)
    assert (settings.timeout_offset, settings.history_limit) == (1.5, 7)
    assert (settings.max_probes, settings.diagnosis_interval) == (9, 3600)
    assert settings.policy.names == ("*.example.com",)
    assert settings.log_prober == "error"
    assert not settings.is_loopback_only


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--allow=a b", "'a b' is neither a name nor a network"),
        ("--allow=10.0.0.0/99", "10.0.0.0/99"),
        ("--web.listen-address=9115", "takes ADDRESS:PORT, not '9115'"),
        ("--timeout-offset=-1", "takes seconds from 0 to 3600"),
        ("--max-probes=many", "takes a number from 1"),
        ("--config.fiel=x", "There is no option --config.fiel"),
    ],
)
def test_a_wrong_option_is_explained(word: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_serve([word])
    assert message in str(raised.value)


@pytest.mark.parametrize("library", ["aiohttp", "yaml", "re2", "bcrypt"])
def test_a_missing_library_is_named_with_the_command(library: str, tmp_path: Path) -> None:
    file = write_config(tmp_path, http_module())
    ended = diagnose_without(library, "serve", f"--config.file={file}", "--config.check")
    assert ended.returncode == 64
    assert f"diagnose serve needs {library}: {extra_command('serve')}" in ended.stderr
