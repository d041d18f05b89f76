"""What closes a site for maintenance, in folders as their programs lay them out."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from diagnose.parsers.maintenance_marks import parse_marks, working_command
from diagnose.probes.inside.maintenance_marks import SCRIPT


def marked(folder: Path) -> list[tuple[str, str, int]]:
    words = ["sh", "-c", SCRIPT, "sh", str(folder)]
    out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return [(mark.program, mark.path, mark.number) for mark in parse_marks(out)]


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("program", "root", "mark", "own"),
    [
        ("magento", "", "var/.maintenance.flag", "bin/magento"),
        ("magento", "pub", "var/.maintenance.flag", "bin/magento"),
        ("magento", "", "maintenance.flag", "app/Mage.php"),
        ("laravel", "public", "storage/framework/down", "artisan"),
        ("turnout", "public", "tmp/maintenance.yml", "Gemfile"),
        ("wordpress", "", ".maintenance", "wp-load.php"),
    ],
)
def test_a_file_that_is_there(tmp_path: Path, program: str, root: str, mark: str, own: str) -> None:
    write(tmp_path, **{mark: ""})
    (tmp_path / root).mkdir(exist_ok=True)
    assert not marked(tmp_path / root)
    write(tmp_path, **{own: ""})
    assert marked(tmp_path / root) == [(program, str(tmp_path / mark), 0)]


@pytest.mark.parametrize(
    ("program", "file", "own", "closed", "opened"),
    [
        ("nextcloud", "config/config.php", "occ", "  'maintenance' => true,",
         "  'maintenance' => false,"),
        ("joomla", "configuration.php", "administrator", "\tpublic $offline = '1';",
         "\tpublic $offline = false;"),
        ("matomo", "config/config.ini.php", "matomo.php", "maintenance_mode = 1",
         "; maintenance_mode = 1"),
    ],
)  # fmt: skip
def test_a_line_of_the_settings(
    tmp_path: Path, program: str, file: str, own: str, closed: str, opened: str
) -> None:
    write(tmp_path, **{own: "", file: f"<?php\n{opened}\n"})
    assert not marked(tmp_path)
    write(tmp_path, **{file: f"<?php\n{closed}\n"})
    assert marked(tmp_path) == [(program, str(tmp_path / file), 2)]


def test_an_old_time_closes_no_wordpress(tmp_path: Path) -> None:
    write(tmp_path, **{"wp-load.php": "", ".maintenance": f"<?php $upgrading = {time.time():.0f};"})
    assert marked(tmp_path)
    write(tmp_path, **{".maintenance": "<?php $upgrading = 1700000000; ?>"})
    assert not marked(tmp_path)
    write(tmp_path, **{".maintenance": "<?php $upgrading = time(); ?>"})
    assert marked(tmp_path)


def test_the_data_of_moodle(tmp_path: Path) -> None:
    data = tmp_path / "data"
    config = f"<?php\n$CFG->dataroot  = '{data}';\n"
    write(tmp_path, **{"www/lib/moodlelib.php": "", "www/config.php": config, "data/x": ""})
    assert not marked(tmp_path / "www")
    write(data, **{"climaintenance.html": "closed"})
    assert marked(tmp_path / "www") == [("moodle", f"{data}/climaintenance.html", 0)]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("php bin/magento setup:upgrade --keep-generated", "setup:upgrade"),
        ("php /var/www/cloud/occ upgrade", "occ upgrade"),
        ("mysqldump shop", "mysqldump"),
        ("wp --allow-root core update", "wp --allow-root core update"),
        ("php artisan queue:work", ""),
        ("php bin/magento cron:run", ""),
        ("php /var/www/cloud/cron.php", ""),
    ],
)
def test_what_runs_and_needs_the_site_to_be_closed(tmp_path: Path, args: str, words: str) -> None:
    own = "tr '\\0' ' ' </proc/$PPID/cmdline"
    (tmp_path / "ps").write_text(f"#!/bin/sh\necho ARGS; echo '{args}'\n{own}\n")
    (tmp_path / "ps").chmod(0o755)
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = ["sh", "-c", SCRIPT, "sh", str(tmp_path)]
    out = subprocess.run(argv, capture_output=True, text=True, check=True, env=path).stdout
    assert working_command(out) == words
