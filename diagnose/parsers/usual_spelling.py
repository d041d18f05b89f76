"""The usual spelling of words that people type in another way: contractions without an apostrophe,
slips of the keys, letters of full width, Traditional Chinese, other languages of systems. So each
pattern of a symptom is written once. No I/O.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.misspelled import mended
from diagnose.parsers.system_words import in_english

#: Letters and digits of full width (U+FF10 to U+FF5A), which Chinese keyboards type; their
#: punctuation stays, which the patterns name. Hyphens that do not break (U+2010, U+2011), and what
#: took an invisible character's place.
_SIGNS: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()},
    ord("\N{FULLWIDTH FULL STOP}"): ".",
    ord("\N{FULLWIDTH SOLIDUS}"): "/",
    0x2010: "-",
    0x2011: "-",
    ord("\N{REPLACEMENT CHARACTER}"): "",
}
#: Words that sound or look alike, and mean the same beside such words.
_ALIKE = (
    (lazy_pattern("(?i)веб[- ]?сокет[а-я]{0,3}|ウェブソケット|웹 ?소켓"), " websocket "),
    (lazy_pattern("登陆"), "登录"),
    (lazy_pattern("转跳|调转(?=到|至|了|http)"), "跳转"),
    (lazy_pattern("[链联]接(?=不上|失败|超时|服务器|断开|中断|不了)"), "连接"),
)
#: "can not", "re-direct", "re-load": a blank or a hyphen that most people leave out.
_CAN_NOT = lazy_pattern(r"(?i)\bcan not\b(?! only)")
_HYPHEN = lazy_pattern(r"(?i)\bre-(?=direct|load|connect|new|start)")
#: Words between a "not" and its verb that say nothing ("is not being loaded"). "Not always" and
#: "not yet" say something.
_FILLER = lazy_pattern(
    r"(?i)(?<=not |n't |n’t )(?:(?:being|even|actually|really|properly|correctly|currently"
    r"|successfully|seem to|appear to) ){1,2}(?=[a-z])"
)

#: "cant", "doesnt", "dont": typed in haste. "wont" and "cant" are words too, of no website.
_CONTRACTION = lazy_pattern(
    r"(?i)\b(ca|do|does|did|is|are|was|were|wo|could|would|should|has|have)nt\b"
)
#: Other keys in the apostrophe's place ("can´t", "doesn`t").
_APOSTROPHE = lazy_pattern(r"(?i)(?<=[a-z])[´`ʼ＇′](?=(?:t|s|re|ve|ll|d|m)\b)")
#: Words that Taiwan and Hong Kong have in place of those of the mainland, each by its characters.
_OTHER_WORDS = (
    ("伺服器", "服务器"), ("瀏覽器", "浏览器"), ("重新整理", "刷新"), ("重新導向", "重定向"),
    ("連線", "连接"), ("登入", "登录"), ("登出", "退出"), ("檔案", "文件"),
    ("憑證", "证书"), ("逾時", "超时"), ("快取", "缓存"), ("網域", "域名"),
    ("連接埠", "端口"), ("埠", "端口"), ("網路", "网络"), ("介面", "界面"),
    ("標頭", "请求头"), ("設定", "设置"), ("串流", "流式"), ("閘道", "网关"),
    ("用戶端", "客户端"), ("使用者", "用户"), ("位址", "地址"), ("影片", "视频"),
    ("預設", "默认"), ("回應", "响应"), ("備案", "备案"),
)  # fmt: skip
_TRADITIONAL = str.maketrans(
    "連斷網頁錯誤無問題顯證書過時後開關請訪轉載傳圖樣緩衝資數據沒動會這個來實還變為從對應續費間鐘點擊內現兩種經啟閉壞試讓給進發說運該當態導視頻戶們嘗復隨機異簽與總識別敗碼權儲裝級號帳單線讀寫終離許絕類約標務長響產環遠狀認驗審圍幾",
    "连断网页错误无问题显证书过时后开关请访转载传图样缓冲资数据没动会这个来实还变为从对应续费间钟点击内现两种经启闭坏试让给进发说运该当态导视频户们尝复随机异签与总识别败码权储装级号账单线读写终离许绝类约标务长响产环远状认验审围几",
)
_IS_TRADITIONAL = lazy_pattern(
    "[連斷網頁錯誤無問題顯證書過時後開關請訪轉載傳圖樣緩資數據沒動會這個來實還變對應間錄]"
)


def usual_spelling(words: str) -> str:
    """Return words as most people spell them, and in Simplified Chinese."""
    if not words.isascii():
        words = words.translate(_SIGNS)
    words = in_english(words)
    words = _CONTRACTION.sub(r"\1n't", _APOSTROPHE.sub("'", words))
    words = _FILLER.sub("", mended(_CAN_NOT.sub("cannot", _HYPHEN.sub("re", words))))
    if words.isascii():
        return words
    if _IS_TRADITIONAL.search(words):
        for traditional, simplified in _OTHER_WORDS:
            words = words.replace(traditional, simplified)
        words = words.translate(_TRADITIONAL)
    for pattern, usual in _ALIKE:
        words = pattern.sub(usual, words)
    return words
