import base64

from diagnose.tui.clipboard import MAX_ENCODED, osc52_sequence

OSC = "\x1b]52;c;" + base64.b64encode(b"nginx -s reload").decode() + "\x07"


def test_the_clipboard_is_asked_by_osc_52() -> None:
    assert osc52_sequence("nginx -s reload", {}) == OSC


def test_tmux_is_given_it_twice_once_for_the_terminal_outside() -> None:
    made = osc52_sequence("nginx -s reload", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert made is not None
    assert made.startswith(OSC)
    assert made.removeprefix(OSC) == "\x1bPtmux;" + OSC.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_what_no_terminal_would_take_is_not_sent() -> None:
    assert osc52_sequence("x" * MAX_ENCODED, {}) is None


def test_chinese_is_sent_as_utf_8() -> None:
    made = osc52_sequence("证书", {})
    assert made is not None
    assert base64.b64decode(made[7:-1]).decode() == "证书"


def test_screen_forwards_it_without_doubling() -> None:
    assert osc52_sequence("nginx -s reload", {"TERM": "screen-256color"}) == f"\x1bP{OSC}\x1b\\"
