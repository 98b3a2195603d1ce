"""Sentences about the store."""

MESSAGES: dict[str, tuple[str, str]] = {
    "store.outbox-damaged": (
        "发件箱 {field} 已损坏：应为{expected}，实为 {actual}。其中的条目未转交，也未丢弃：请保留该文件，更换磁盘，并请成员重新提交。",
        "The outbox {field} is damaged: expected {expected}, found {actual}. Its entries are neither passed on nor dropped: keep the file, replace the disk, and ask members to submit again.",
    ),
    "store.outbox-unwritten": (
        "发件箱 {field} 未能写入（{actual}），该条目未被收下：请腾出磁盘空间后重新提交；此前收下的不受影响。",
        "The outbox {field} could not be written ({actual}), and the entry was not taken: free some disk space and submit again; what was taken before is safe.",
    ),
    "store.damaged": (
        "存储已损坏：{actual}，应为 {expected}。请勿继续写入；运行 yuanzheng fsck 查明，或从备份、副本恢复。",
        "The store is damaged: {actual}; expected {expected}. Write nothing more; run yuanzheng fsck, or restore a backup.",
    ),
    "store.damaged-record": (
        "存储中的表 {field} 在第 {actual} 号记录处损坏（应为 {expected}）：请运行 yuanzheng fsck。",
        "The store's table {field} is damaged at record {actual} (expected {expected}): run yuanzheng fsck.",
    ),
    "store.exists": (
        "{actual} 已有存储；应为 {expected}。已有的账本绝不覆盖。",
        "{actual} already holds a store; expected {expected}. An existing ledger is never overwritten.",
    ),
    "store.failed": (
        "存储 {field} 读写失败：{actual}。",
        "The store {field} failed: {actual}.",
    ),
    "store.full": (
        "磁盘已满，{field} 未能写入（{actual}）：已确认的内容不受影响；请腾出空间，封块会自动恢复。",
        "The disk is full; {field} was not written ({actual}). Nothing acknowledged is lost; free some space, and sealing resumes.",
    ),
    "store.locked": (
        "{field} 正由另一节点使用（{actual}）：应为 {expected}。请先停止它。",
        "{field} is in use by another node ({actual}); expected {expected}. Stop that one first.",
    ),
    "store.missing": (
        "{actual} 中没有存储：请先运行 yuanzheng init，或检查路径。",
        "There is no store in {actual}: run yuanzheng init first, or check the path.",
    ),
    "store.newer-format": (
        "该存储的格式为 {actual}，本程序只识 {expected}：请使用更新的程序。",
        "This store's format is {actual}, and this program knows {expected}: use a newer program.",
    ),
    "store.no-block": (
        "没有高度为 {actual} 的区块；现有高度 {expected}。",
        "There is no block at height {actual}; there are {expected}.",
    ),
    "store.not-signed-yet": (
        "第 {actual} 号叶尚未列入任何已签名的检查点：请稍后重试。",
        "Leaf {actual} is in no signed checkpoint yet: try again shortly.",
    ),
    "store.no-checkpoint": (
        "该存储尚无检查点（{actual}）：请用 yuanzheng init 重新建立。",
        "The store has no checkpoint yet ({actual}): make it anew with yuanzheng init.",
    ),
    "store.no-leaf": (
        "账本中没有 {actual}；现有范围为 {expected}。",
        "The ledger has no {actual}; it has {expected}.",
    ),
    "store.not-next": (
        "该区块不能接在账本之后：应从第 {expected} 号叶开始，实为 {actual}。",
        "This block does not continue the ledger: expected leaf {expected} first, found {actual}.",
    ),
    "store.read-only": (
        "无权写入 {field}（{actual}）：请检查目录的所有者与权限。",
        "Writing to {field} is not permitted ({actual}): check the directory's owner and mode.",
    ),
}
