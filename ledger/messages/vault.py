"""Sentences about the vault."""

MESSAGES: dict[str, tuple[str, str]] = {
    "vault.ask": ("保险库口令：", "Vault passphrase: "),
    "vault.ask-again": ("再输入一次：", "Once more: "),
    "vault.backed-up": (
        "已备份到 {actual}，用现在的口令打开。请另存抹除清单 {field} 的副本（勿与备份放在一处）：恢复旧备份时须凭它不让已抹除的内容回来。",
        (
            "Backed up to {actual}; it opens with today's passphrase. Keep a copy of the list of erasures {field} elsewhere: "
            "when an older backup is restored, it keeps erased things erased."
        ),
    ),
    "vault.conflict": (
        "条目 {actual} 已保存了另一个「{field}」：已保存的内容绝不覆盖。",
        "Another {field} is kept for entry {actual} already: what is kept is never overwritten.",
    ),
    "vault.created": (
        "保险库已建立于 {actual}。口令只有您知道：忘记口令，内容即无法找回。请尽早备份。",
        "The vault stands in {actual}. Only you know its passphrase: without it nothing can be got back. Back it up soon.",
    ),
    "vault.damaged": (
        "保险库 {field} 已损坏（{actual}）：请勿继续写入，从备份恢复（yuanzheng vault restore）。账本不受影响。",
        "The vault {field} is damaged ({actual}): write nothing more and restore a backup (yuanzheng vault restore). The ledger is not affected.",
    ),
    "vault.erased": (
        "条目 {field} 的「{actual}」此前已抹除：已抹除的内容不会再保存。",
        "Of entry {field}, {actual} was erased before: what was erased is not kept again.",
    ),
    "vault.erased-again": (
        "这份文件中仍有此前已抹除的内容，现已再次抹除：{actual}。",
        "This file still held things that had been erased; they are erased again: {actual}.",
    ),
    "vault.erased-now": (
        "已抹除：{actual}。盐值与明文在此保险库中已销毁；账本上的承诺仍在，但再也打不开。",
        "Erased: {actual}. Salt and plaintext are destroyed in this vault; the commitment stays on the ledger and can no longer be opened.",
    ),
    "vault.erased-copies": (
        "抹除不及于副本：此前的备份、证据包、*.salts.json 以及已交给他人的内容须另行销毁。",
        "Erasing does not reach copies: earlier backups, evidence packages, *.salts.json files and what others were given must be destroyed too.",
    ),
    "vault.erased-escrow": (
        "分中心 {actual} 托管着含有此条目的包（SHA-256 {field}）：请要求其一并销毁。",
        "The office {actual} holds a package with this entry (SHA-256 {field}): ask it to destroy that too.",
    ),
    "vault.escrowed": (
        "已把 {number} 个条目的盐值封给分中心 {field}，写入 {actual}。每次开封都会留下记录。",
        "The salts of {number} entries are sealed to office {field} in {actual}. Every opening is recorded.",
    ),
    "vault.fact-document": ("文件", "document"),
    "vault.fact-entry": ("条目", "entry"),
    "vault.fact-erased": ("已抹除", "erased"),
    "vault.fact-escrow": ("托管于", "in escrow with"),
    "vault.fact-label": ("名称", "label"),
    "vault.fact-salt": ("盐值", "salt"),
    "vault.fact-time": ("保存时间", "kept since"),
    "vault.fact-work": ("作品", "work"),
    "vault.failed": ("保险库 {field} 读写失败：{actual}。", "The vault {field} failed: {actual}."),
    "vault.full": (
        "磁盘已满，{field} 未改动（{actual}）：请腾出空间后重试。",
        "The disk is full; {field} is unchanged ({actual}). Free some space and try again.",
    ),
    "vault.imported": (
        "已存入 {number} 份。请备份保险库，然后删除原来的 *.salts.json：它们未加密。",
        "{number} kept. Back up the vault, then delete the *.salts.json files: they are not encrypted.",
    ),
    "vault.listed": ("共 {number} 个条目。", "{number} entries."),
    "vault.locked": (
        "保险库 {field} 正被另一程序占用（{actual}）：请稍后重试。",
        "The vault {field} is in use by another program ({actual}): try again in a while.",
    ),
    "vault.many-entries": (
        "有 {number} 个条目以 {actual} 开头：请多写几位。",
        "{number} entries begin with {actual}: give more digits.",
    ),
    "vault.no-entry": (
        "保险库 {field} 中没有条目 {actual}。",
        "The vault {field} has no entry {actual}.",
    ),
    "vault.no-field": (
        "条目 {actual} 没有「{field}」：请用 yuanzheng vault show 查看它有什么。",
        "Entry {actual} has no {field}: see what it has with yuanzheng vault show.",
    ),
    "vault.no-passphrase": (
        "此处无法询问口令（{actual}）：请用 --passphrase-file 或 --passphrase-env。",
        "A passphrase cannot be asked for here ({actual}): use --passphrase-file or --passphrase-env.",
    ),
    "vault.no-text": ("{field} 不能为空。", "{field} must say something."),
    "vault.not-a-vault": (
        "{field} 不是保险库，或其开头已损坏：请检查路径。",
        "{field} is not a vault, or its beginning is damaged: check the path.",
    ),
    "vault.open-done": (
        "已开封 {number} 个条目，存入 {actual}；开封已记入 {field}，其摘要为 {digest}（请另行记下）。",
        "{number} entries opened and kept in {actual}; the opening is recorded in {field}, whose digest is now {digest} (note it elsewhere).",
    ),
    "vault.openings": (
        "{field} 完好：{number} 次开封，摘要 {actual}。请与另行记下的摘要比较。",
        "{field} is intact: {number} openings, digest {actual}. Compare it with the digests noted elsewhere.",
    ),
    "vault.other-entry": (
        "{field} 中的盐值打不开它的条目（{actual} 不符）：未保存。",
        "The salts in {field} do not open their entry ({actual} differs): nothing of it was kept.",
    ),
    "vault.other-list": (
        "{field} 不是这个保险库的抹除清单，或已损坏。",
        "{field} is not this vault's list of erasures, or is damaged.",
    ),
    "vault.other-office": (
        "这个包封给了分中心 {expected}，而这把私钥属于 {actual}。",
        "This package is sealed to office {expected}, and this key belongs to {actual}.",
    ),
    "vault.package": (
        "托管包打不开：内容已被改动。",
        "The package does not open: its content was changed.",
    ),
    "vault.passphrase": (
        "{field} 的口令不对。",
        "Wrong passphrase for {field}.",
    ),
    "vault.passphrase-mode": (
        "口令文件 {field} 的权限应为 {expected}，实为 {actual}：请运行 chmod 600。",
        "The passphrase file {field} must have mode {expected}, found {actual}: run chmod 600.",
    ),
    "vault.record": (
        "开封记录 {field} 的第 {actual} 行不成立：有人删改过它。未开封任何内容；请保留该文件并报告。",
        "The record of openings {field} does not hold at line {actual}: somebody changed it. Nothing was opened; keep the file and report it.",
    ),
    "vault.restored": (
        "已恢复到 {actual}：{number} 个条目，备份的内容截至 {time}。",
        "Restored to {actual}: {number} entries, as of {time}.",
    ),
    "vault.restore-list": (
        "此后可能有过抹除：请用 --erased 给出抹除清单（{actual}）；确无清单时用 --no-list，此后的抹除须由您自行重做。",
        (
            "Things may have been erased since: give the list of erasures ({actual}) by --erased; if there is none, --no-list, "
            "and repeat later erasures yourself."
        ),
    ),
    "vault.salts-file": (
        "{field} 不是 yuanzheng register 所写的 *.salts.json（{actual}）。",
        "{field} is not a *.salts.json file as yuanzheng register writes it ({actual}).",
    ),
    "vault.secret": (
        "「{field}」不属于条目 {expected}，或其盐值不是 32 字节。",
        "{field} does not belong to entry {expected}, or its salt is not of 32 bytes.",
    ),
    "vault.short-passphrase": (
        "口令太短：应有 {expected} 个字符，实为 {actual} 个。几个不相干的词比一个怪词好。",
        "The passphrase is too short: {expected} characters, found {actual}. Several unrelated words are better than one odd one.",
    ),
    "vault.two-passphrases": ("两次输入的口令不同。", "The two passphrases differ."),
    "vault.which": ("请用 {expected} 指明抹除什么。", "Say what to erase: {expected}."),
}
