"""Sentences about proofs of a log's misbehaviour."""

MESSAGES: dict[str, tuple[str, str]] = {
    "misbehaviour.about-broken-block": (
        (
            "日志签名认可了一个不合账本格式或规则的区块。若结论为“已证明”，即证明该账本的日志密钥认可了这样的内容；不证明密钥由谁掌握、"
            "是否出于故意。若结论为“无法判断”，须另备账本，以 --ledger 重放。"
        ),
        (
            "The log signed a block that breaks the ledger's format or rules. The verdict 'proven' says that the log's key vouched for "
            "it; not who held the key, nor whether it was meant. If it is 'undetermined', get the ledger and replay it with --ledger."
        ),
    ),
    "misbehaviour.about-damaged": ("文件已损坏，不能证明任何事。", "The file is damaged, and proves nothing."),
    "misbehaviour.about-rollback": (
        "取证方称：日志在出示过较大的账本之后，又把较小的当作最新的出示。文件只证明两者都由日志签名，本身不能定论，宜与他人的记录对照。",
        (
            "The witness says that the log showed a smaller ledger as its newest after a larger one. The file proves only that the log "
            "signed both; it settles nothing by itself, and should be laid beside the records of others."
        ),
    ),
    "misbehaviour.about-two-blocks": (
        (
            "日志在同一高度签名了两个不同的区块。若结论为“已证明”，即证明该账本的日志密钥签名了两者；不证明哪一个为真、密钥由谁掌握。"
        ),
        (
            "The log signed two different blocks at one height. The verdict 'proven' says that the log's key signed both; not which one "
            "is true, nor who held the key."
        ),
    ),
    "misbehaviour.about-two-trees": (
        (
            "日志签名认可了两份互相矛盾的历史。若结论为“已证明”，即证明该账本的日志密钥签名了两者；不证明哪一份为真、密钥由谁掌握；"
            "也请核对账本中是否有 ledger.recover 条目公告过恢复。"
        ),
        (
            "The log signed two histories that contradict each other. The verdict 'proven' says that the log's key signed both; not which "
            "one is true, nor who held the key. See whether a ledger.recover entry in the ledger declares a recovery."
        ),
    ),
    "misbehaviour.broken-block": (
        "已证明：账本 {origin} 的日志签名认可的树中，第 {index} 号叶不合账本的格式或规则：{reason}",
        "Proven: the log of {origin} signed a tree whose leaf {index} breaks the ledger's format or rules: {reason}",
    ),
    "misbehaviour.dropped": (
        "另有 {number} 份“{actual}”因数量过多未予保留。",
        "{number} more of '{actual}' were not kept, for there were too many.",
    ),
    "misbehaviour.exported": ("已将 {number} 份证据写入 {actual}。", "Wrote {number} proofs to {actual}."),
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
    "misbehaviour.kind-broken-block": ("不合规则的区块", "a block that breaks the rules"),
    "misbehaviour.kind-damaged": ("已损坏的文件", "a damaged file"),
    "misbehaviour.kind-rollback": ("出示了较旧的账本", "an older ledger shown as the newest"),
    "misbehaviour.kind-two-blocks": ("同一高度的两个区块", "two blocks at one height"),
    "misbehaviour.kind-two-trees": ("互相矛盾的两份历史", "two histories that contradict each other"),
    "misbehaviour.listed": ("{field} 中有 {number} 份证据。", "There are {number} proofs in {field}."),
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
    "misbehaviour.no-policy": (
        "核验证据须有您自己信任的策略或日志公钥：请给出 --policy 或 --log-key，绝不要采用随证据而来的公钥。",
        "A proof is verified under a policy or log key that you trust: give --policy or --log-key, never one that came with it.",
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
    "misbehaviour.readme": (
        (
            "原证 日志行为不端的证据\n\n"
            "1. 本包内的文件，以及各自能证明和不能证明的：\n\n{files}\n"
            "2. 核验无需联网，也无需信任交来本包的人。在有 Python 3.11 以上的电脑上运行：\n"
            "     python3 yuanzheng-verify.pyz {name} --policy policy --lang zh\n"
            "   policy 是核验者自己取得的验证策略，其中的账本公钥须与公布的（公报、其他分中心、法院存档）一致；也可用 --log-key 直接给出公钥。\n"
            "   公钥更换过的，策略须并列新旧两把。结论为“已证明”“不成立”或“无法判断”，并列出所比较的两方数值。\n"
            "3. 结论为“无法判断”并要求重放的，请取得账本的副本，用完整的程序运行：\n"
            "     yuanzheng evidence-of-misbehaviour verify {name} --policy policy --ledger 账本目录 --lang zh\n"
            "4. 文件格式公开（docs/FORMAT.md，“Misbehaviour”一章），任何人都可另写程序核验。\n"
        ),
        (
            "Yuanzheng: evidence of a log's misbehaviour\n\n"
            "1. The files in this package, and what each proves and does not:\n\n{files}\n"
            "2. Verifying needs no network, and no trust in whoever handed this over. On any computer with Python 3.11 or later:\n"
            "     python3 yuanzheng-verify.pyz {name} --policy policy --lang en\n"
            "   The policy is the verifier's own; compare the log's key in it with the published one (gazette, another sub-centre, a\n"
            "   court's files), or give that key with --log-key. Of a key that was rotated, list both. The verdict is proven, refuted or\n"
            "   undetermined, with both values that were compared.\n"
            "3. Where it is undetermined and asks for a replay, get a copy of the ledger, and run the whole program:\n"
            "     yuanzheng evidence-of-misbehaviour verify {name} --policy policy --ledger LEDGER --lang en\n"
            "4. The format is public (docs/FORMAT.md, chapter Misbehaviour): anybody may write another verifier.\n"
        ),
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
    "misbehaviour.too-short": (
        "{field} 中的账本不够长：重放须有 {expected} 个叶，实有 {actual} 个。",
        "The ledger in {field} is too short: the replay needs {expected} leaves, and it has {actual}.",
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
