"""Where configuration files are, and what is wrong with one."""

import contextlib
import json
import os
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cli import config_file
from diagnose.cli.config_file import has_files, read_file, read_files, user_file
from diagnose.cli.settings import line_of, load_settings
from diagnose.parsers.target import UsageError
from tests.support.effort import examples

WHOLE = """\
# ours
lang = "zh"
timeout = 20
resolver = "192.0.2.53"
cafile = "roots.pem"

[targets]
shop = [
  "https://shop.example.com/",
  "wss://shop.example.com/ws",
]
blog = "blog.example.com"

[servers]
"Shop.example.com" = "ssh://root@203.0.113.10"

[[ignore]]
check = "certificate.expired"
until = 2026-12-31
reason = "moves"

[[ignore]]
check = "tcp.refused"
"""


def write_config(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text)
    (folder / "roots.pem").write_text("x")
    return file


@pytest.mark.parametrize("config_home", [None, "/srv/settings", "relative"])
def test_the_user_s_file_is_where_platformdirs_says(
    config_home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if config_home and config_home.startswith("/"):
        monkeypatch.setenv("XDG_CONFIG_HOME", config_home)
    expected = platformdirs.user_config_path("diagnose") / "config.toml"
    if config_home == "relative":
        monkeypatch.setenv("XDG_CONFIG_HOME", config_home)
    assert user_file() == expected


def test_every_value_is_read_with_its_line(tmp_path: Path) -> None:
    settings = load_settings(str(write_config(tmp_path, WHOLE)))
    options = {name: (option.value, option.line) for name, option in settings.options.items()}
    assert options == {
        "lang": ("zh", 2),
        "timeout": (20.0, 3),
        "resolver": ("192.0.2.53", 4),
        "cafile": (str(tmp_path / "roots.pem"), 5),
    }
    shop = settings.targets["shop"]
    assert (shop.value, shop.line) == (
        ("https://shop.example.com/", "wss://shop.example.com/ws"), 8,
    )  # fmt: skip
    assert settings.targets["blog"].value == ("blog.example.com",)
    assert settings.servers["shop.example.com"].value == "ssh://root@203.0.113.10"
    assert [(ignore.value.argument(), ignore.line) for ignore in settings.ignores] == [
        ("certificate.expired@2026-12-31=moves", 17),
        ("tcp.refused", 22),
    ]


def test_the_user_s_file_counts_more_than_the_system_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, home = tmp_path / "system.toml", tmp_path / "home"
    system.write_text('lang = "zh"\ntimeout = 5\n[targets]\na = "a.example"\nb = "b.example"\n')
    user = home / "diagnose" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text('timeout = 7\n[targets]\nb = "c.example"\n')
    monkeypatch.setattr(config_file, "SYSTEM_FILE", system)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    settings = load_settings(None)
    assert {name: each.value for name, each in settings.options.items()} == {
        "lang": "zh", "timeout": 7.0,
    }  # fmt: skip
    assert {name: each.value for name, each in settings.targets.items()} == {
        "a": ("a.example",), "b": ("c.example",),
    }  # fmt: skip
    assert load_settings("none").files == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tmeout = 3\n", ":1: tmeout: there is no such key. Did you mean timeout?"),
        ('\ntimeout = "3"\n', ":2: timeout: it has to be a number, not a string."),
        ("timeout = true\n", "not true or false"),
        ("timeout = 0\n", ":1: timeout: --timeout takes seconds"),
        ("timeout = nan\n", "takes seconds"),
        ('lang = "zz"\n', "lang takes en, zh"),
        ("resolver = 1\n", "it has to be a string, not a number"),
        ('resolver = "name"\n', "is no IP address"),
        ('cafile = "gone.pem"\n', "No such file"),
        ('targets = "x"\n', "it has to be a table, not a string"),
        ("[targets]\nx = [1]\n", ":2: targets.x[1]: it has to be a string"),
        ("[targets]\nx = []\n", "has to name its targets"),
        ('[servers]\n"a.example" = "root@@x"\n', "targets" and ":2: servers.a.example: --server"),
        ('[servers]\n"ftp://x" = "a@b"\n', "servers.ftp://x"),
        ('[[ignore]]\nchek = "x"\n', "ignore[1].chek: there is no such key. Did you mean check?"),
        ('[[ignore]]\nreason = "x"\n', "it has to name a check"),
        ('[[ignore]]\ncheck = "tcp.refusd"\n', "Did you mean tcp.refused?"),
        ('[[ignore]]\ncheck = "tcp.refused"\nuntil = 2026-01-01T00:00:00\n', "without a time"),
        ('[[ignore]]\ncheck = "tcp.refused"\nuntil = "x"\n', "YYYY-MM-DD"),
        ('[ignore]\ncheck = "tcp.refused"\n', ":1: ignore: it has to be an array, not a table"),
        ("a = \n", "it is no TOML: Invalid value (at line 1"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    text: str, expected: str, tmp_path: Path
) -> None:
    file = write_config(tmp_path, text)
    with pytest.raises(UsageError) as error:
        load_settings(str(file))
    assert str(error.value).startswith(str(file))
    assert expected in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        f"timeout = {'9' * 5000}\n",
        f"timeout = 0x{'f' * 5000}\n",
        "timeout = inf\n",
        'cafile = "a\\u0000b"\n',
        f"lang = {'[' * 5000}\n",
        '[servers]\n"" = "a@b"\n',
        '[[ignore]]\ncheck = "tcp.refused"\nreason = "' + "x" * 600 + '"\n',
    ],
)
def test_odd_values_are_mistakes_and_no_faults(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.toml:"):
        load_settings(str(write_config(tmp_path, text)))


KEYS = st.sampled_from(["lang", "timeout", "targets", "servers", "ignore", "cafile", "x", "check"])
VALUES = st.one_of(
    st.text(max_size=10).map(json.dumps),
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["true", "[]", "[1]", "{}", "{a = 1}", "2026-01-01", '["a"]', '{check = "x"}']),
)


@examples(100)
@given(lines=st.lists(st.tuples(KEYS, VALUES), max_size=4), table=st.sampled_from(
    ["", "[targets]", "[servers]", "[[ignore]]"]))  # fmt: skip
def test_every_file_is_settings_or_a_mistake(
    lines: list[tuple[str, str]], table: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "\n".join([table, *(f"{key} = {value}" for key, value in lines)])
    file = write_config(tmp_path_factory.mktemp("config"), text)
    with contextlib.suppress(UsageError):
        assert load_settings(str(file)).files


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    pipe, large, binary, deep = (tmp_path / name for name in ("pipe", "large", "binary", "deep"))
    os.mkfifo(pipe)
    large.write_bytes(b"#" * (config_file.MAX_SIZE + 1))
    binary.write_bytes(b"\xff\xfe")
    deep.write_text("a" + ".a" * 100_000 + " = 1")
    for path, reason in (
        (tmp_path / "gone", "No such file"),
        (tmp_path, "Is a directory"),
        (pipe, "no file"),
        (large, "larger"),
        (binary, "UTF-8"),
        (deep, "more than 64 names"),
    ):
        with pytest.raises(UsageError, match=reason):
            read_files(str(path))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = write_config(tmp_path, '\ufefflang = "zh"\r\n')
    assert load_settings(str(file)).files


@pytest.mark.parametrize(
    "text",
    ["a" * config_file.MAX_SIZE, "a." * 63 + " ", "'\"-" * 80_000, ("a." * 60 + "\n") * 2000],
)
def test_deep_keys_are_sought_in_linear_time(text: str) -> None:
    assert config_file._DEEP_KEY.search(text) is None


def test_a_file_that_is_not_there_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_file, "SYSTEM_FILE", tmp_path / "gone.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert not has_files(None)
    assert not has_files("none")
    assert read_files(None) == ()


def test_a_closed_folder_holds_no_file_for_this_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    assert not has_files(None)


@pytest.mark.parametrize(
    ("mode", "owner", "folder_mode", "reason"),
    [
        (0o664, 0, 0o755, "its group may write it"),
        (0o646, 0, 0o755, "everybody may write it"),
        (0o644, 1000, 0o755, "it belongs to the user 1000"),
        (0o644, 0, 0o777, "everybody may write it"),
    ],
)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_takes_no_file_that_others_may_write(
    mode: int, owner: int, folder_mode: int, reason: str, tmp_path: Path
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    file = write_config(folder, "timeout = 3\n")
    file.chmod(0o644)
    folder.chmod(0o755)
    assert read_file(file).table == {"timeout": 3}
    os.chown(file, owner, 0)
    file.chmod(mode)
    folder.chmod(folder_mode)
    with pytest.raises(UsageError, match=reason) as error:
        read_file(file)
    assert "chmod go-w" in str(error.value)


def test_a_line_is_found_by_what_is_valid_without_it() -> None:
    assert line_of(WHOLE, ("targets", "blog")) == 12
    assert line_of(WHOLE, ("targets", "gone")) is None
    assert line_of(WHOLE, ("ignore", 1, "check")) == 23
    assert line_of("\n" * 2000 + "a = 1", ("a",)) is None


CHOSEN_KEYS = """\
[keys]
again = "F5"
quit = ["x", "Ctrl+X"]
"""


def test_keys_of_the_screen_are_read_and_a_later_file_counts_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, home = tmp_path / "system.toml", tmp_path / "diagnose" / "config.toml"
    home.parent.mkdir()
    system.write_text(CHOSEN_KEYS)
    home.write_text('[keys]\nagain = "F6"\n')
    monkeypatch.setattr(config_file, "SYSTEM_FILE", system)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    keys = load_settings(None).keys
    assert {action: setting.value for action, setting in keys.items()} == {
        "again": "f6",
        "quit": "x,ctrl+x",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('agian = "x"', "keys.agian: there is no such key. Did you mean again?"),
        ('again = "strg+x"', "keys.again: 'strg+x' is no key"),
        ("again = 5", "keys.again: it has to be a string or an array, not a number"),
        ('again = ["x", 5]', "keys.again[2]: it has to be a string"),
        ("again = []", "keys.again: an action needs a key."),
        ('again = "w"', "keys.again: 'w' is a key of watch too."),
        ('quit = "n"', "answer the question"),
    ],
)
def test_a_wrong_key_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    file = write_config(tmp_path, f"[keys]\n{line}\n")
    with pytest.raises(UsageError) as error:
        load_settings(str(file))
    assert f"{file}:2: " in str(error.value)
    assert message in str(error.value)
