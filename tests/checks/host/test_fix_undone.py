from diagnose.model import Vantage
from diagnose.model.fixes import UndoneFix
from tests.support.check_evidence import judge, texts

CHECK = "host.fix-undone"
FOLDER = "/var/lib/diagnose/20261124T182003Z-firewall.port-closed-undone"


def test_fires_and_names_the_fix_and_its_journal() -> None:
    fix = UndoneFix(
        vantage=Vantage.SERVER,
        check="firewall.port-closed",
        target="https://shop.example.com/",
        begun_at="2026-11-24 18:20:03 UTC",
        folder=FOLDER,
    )
    (claim,) = judge(CHECK, fix)
    pages = texts(CHECK, claim)
    assert any("firewall.port-closed, begun 2026-11-24 18:20:03 UTC" in page for page in pages)
    assert any(f"{FOLDER}/journal" in page for page in pages)


def test_silent_without_one() -> None:
    assert not judge(CHECK)
