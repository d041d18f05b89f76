"""What the screen says around the outputs' words, in both languages side by side."""

_WORDS = {
    # Tabs
    "why": ("Why", "原因"),
    "fix": ("Fix", "修复"),
    "evidence": ("Evidence", "证据"),
    "timeline": ("Timeline", "时间线"),
    "explain": ("Explain", "说明"),
    # Keys, as the footer names them
    "again": ("Re-run", "重跑"),
    "copy": ("Copy fix", "复制修复"),
    "copy-report": ("Copy report", "复制报告"),
    "apply": ("Apply", "执行修复"),
    "undo": ("Undo", "撤销"),
    "export": ("Export", "导出"),
    "watch": ("Watch", "监视"),
    "help": ("Help", "帮助"),
    "quit": ("Quit", "退出"),
    "move": ("move", "移动"),
    "scroll": ("scroll the text", "滚动文字"),
    "tabs": ("Why, Fix, Evidence, Timeline, Explain", "原因、修复、证据、时间线、说明"),
    "panes": ("next pane", "下一个窗格"),
    "mask": ("privacy mask on or off", "隐私遮盖 开/关"),
    "language": ("中文", "English"),
    "target": ("another target", "换一个目标"),
    "back": ("back", "返回"),
    "filter": ("filter", "过滤"),
    "silently": ("quit without the report", "退出且不打印报告"),
    "svg": ("screenshot (SVG)", "截图（SVG）"),
    "palette": ("command palette", "命令面板"),
    # What it says
    "running": ("looking …", "正在检查……"),
    "nothing-yet": ("Nothing to show yet.", "暂无内容。"),
    "root": ("ROOT CAUSE", "根因"),
    "follows": ("follows", "后果"),
    "note": ("note", "提示"),
    "no-fix": ("There are no steps to copy for this one.", "这一项没有可复制的步骤。"),
    "sheet": (
        "Sent to your terminal's clipboard, which does not say whether it took it. "
        "If not, select it here. Esc goes back.",
        "已发送到终端剪贴板；终端不会确认是否收到。如未成功，请在此处选取。按 Esc 返回。",
    ),
    "sheet-long": (
        "Too long for the terminal's clipboard: select it here. Esc goes back.",
        "内容过长，无法放入终端剪贴板：请在此处选取。按 Esc 返回。",
    ),
    "saved": ("Saved: {path}", "已保存：{path}"),
    "not-saved": ("Not saved: {why}", "未保存：{why}"),
    "still-running": ("The run has not ended yet.", "检查尚未结束。"),
    "watching": (
        "Looked at again every {seconds} s; w ends it.",
        "每 {seconds} 秒重新检查；按 w 停止。",
    ),
    "watch-ends": ("No longer watched.", "已停止监视。"),
    "masked": ("Names and addresses are masked.", "名称和地址已遮盖。"),
    "unmasked": ("Names and addresses are shown.", "名称和地址已显示。"),
    "no-door": (
        "A recording cannot be mended: its server is elsewhere.",
        "录制内容无法执行修复：其服务器不在此处。",
    ),
    "asks": ("y does it, n or Esc leaves it.", "按 y 执行，按 n 或 Esc 放弃。"),
    "fix-over": ("Esc goes back.", "按 Esc 返回。"),
    "asked-target": ("A name, a URL, or host:port", "域名、网址或 主机:端口"),
    "sites": ("Sites that this server's nginx serves", "本服务器 nginx 提供的站点"),
    "earlier": ("not looked at yet", "尚未检查"),
    "no-sites": ("No site of an nginx was found on this machine.", "本机上没有找到 nginx 站点。"),
    "changed": ("Changed since it was last well", "自上次正常以来的变化"),
    "history": ("History", "历史"),
    "export-what": ("Export as", "导出为"),
    "keys": ("Keys", "按键"),
    "filter-what": ("Filter the findings", "过滤检查结果"),
}  # fmt: skip


def say(key: str, lang: str, **facts: object) -> str:
    text = _WORDS[key][lang == "zh"]
    return text.format(**facts) if facts else text
