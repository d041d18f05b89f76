"""The folder that Django's STATIC_ROOT names."""

import pytest

from diagnose.parsers.static_roots import static_root

FILE = "/srv/shop/shop/settings.py"
BASE = "BASE_DIR = Path(__file__).resolve().parent.parent"
OLD = "BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))"


@pytest.mark.parametrize(
    ("setting", "base", "folder"),
    [
        ('STATIC_ROOT = BASE_DIR / "staticfiles"', BASE, "/srv/shop/staticfiles"),
        ("STATIC_ROOT = BASE_DIR / 'a' / 'b'", BASE, "/srv/shop/a/b"),
        ("STATIC_ROOT = os.path.join(BASE_DIR, 'static/')", OLD, "/srv/shop/static"),
        ('STATIC_ROOT = str(BASE_DIR / "static")', BASE, "/srv/shop/static"),
        ('STATIC_ROOT = BASE_DIR.joinpath("static")', BASE, "/srv/shop/static"),
        ("STATIC_ROOT = '/var/www/shop/static/'", "", "/var/www/shop/static"),
        ("STATIC_ROOT = 'static'", BASE, ""),
        ("STATIC_ROOT = env('STATIC_ROOT')", BASE, ""),
        ('STATIC_ROOT = BASE_DIR / "static"', "BASE_DIR = environ.Path(__file__) - 2", ""),
        ('STATIC_ROOT = BASE_DIR / name / "static"', BASE, ""),
        ("STATIC_ROOT = os.path.join(BASE_DIR, '/static')", OLD, ""),
        ("STATIC_ROOT = '/'", "", ""),
        ("", "", ""),
    ],
)
def test_the_folder(setting: str, base: str, folder: str) -> None:
    assert static_root(setting, base, FILE) == folder
