"""Sentences about proofs of a log's misbehaviour."""

MESSAGES: dict[str, tuple[str, str]] = {
    "misbehaviour.broken-block": (
        "已证明：账本 {origin} 的日志签名认可的树中，第 {index} 号叶不合账本的格式或规则：{reason}",
        "Proven: the log of {origin} signed a tree whose leaf {index} breaks the ledger's format or rules: {reason}",
    ),
    "misbehaviour.fact-claimed": (
        "取证方所称的错误（本文件未证明）",
        "error that the witness states (not proven here)",
    ),
    "misbehaviour.fact-count-one": ("其一的条目数", "entries in the one"),
    "misbehaviour.fact-count-other": ("其二的条目数", "entries in the other"),
    "misbehaviour.fact-epoch-one": ("其一的纪元", "epoch of the one"),
    "misbehaviour.fact-epoch-other": ("其二的纪元", "epoch of the other"),
    "misbehaviour.fact-expected": ("应为", "as it had to be"),
    "misbehaviour.fact-first": ("区块首叶序号", "block begins at leaf"),
    "misbehaviour.fact-first-one": ("其一的首叶序号", "first leaf of the one"),
    "misbehaviour.fact-first-other": ("其二的首叶序号", "first leaf of the other"),
    "misbehaviour.fact-found": ("日志签名认可的是", "as the log signed it"),
    "misbehaviour.fact-hash-one": ("其一的区块叶哈希", "block leaf hash of the one"),
    "misbehaviour.fact-hash-other": ("其二的区块叶哈希", "block leaf hash of the other"),
    "misbehaviour.fact-height": ("区块高度", "height"),
    "misbehaviour.fact-large-root": ("较大检查点签名的树根", "root that the larger checkpoint signs"),
    "misbehaviour.fact-large-size": ("较大检查点的树大小", "size of the larger checkpoint"),
    "misbehaviour.fact-leaf": ("有问题的叶序号", "leaf at fault"),
    "misbehaviour.fact-leaf-hash": ("该叶的哈希", "hash of that leaf"),
    "misbehaviour.fact-ledger": ("账本", "ledger"),
    "misbehaviour.fact-log-key": ("签名的日志公钥", "log key that signed"),
    "misbehaviour.fact-log-key-other": ("签名其二的日志公钥", "log key that signed the other"),
    "misbehaviour.fact-prev-one": ("其一所接的区块", "block before the one"),
    "misbehaviour.fact-prev-other": ("其二所接的区块", "block before the other"),
    "misbehaviour.fact-replayed-root": ("所给账本的树根", "root of the ledger given"),
    "misbehaviour.fact-replayed-size": ("所给账本的大小", "size of the ledger given"),
    "misbehaviour.fact-root": ("日志签名的树根", "root that the log signed"),
    "misbehaviour.fact-root-one": ("其一的条目树根", "root of the entries of the one"),
    "misbehaviour.fact-root-other": ("其二的条目树根", "root of the entries of the other"),
    "misbehaviour.fact-root-shown": (
        "由较大检查点的树推得的、同一大小时的树根",
        "root at that size in the larger checkpoint's tree",
    ),
    "misbehaviour.fact-root-signed": ("较小检查点签名的树根", "root that the smaller checkpoint signs"),
    "misbehaviour.fact-rule": ("所违反的规则", "rule broken"),
    "misbehaviour.fact-seen-root": ("先前见过的树根", "root seen before"),
    "misbehaviour.fact-seen-size": ("先前见过的大小", "size seen before"),
    "misbehaviour.fact-shown-root": ("后来出示的树根", "root shown later"),
    "misbehaviour.fact-shown-size": ("后来出示的大小", "size shown later"),
    "misbehaviour.fact-size": ("树的大小", "size of the tree"),
    "misbehaviour.fact-stated-time": (
        "取证方所称的出示时间（未证明）",
        "when it was shown, says the witness (not proven)",
    ),
    "misbehaviour.fact-stated-url": (
        "取证方所称的出示地址（未证明）",
        "where it was shown, says the witness (not proven)",
    ),
    "misbehaviour.fact-time-one": ("其一的出块时间", "time of the one"),
    "misbehaviour.fact-time-other": ("其二的出块时间", "time of the other"),
    "misbehaviour.fact-vouched": ("日志以何认可", "what the log vouched with"),
    "misbehaviour.newer-rules": (
        (
            "无法判断：第 {index} 号叶不合本程序所知的格式或规则（{reason}），但本程序不知道当时施行的是哪一版；"
            "请用最新的程序，并以 --ledger 给出账本的前 {first} 个叶，先行重放。"
        ),
        (
            "Undetermined: leaf {index} does not hold under the rules that this program knows ({reason}), and it does not know "
            "which were in force: use the newest program, and replay the ledger's first {first} leaves with --ledger."
        ),
    ),
    "misbehaviour.no-block": (
        "日志签名的大小必须恰在区块叶处结束：应为 {expected}，实为以 {actual} 开头的叶。",
        "A size that the log signs must end with a block leaf: expected {expected}, found a leaf that begins with {actual}.",
    ),
    "misbehaviour.not-older": (
        "后来出示的检查点并不更旧：先前见过的大小为 {expected}，出示的为 {actual}。",
        "The checkpoint that was shown is not older: the size seen before is {expected}, the one shown {actual}.",
    ),
    "misbehaviour.not-vouched": (
        "没有任何签名认可这些叶：区块头签名的树根为 {expected}，由这些叶算得 {actual}。",
        "Nothing signed covers these leaves: the block header signs the root {expected}, the leaves give {actual}.",
    ),
    "misbehaviour.nothing-wrong": (
        "不成立：在账本 {origin} 的前 {first} 个叶之上重放，该区块符合全部规则。",
        "Refuted: replayed on the first {first} leaves of {origin}, the block keeps every rule.",
    ),
    "misbehaviour.one-block": ("两份区块是同一个：{actual}。", "The two blocks are one: {actual}."),
    "misbehaviour.one-tree": (
        "两个检查点并不矛盾：大小为 {actual} 时树根相同。",
        "The two checkpoints agree: at size {actual} the root is the same.",
    ),
    "misbehaviour.other-height": (
        "两个区块不在同一高度：{expected} 与 {actual}。",
        "The two blocks have different heights: {expected} and {actual}.",
    ),
    "misbehaviour.other-ledger": (
        "两份材料不属于同一账本：{expected} 与 {actual}。",
        "The two documents belong to different ledgers: {expected} and {actual}.",
    ),
    "misbehaviour.other-view": (
        "无法判断：所给的账本不是该区块之前的账本（应为 {origin} 的前 {first} 个叶），请比较两者的大小和树根。",
        (
            "Undetermined: the ledger given is not the one before this block (the first {first} leaves of {origin}): compare "
            "size and root."
        ),
    ),
    "misbehaviour.previous": (
        "缺少或错配了前一个区块：它必须恰在第 {expected} 号叶之前结束。",
        "The block before is missing or another one: it must end just before leaf {expected}.",
    ),
    "misbehaviour.recovered": (
        (
            "无法判断：账本 {origin} 的日志在高度 {height} 签名了两个不同的区块，但分属不同纪元；若账本中有纪元 {epoch} 的 ledger.recover "
            "条目，即由该次恢复说明；若没有，则属双重签名。"
        ),
        (
            "Undetermined: the log of {origin} signed two different blocks at height {height}, but in different epochs: the "
            "ledger.recover entry of epoch {epoch} explains it if it is in the ledger; if it is not, the log signed two histories."
        ),
    ),
    "misbehaviour.refuted": (
        "不成立：本文件不能证明日志有任何不当：{reason}",
        "Refuted: this file proves nothing against the log: {reason}",
    ),
    "misbehaviour.replay": (
        (
            "无法判断：单凭本文件看不出错误。取证方称第 {first} 至 {last} 号叶违反 {claimed}；这须以账本先前的内容判断："
            "请以 --ledger 给出账本，重放其前 {first} 个叶。"
        ),
        (
            "Undetermined: nothing is wrong as far as this file alone can show. The witness states that the leaves {first} to {last} "
            "break {claimed}, which only the ledger before them can show: replay its first {first} leaves with --ledger."
        ),
    ),
    "misbehaviour.replay-profile": (
        (
            "无法判断：本文件未表明账本适用哪种规则。取证方称第 {first} 至 {last} 号叶违反 {claimed}；请以 --ledger 给出账本，"
            "重放其前 {first} 个叶，或以 --profile 说明您所知的规则。"
        ),
        (
            "Undetermined: this file does not show which rules the ledger lives by. The witness states that the leaves {first} to "
            "{last} break {claimed}: replay the ledger's first {first} leaves with --ledger, or say with --profile which rules you "
            "know to apply."
        ),
    ),
    "misbehaviour.rollback": (
        (
            "无法判断：只证明账本 {origin} 的日志签名过大小为 {seen} 和 {shown} 的两个检查点，这本属正常；至于在已有较大者之后又把较小者"
            "当作最新的出示，仅为取证方所言。"
        ),
        (
            "Undetermined: proven is only that the log of {origin} signed checkpoints of the sizes {seen} and {shown}, as any log "
            "does; that the smaller one was shown as the newest after the larger one is the witness's word."
        ),
    ),
    "misbehaviour.several-blocks": (
        "{field} 中间含有区块叶，不是单个区块。",
        "There is a block leaf in the middle of {field}: this is not one block.",
    ),
    "misbehaviour.size": (
        "取证文件应为 {expected}，实为 {actual} 字节。",
        "The file must have {expected}; found {actual} bytes.",
    ),
    "misbehaviour.tag": (
        "取证文件应以 {expected} 开头，实为 {actual}。",
        "A proof of misbehaviour must begin with {expected}; found {actual}.",
    ),
    "misbehaviour.together": (
        "{field} 与 {expected} 必须同时存在或同时缺省。",
        "{field} and {expected} must be present together or not at all.",
    ),
    "misbehaviour.two-blocks": (
        "已证明：账本 {origin} 的日志在同一高度 {height}、同一纪元签名了两个不同的区块，诚实的日志不会如此。",
        (
            "Proven: the log of {origin} signed two different blocks at the same height {height} in the same epoch, which no honest "
            "log does."
        ),
    ),
    "misbehaviour.two-trees": (
        (
            "已证明：账本 {origin} 的日志签名认可了两份不同的历史：其前 {size} 个叶不一致；除非账本自己以 ledger.recover 条目公告过从更小处恢复，"
            "诚实的日志不会如此。"
        ),
        (
            "Proven: the log of {origin} signed two histories whose first {size} leaves differ, which no honest log does unless the "
            "ledger itself declares, by a ledger.recover entry, that it was restored from fewer leaves."
        ),
    ),
    "misbehaviour.unfinished": (
        "{field} 既不以区块叶结束，也不在日志签名的大小处结束：应到 {expected}，实到 {actual}。",
        "{field} end neither with a block leaf nor at the size that the log signed: expected {expected}, found {actual}.",
    ),
    "misbehaviour.unknown-rule": (
        "本程序不知道的规则或种类：{actual}。",
        "A rule or kind that this program does not know: {actual}.",
    ),
}
