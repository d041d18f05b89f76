from checks.tls._nginx_settings import joined_args, target_settings
from diagnose.model import Edit
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import RUNNING, SITE, config

WITH_LINE = SITE.replace(
    "    ssl_certificate_key", "    ssl_protocols TLSv1;\n    ssl_certificate_key"
)
DEFAULT = SITE.replace("shop.example.com", "other.example.com").replace(
    "443 ssl", "443 ssl default_server"
)


def test_without_nginx_nothing_is_known() -> None:
    assert target_settings(evidence(), "ssl_protocols") is None


def test_the_line_of_the_target_applies() -> None:
    settings = target_settings(evidence(RUNNING, config(WITH_LINE)), "ssl_protocols")
    assert settings is not None
    (setting,) = settings.settings
    assert (setting.args, setting.own) == (("TLSv1",), True)
    assert settings.file_line == "/etc/nginx/nginx.conf:6"
    assert settings.is_confined(settings.settings)


def test_a_default_of_nginx_has_no_line() -> None:
    settings = target_settings(evidence(RUNNING, config()), "ssl_protocols")
    assert settings is not None
    (setting,) = settings.settings
    assert (setting.directive, setting.args, settings.file_line) == (None, (), "")


def test_before_the_name_is_known_the_default_block_counts_too() -> None:
    seen = evidence(RUNNING, config(SITE + DEFAULT))
    early = target_settings(seen, "ssl_protocols", early=True)
    late = target_settings(seen, "ssl_protocols")
    assert early is not None
    assert late is not None
    assert (len(early.settings), early.affects_other_sites) == (2, True)
    assert (len(late.settings), late.affects_other_sites) == (1, False)


def test_a_changed_line_is_one_edit_and_a_reload() -> None:
    settings = target_settings(evidence(RUNNING, config(WITH_LINE)), "ssl_protocols")
    assert settings is not None
    edit, *commands = settings.steps([(settings.settings[0], "ssl_protocols TLSv1.3;")])
    assert isinstance(edit, Edit)
    assert "-    ssl_protocols TLSv1;" in edit.diff
    assert "+    ssl_protocols TLSv1.3;" in edit.diff
    assert commands
    assert settings.steps([]) == ()


def test_arguments_are_kept_and_added_once() -> None:
    kept = joined_args(("TLSv1", "TLSv1.2"), lambda arg: arg != "TLSv1", ("TLSv1.2", "TLSv1.3"))
    assert kept == "TLSv1.2 TLSv1.3"
