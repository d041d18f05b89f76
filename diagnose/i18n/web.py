"""The texts of the web server and its page, in both languages."""

_STRINGS = {
    # In the terminal
    "serving": (
        "The screen is at {url}\n"
        "From another machine, first: ssh -L {port}:127.0.0.1:{port} server\n"
        "Anyone with this address can do what you can do here. Ctrl-C ends it.\n",
        "界面地址：{url}\n"
        "在其他机器上访问，请先执行：ssh -L {port}:127.0.0.1:{port} server\n"
        "持有此地址的人拥有与您相同的操作权限。按 Ctrl-C 结束。\n",
    ),
    # On the page
    "waiting": ("Starting …", "正在启动……"),
    "ended": ("This screen has ended.", "此界面已结束。"),
    "again": ("Start again", "重新开始"),
    "screen": ("The screen of diagnose: a terminal", "diagnose 的终端界面"),
    "script": (
        "The screen needs JavaScript. Without it: diagnose --format html TARGET.",
        "此界面需要 JavaScript。不使用时，可运行：diagnose --format html TARGET。",
    ),
    # Refusals
    "not-loopback": (
        "Only 127.0.0.1 and localhost are answered: ssh -L brings them to another machine.",
        "只响应 127.0.0.1 和 localhost：在其他机器上请使用 ssh -L。",
    ),
    "no-secret": (
        "This is not the whole address: diagnose web has printed it on its terminal.",
        "地址不完整：完整地址已由 diagnose web 输出到终端。",
    ),
    "foreign-page": (
        "Another page asks for the screen, and does not get it.",
        "请求来自其他页面，已拒绝。",
    ),
}


def translate(key: str, lang: str, **facts: object) -> str:
    english, chinese = _STRINGS[key]
    return (chinese if lang == "zh" else english).format(**facts)
