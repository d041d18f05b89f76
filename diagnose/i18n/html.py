"""The texts of the HTML and Markdown reports that the other writers do not have (see `reports`)."""

_STRINGS = {
    # The run
    "target": ("Target", "目标"),
    "started": ("When", "时间"),
    "took": ("Took", "用时"),
    "again": ("Run again", "再次运行"),
    "looked-from": ("Looked from", "检查来自"),
    "judged": ("Judged", "判断"),
    "looked-inside": ("Looked inside", "内部查看"),
    "outside": ("{hostname} (not the server)", "{hostname}（不是该服务器）"),
    "inside": ("{hostname} (the server)", "{hostname}（即该服务器）"),
    "through": ("{hostname}, {via}", "{hostname}，{via}"),
    "with-root": (", as root", "，以 root 身份"),
    "without-root": (", not as root", "，非 root 身份"),
    "version": ("Version", "版本"),
    "versions": ("diagnose {version}, schema {schema}", "diagnose {version}，schema {schema}"),
    # Layers
    "layers": ("Layers", "各层状态"),
    "layer": ("Layer", "层"),
    "state": ("State", "状态"),
    "reason": ("Reason", "原因"),
    "state.ok": ("ok", "正常"),
    "state.warning": ("warning", "警告"),
    "state.error": ("error", "错误"),
    "state.unknown": ("not known", "未知"),
    "state.skipped": ("not looked at", "未检查"),
    # Findings
    "causes": ("Root causes", "根本原因"),
    "about": ("about", "对象"),
    "confidence": ("confidence", "可信度"),
    "evidence": ("What was seen", "依据"),
    "more": ("{count} more", "另有 {count} 条"),
    "on-server": ("on the server", "服务器上"),
    "here": ("here", "本机"),
    "excluded": ("Ruled out", "已排除"),
    "follows": ("What follows from it", "由此引起"),
    "fix": ("Fix", "修复"),
    "verify": ("Verify", "验证"),
    "meaning": ("What it means", "含义"),
    "notes": ("Notes", "提示"),
    "marked-line": ("the line at fault", "出错的行"),
    # The rest
    "unseen": ("What could not be seen", "未能查看的内容"),
    "timeline": ("Timeline", "时间线"),
    "timeline-caption": (
        "In the order in which it was looked at, from the start of the run. "
        "A hollow bar: the attempt failed.",
        "按查看的先后排列，从运行开始计时。空心条表示该次尝试失败。",
    ),
    "start": ("Start", "开始"),
    "seen": ("Seen", "所见"),
    "observations": ("All observations", "全部观察结果"),
    "observations-caption": (
        "Each with the command that shows the same.",
        "每一条都附有可得到同样结果的命令。",
    ),
    "number": ("No.", "编号"),
    "several": ("{count} targets", "{count} 个目标"),
}


def translate(key: str, lang: str, **facts: object) -> str:
    """Return a text in a language, with its facts filled in."""
    text = _STRINGS[key][lang == "zh"]
    return text.format(**facts) if facts else text
