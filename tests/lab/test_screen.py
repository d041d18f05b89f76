"""The screen in a real terminal (tmux) on the laboratory's server, in both languages: started
without a target, a broken site picked, its cause read, mended, undone, exported, left."""

from collections.abc import Iterator

import pytest

from .hosts import until
from .lab import Lab

SOCKET, FOLDER = "/run/screen.sock", "/run/screen"
TMUX = ["tmux", "-S", SOCKET, "-f", "/dev/null"]
VARIABLES = ["env", "LANG=C.UTF-8", f"XDG_STATE_HOME={FOLDER}", "TERM=tmux-256color"]


class Terminal:
    """Somebody before a terminal of that size."""

    def __init__(self, lab: Lab, size: tuple[int, int]) -> None:
        self.lab, self.size = lab, size

    def type(self, command: str) -> None:
        columns, rows = (str(one) for one in self.size)
        shell = f"mkdir -p {FOLDER} && cd {FOLDER} && {command}; echo it ended with $?; exec sh"
        argv = [*TMUX, "new-session", "-d", "-x", columns, "-y", rows, "sh", "-c", shell]
        self.lab.server.run([*VARIABLES, *argv], check=True)

    def press(self, *keys: str) -> None:
        self.lab.server.run([*TMUX, "send-keys", *keys], check=True)

    def screen(self) -> str:
        return self.lab.server.run([*TMUX, "capture-pane", "-p"]).stdout

    def sees(self, *words: str) -> str:
        """The screen, once all these words stand on it."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.screen()
            return all(word in shown for word in words)

        try:
            until(there, f"the screen shows {words}", timeout=20)
        except Exception:
            pytest.fail(f"the screen does not show {words}:\n{shown}")
        assert max(map(len, shown.splitlines())) <= self.size[0]
        return shown

    def end(self) -> None:
        self.lab.server.run([*TMUX, "kill-server"])
        self.lab.server.run(["rm", "-rf", FOLDER])


@pytest.fixture(params=[(80, 24), (140, 40)], ids=["80x24", "140x40"])
def terminal(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    made = Terminal(lab, request.param)
    yield made
    made.end()


WORDS = {
    "en": ("Sites that this server's nginx serves", "ROOT CAUSE", "CRITICAL", "OK", "Do this?",
           "It helped", "All is as it was", "Export as", "Saved", "Take it back?"),
    "zh": ("本服务器 nginx 提供的站点", "根因", "严重", "正常", "执行以上步骤吗",
           "已修复", "一切已恢复原状", "导出为", "已保存", "撤销吗"),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_from_the_list_of_sites_to_the_healed_one_and_back(terminal: Terminal, lang: str) -> None:
    lab = terminal.lab
    sites, root, critical, ok, ask, helped, undone, export, saved, take = WORDS[lang]
    lab.server.run(["firewall-cmd", "--permanent", "--remove-service=https"], check=True)
    lab.server.run(["firewall-cmd", "--remove-service=https"], check=True)
    before = lab.snapshot()

    terminal.type(f"diagnose --lang {lang}")
    terminal.sees(sites, "https://shop.example.com/", "✗")
    terminal.press("Enter")
    terminal.sees("firewall.port-closed", root, critical, "firewall-cmd --zone=public --list-all")
    terminal.press("2")
    terminal.sees("firewall-cmd --permanent --zone=public --add-service=https")
    terminal.press("a")
    terminal.sees(ask)
    terminal.press("y")
    terminal.sees(helped)
    terminal.press("Escape")
    terminal.sees(f"✓ {ok}")
    terminal.press("u")
    terminal.sees(take)
    terminal.press("y")
    terminal.sees(undone)
    terminal.press("Escape")
    terminal.sees(critical, root)
    terminal.press("e")
    terminal.sees(export)
    terminal.press("Enter")
    terminal.sees(saved)
    terminal.press("q")
    # The plain report stands in the scrollback.
    terminal.sees("firewall-cmd --reload", "it ended with 2")

    (document,) = lab.server.path(FOLDER).glob("diagnose-*.json")
    assert '"firewall.port-closed"' in document.read_text("utf-8")
    terminal.end()
    changed = [one for one in before.difference(lab.snapshot()) if "/var/lib/diagnose" not in one]
    assert not changed


def test_a_pipe_and_a_dumb_terminal_get_the_plain_report(lab: Lab) -> None:
    terminal = Terminal(lab, (80, 24))
    terminal.type("TERM=dumb diagnose https://shop.example.com/")
    try:
        shown = terminal.sees("it ended with 0")
    finally:
        terminal.end()
    assert "https://shop.example.com/ is healthy" in " ".join(shown.split())
