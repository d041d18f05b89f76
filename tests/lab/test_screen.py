"""The screen in a real terminal (tmux) on the laboratory's server, in both languages: started
without a target, a broken site picked, its cause read, mended, undone, exported, left."""

from collections.abc import Iterator

import pytest

from tests.support.effort import ALL

from . import site
from .hosts import Host, until
from .lab import Lab

SOCKET, FOLDER = "/run/screen.sock", "/run/screen"
TMUX = ["tmux", "-S", SOCKET, "-f", "/dev/null"]
VARIABLES = ["env", "LANG=C.UTF-8", f"XDG_STATE_HOME={FOLDER}", "TERM=tmux-256color"]


class Terminal:
    """Somebody before a terminal of that size."""

    def __init__(self, lab: Lab, size: tuple[int, int], on: str = "server") -> None:
        self.lab, self.size = lab, size
        self.host: Host = getattr(lab, on)

    def type(self, command: str) -> None:
        columns, rows = (str(one) for one in self.size)
        shell = f"mkdir -p {FOLDER} && cd {FOLDER} && {command}; echo it ended with $?; exec sh"
        argv = [*TMUX, "new-session", "-d", "-x", columns, "-y", rows, "sh", "-c", shell]
        self.host.run([*VARIABLES, *argv], check=True)

    def press(self, *keys: str) -> None:
        self.host.run([*TMUX, "send-keys", *keys], check=True)

    def screen(self) -> str:
        return self.host.run([*TMUX, "capture-pane", "-p"]).stdout

    def sees(self, *words: str) -> str:
        """The screen, once all these words stand on it."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.screen()
            return all(word in shown for word in words)

        try:
            until(there, f"the screen shows {words}")
        except Exception:
            pytest.fail(f"the screen does not show {words}:\n{shown}")
        assert max(map(len, shown.splitlines())) <= self.size[0]
        return shown

    def end(self) -> None:
        """End tmux, and wait until the shell in it has ended, too."""
        listed = self.host.run([*TMUX, "list-panes", "-a", "-F", "#{pane_pid}"]).stdout
        shells = [self.host.path(f"/proc/{pid}") for pid in listed.split()]
        self.host.run([*TMUX, "kill-server"])
        until(
            lambda: not any(shell.exists() for shell in shells), "the shell has ended", timeout=20
        )
        self.host.run(["rm", "-rf", FOLDER])


SIZES = {"80x24": (80, 24), "140x40": (140, 40)}


@pytest.fixture(params=SIZES.values(), ids=list(SIZES))
def terminal(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    made = Terminal(lab, request.param)
    yield made
    made.end()


WORDS = {
    "en": ("Sites that this server's nginx serves", "ROOT CAUSE", "CRITICAL", "OK", "Do this?",
           "It helped", "Everything is as it was", "Export as", "Saved", "Undo it?"),
    "zh": ("本服务器 nginx 提供的站点", "根本原因", "严重", "正常", "执行以上步骤吗",
           "已修复", "一切已恢复原状", "导出为", "已保存", "撤销吗"),
}  # fmt: skip


#: The terminal and the language: each in one of the two, where not all is tried.
SCREENS = [
    pytest.param(size, lang, id=f"{name}-{lang}")
    for name, size in SIZES.items()
    for lang in WORDS
    if ALL or (name == "80x24") is (lang == "zh")
]


@pytest.mark.parametrize(("terminal", "lang"), SCREENS, indirect=["terminal"])
def test_from_the_list_of_sites_to_the_healed_one_and_back(terminal: Terminal, lang: str) -> None:
    lab = terminal.lab
    sites, root, critical, ok, ask, helped, undone, export, saved, take = WORDS[lang]
    lab.server.run(["firewall-cmd", "--permanent", "--remove-service=https"], check=True)
    lab.server.run(["firewall-cmd", "--remove-service=https"], check=True)
    before = lab.snapshot()

    terminal.type(f"diagnose --lang {lang}")
    terminal.sees(sites, "https://shop.example.com/", "✗")
    terminal.press("Enter")
    terminal.sees(
        "firewall.port-closed",
        root,
        critical,
        "firewall-cmd --permanent --zone=public --add-service=https",
    )
    terminal.press("2")
    terminal.sees("firewall-cmd --zone=public --list-all")
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
    terminal.sees(critical)
    terminal.press("1")
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
    assert not before.difference(lab.snapshot())


def test_from_the_desk_a_look_inside_is_added_and_tells_the_cause(lab: Lab) -> None:
    """From outside the port is shut, and no more can be known; over SSH it is firewalld's zone."""
    lab.server.run(["firewall-cmd", "--permanent", "--remove-service=https"], check=True)
    lab.server.run(["firewall-cmd", "--reload"], check=True)
    terminal = Terminal(lab, (80, 24), on="client")
    terminal.type("diagnose --lang en shop.example.com")
    try:
        terminal.sees("tcp.rejected-by-host", "ROOT CAUSE")
        terminal.press("I")
        terminal.sees("Look inside which server?")
        terminal.press("-l", "root@203.0.113.10")
        terminal.press("Enter")
        terminal.sees("in ssh://root@203.0.113.10", "firewall.port-closed", "ROOT CAUSE")
        terminal.press("p")
        shown = terminal.sees("masked", "firewall.port-closed")
        assert "203.0.113.10" not in shown
        assert "shop.example.com" not in shown
        terminal.press("Q")
        terminal.sees("it ended with 0")
    finally:
        terminal.end()


def test_from_the_desk_the_sites_of_a_server_are_listed(lab: Lab) -> None:
    terminal = Terminal(lab, (80, 24), on="client")
    terminal.type("diagnose --lang en --server ssh://root@203.0.113.10")
    try:
        terminal.sees("Sites that this server's nginx serves", "OK", "https://shop.example.com/")
        terminal.press("Q")
        terminal.sees("it ended with 0")
    finally:
        terminal.end()


def test_what_goes_on_is_ended_by_ctrl_c_and_by_a_terminal_that_is_closed(lab: Lab) -> None:
    """Nobody answers on this port of the router: a run takes as long as it may."""
    lab.router.run(["nft", "add", "table", "inet", "silence"], check=True)
    chain = "{ type filter hook forward priority -10; policy accept; }"
    lab.router.run(["nft", "add", "chain", "inet", "silence", "forward", chain], check=True)
    rule = ["tcp", "dport", "4433", "drop"]
    lab.router.run(["nft", "add", "rule", "inet", "silence", "forward", *rule], check=True)
    terminal = Terminal(lab, (80, 24), on="client")
    terminal.type("diagnose --lang en --timeout 600 shop.example.com:4433")
    try:
        terminal.sees("running ...", "DNS ✓")
        terminal.press("C-c")
        terminal.sees("Interrupted: this is what was known by then.")
        terminal.press("r")
        terminal.sees("running ...")
        assert running(lab)
    finally:
        terminal.end()
        lab.router.run(["nft", "delete", "table", "inet", "silence"])
    until(lambda: not running(lab), "nothing is left behind")


@pytest.mark.parametrize("way", ["by its command", "on the screen"])
def test_a_fix_whose_terminal_is_closed_comes_to_its_end(lab: Lab, way: str) -> None:
    """As where the connection is lost over which it is typed."""
    lab.server.run(["firewall-cmd", "--permanent", "--remove-service=https"], check=True)
    lab.server.run(["firewall-cmd", "--remove-service=https"], check=True)
    terminal = Terminal(lab, (80, 24))
    target = f"--lang en https://{site.NAME}/"
    try:
        if way == "on the screen":
            terminal.type(f"diagnose {target}")
            terminal.sees("ROOT CAUSE")
            terminal.press("a")
        else:
            terminal.type(f"diagnose fix {target}")
        terminal.sees("Do this?")
        terminal.press("y", *([] if way == "on the screen" else ["Enter"]))
        terminal.sees("running the checks again")
    finally:
        terminal.end()
    until(lambda: not fixing(lab), "it ends")
    lab.check()
    folder = lab.server.path("/var/lib/diagnose")
    assert [one.name.partition("-")[2] for one in folder.iterdir()] == ["firewall.port-closed"]


def fixing(lab: Lab) -> list[str]:
    ps = lab.server.run(["ps", "-wweo", "args="], check=True).stdout
    return [line for line in ps.splitlines() if " -m diagnose " in line]


def running(lab: Lab) -> list[str]:
    """Processes of the screen, and of those behind it."""
    ps = lab.client.run(["ps", "-wweo", "pid=,args="], check=True).stdout
    return [line for line in ps.splitlines() if "shop.example.com:4433" in line]


def test_a_pipe_and_a_dumb_terminal_get_the_plain_report(lab: Lab) -> None:
    terminal = Terminal(lab, (80, 24))
    terminal.type("TERM=dumb diagnose https://shop.example.com/")
    try:
        shown = terminal.sees("it ended with 0")
    finally:
        terminal.end()
    assert "https://shop.example.com/ is healthy" in " ".join(shown.split())
