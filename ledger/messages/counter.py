"""The page of a sub-centre's counter, and what it says of keys, mandates, clients and the day's entries."""

MESSAGES: dict[str, tuple[str, str]] = {
    "counter.ai": ("有人工智能参与生成", "Made with the help of AI"),
    "counter.all-saved": ("本班的盐值均已保存。", "All salts of this drawer are saved."),
    "counter.appointment-over": (
        "这把密钥的经办人任命已于 {actual} 到期：请由分中心重新任命。",
        "The appointment of this key ended at {actual}: ask your sub-centre to appoint you anew.",
    ),
    "counter.as-clerk": ("经办人", "clerk"),
    "counter.as-office": ("分中心本机构密钥", "the office's own key"),
    "counter.ask-again": ("刷新", "Ask again"),
    "counter.asking": ("正在读取账本……", "Reading the ledger…"),
    "counter.at": ("时间", "Time"),
    "counter.attest-again": ("重新核验", "Attest again"),
    "counter.author": ("作者", "Author"),
    "counter.auto": (
        "登记后自动打印证书并保存证据包",
        "Print the certificate and save the package once registered",
    ),
    "counter.bad-days": ("有效天数应为 1 至 3650 的整数。", "The days must be a whole number from 1 to 3650."),
    "counter.by": ("签署人", "Signed by"),
    "counter.by-me": ("本人", "you"),
    "counter.by-office": ("分中心", "the office"),
    "counter.by-other": ("他人", "others"),
    "counter.cancel": ("取消", "Cancel"),
    "counter.category": ("作品类别（声明）", "Category (a claim)"),
    "counter.certificate-checked": (
        "✓ 浏览器已核对 {number} 的证书",
        "✓ Your browser checked the certificate of {number}",
    ),
    "counter.changed": (
        "表单刚刚有改动，尚未签署：请核对后再确认。",
        "Something in the form changed just now, and nothing was signed: look again, then confirm.",
    ),
    "counter.choose-backup": ("选择密钥备份", "Choose the key's backup"),
    "counter.completed": ("创作完成日期（声明）", "Date of completion (a claim)"),
    "counter.correct": ("更正", "Correct"),
    "counter.correct-hint": (
        "账本不删改：原记录保留，另记一条更正。",
        "Nothing is deleted or altered: the record stays, and a correction is added.",
    ),
    "counter.correct-title": ("更正登记", "Correct a registration"),
    "counter.day": ("日期", "Day"),
    "counter.days": ("有效天数", "Valid for how many days"),
    "counter.done": ("已记入账本，编号 {number}。", "Recorded under number {number}."),
    "counter.drawer": ("本人在这台设备上的办件", "Your cases on this device"),
    "counter.drop-hint": (
        "将客户的文件拖到这里；多个文件合为一件作品。只在本机计算摘要，文件不会离开这台设备。",
        "Drop the client's file here; several are one work. Digests are computed here; no file leaves this device.",
    ),
    "counter.elsewhere": (
        "窗口已在另一个标签页打开，这里已锁定。",
        "The counter was opened in another tab; this one is locked.",
    ),
    "counter.figures": ("当日 {count} 条", "{count} entries that day"),
    "counter.files-more": ("另有 {count} 个文件", "and {count} more files"),
    "counter.ground-authorship": ("作者身份", "authorship"),
    "counter.ground-copying": ("抄袭", "copying"),
    "counter.ground-identity": ("身份", "identity"),
    "counter.ground-other": ("其他", "other"),
    "counter.ground-ownership": ("权属", "ownership"),
    "counter.ground-prior-work": ("在先作品", "an earlier work"),
    "counter.idle": (
        "十分钟无人操作，窗口已锁定。",
        "Nobody touched the counter for ten minutes; it is locked.",
    ),
    "counter.is-author": ("委托人就是作者", "The client is the author"),
    "counter.key": ("密钥与任命", "Key and appointment"),
    "counter.kind": ("业务", "Kind"),
    "counter.level": ("核验级别", "Level"),
    "counter.level-1": ("1 级：本人自述", "1: as he says himself"),
    "counter.level-2": ("2 级：核对证件", "2: documents seen"),
    "counter.level-3": ("3 级：当面核对本人与证件", "3: in person, with documents"),
    "counter.level-4": ("4 级：当面并经公证", "4: in person, notarised"),
    "counter.list": ("当日记录", "That day's entries"),
    "counter.list-checked": (
        "✓ 浏览器已核对：以下每一条都在账本中。",
        "✓ Checked by your browser: each of these is in the ledger.",
    ),
    "counter.list-complete": (
        "时间以节点所答为准。是否有遗漏：无法判断，须重放账本（yuanzheng audit）。",
        "Times are the node's word. That none is missing is undetermined; replaying the ledger shows it (yuanzheng audit).",
    ),
    "counter.list-more": ("只列出最近 {count} 条。", "The newest {count} are listed."),
    "counter.list-wrong": (
        "节点给出的记录与账本不符（{actual}），未予显示：请告知账本运营方。",
        "What the node lists is not in the ledger as it should be ({actual}), and is not shown: tell the operator.",
    ),
    "counter.lock": ("锁定（F9）", "Lock (F9)"),
    "counter.locked": (
        "窗口已锁定。请下一位经办人用自己的密钥打开。",
        "The counter is locked. Whoever comes next opens it with his own key.",
    ),
    "counter.mandate": ("委托书编号", "Number of the mandate"),
    "counter.mandate-checked": (
        "浏览器已核对：授权在账本上，记录编号 {number}，至 {until}",
        "Checked by your browser: the mandate is in the ledger, number {number}, until {until}",
    ),
    "counter.mandate-since": (
        "此后是否中止或免职，以节点所答为准；签署时由账本再次审查。",
        "That it has not ended since is what the node says; the ledger judges it again with each signature.",
    ),
    "counter.mandate-unchecked": (
        "授权尚无法核对：记录编号 {number}，至 {until}",
        "The mandate could not be checked yet: number {number}, until {until}",
    ),
    "counter.member-code": ("成员的公钥", "The member's public key"),
    "counter.member-elsewhere": (
        "该成员由「{office}」核验，至 {until}。转来本中心须由其本人同意签署：请用 yuanzheng act member.attest，并由其 yuanzheng consent。",
        (
            "“{office}” attested this member, until {until}. To come to this office he must sign too: use yuanzheng "
            "act member.attest, and have him use yuanzheng consent."
        ),
    ),
    "counter.member-help": (
        "扫描成员「登记确权」页上的二维码，或粘贴公钥。",
        "Scan the QR code on the member's Register page, or paste the key.",
    ),
    "counter.member-known": (
        "本中心已核验，至 {until}；再次核验即更新。",
        "This office attested it already, until {until}; attesting again renews that.",
    ),
    "counter.member-new": ("尚无分中心核验过这把密钥。", "No sub-centre has attested this key yet."),
    "counter.member-over": (
        "本中心曾核验（至 {until}），现已失效或尚未生效。",
        "This office attested it (until {until}), and that is over or not in force yet.",
    ),
    "counter.method": ("核验方式", "Method"),
    "counter.more": ("更多", "More"),
    "counter.no-appointment": (
        "这把密钥（{actual}）没有任何分中心的任命，或已被免职，不能在窗口使用：请由分中心先任命（yuanzheng act clerk.appoint）。",
        (
            "No sub-centre has appointed this key ({actual}), or it was dismissed, so that it cannot act at a counter: "
            "ask your sub-centre to appoint it first (yuanzheng act clerk.appoint)."
        ),
    ),
    "counter.no-file": ("请先选择密钥备份文件。", "Choose the key's backup first."),
    "counter.no-mandate": ("请填写委托书编号。", "Give the mandate a number."),
    "counter.no-member": (
        "这不是公钥：应为 64 位十六进制，请重新扫描成员页面上的二维码。",
        "That is no public key: 64 hex digits were expected. Scan the code on the member's page again.",
    ),
    "counter.no-objections": ("没有异议。", "No objections."),
    "counter.no-owner": ("请填写权利人（委托人）的姓名或名称。", "Say whose work it is (the client's name)."),
    "counter.no-replaced": (
        "所接替的密钥应为 64 位十六进制的公钥。",
        "The key replaced must be a public key of 64 hex digits.",
    ),
    "counter.no-subject": ("请填写成员的姓名或名称。", "Say who the member is."),
    "counter.not-asked": ("未能读取当日记录。", "That day's entries could not be read."),
    "counter.not-proven": (
        "节点所说的「{actual}」的授权未通过核验，没有打开：请告知账本运营方。",
        "The mandate of “{actual}” that the node shows does not verify, and was not opened: tell the operator.",
    ),
    "counter.not-this-kind": (
        "您的任命或本中心的授权不包括这项业务（{actual}）。",
        "Your appointment, or this office's accreditation, does not cover this ({actual}).",
    ),
    "counter.nothing-changed": ("没有改动：请先改正上面的内容。", "Nothing differs: change something above first."),
    "counter.nothing-yet": ("当日还没有记录。", "No entries that day yet."),
    "counter.number": ("编号", "Number"),
    "counter.objection-closed": ("已了结", "closed"),
    "counter.objection-open": ("未了结", "open"),
    "counter.objection-to": ("所涉作品", "Work"),
    "counter.objections": ("对本中心作品的异议（近 {count} 天）", "Objections to the office's works ({count} days)"),
    "counter.office-key-replaced": (
        "「{actual}」已更换密钥，这一把不再有效。",
        "“{actual}” has another key now; this one counts no longer.",
    ),
    "counter.office-not-in-force": (
        "「{actual}」的授权不在有效期内，窗口不能办理业务。",
        "The accreditation of “{actual}” is not in force, so that its counter cannot act.",
    ),
    "counter.office-suspended": (
        "「{actual}」的授权已被中止（至 {expected}），窗口不能办理业务：请联系授权机构。",
        "The accreditation of “{actual}” is suspended (until {expected}), so that its counter cannot act: ask the authority.",
    ),
    "counter.open": ("打开", "Open"),
    "counter.open-hint": (
        "每位经办人用自己的密钥。密钥只在打开期间留在内存里，锁定后不留痕迹。",
        "Each clerk uses his own key. It is in memory only while it is open, and nothing of it stays once it is locked.",
    ),
    "counter.open-key": ("打开您的密钥", "Open your key"),
    "counter.opened": ("已打开：{actual}", "Open: {actual}"),
    "counter.opening": ("正在打开并核对任命……", "Opening it and checking the appointment…"),
    "counter.original": ("委托人声明独立创作或有权登记", "The client declares it his own, or that he may register it"),
    "counter.own-key": ("不能核验自己的密钥。", "Nobody attests his own key."),
    "counter.owner": ("权利人（委托人）", "Owner (the client)"),
    "counter.package": ("证据包", "Package"),
    "counter.paper-author": ("作者（声明）", "Author (a claim)"),
    "counter.paper-category": ("类别（声明）", "Category (a claim)"),
    "counter.paper-checked": (
        "本页由分中心窗口的浏览器核验证书后打印。随附的证据包含证书、盐值与离线核验页，任何人可据以独立核验。",
        (
            "Printed at the counter after the browser had verified the certificate. The package handed over with it "
            "has the certificate, the salts and an offline verifier: with it anybody can verify this by himself."
        ),
    ),
    "counter.paper-code": ("回执二维码，可在「核验」页查验", "Receipt: to be read at the Verify page"),
    "counter.paper-files": ("文件（字节、摘要）", "Files (bytes, digests)"),
    "counter.paper-heading": ("登记证明", "Certificate of registration"),
    "counter.paper-later": ("后续记录", "Later entries"),
    "counter.paper-leaf": ("条目哈希", "Leaf hash"),
    "counter.paper-mandate": ("委托书编号", "Mandate"),
    "counter.paper-means": (
        "证明所载数据在该时间之前已经存在、此后没有改变；不证明独创性、作者身份或权利效力。请保留原件。",
        (
            "It proves that this data existed by that time and has not changed since; not originality, authorship or "
            "validity. Keep the originals."
        ),
    ),
    "counter.paper-none-later": ("截至第 {number} 条，节点未列出", "none that the node lists, up to entry {number}"),
    "counter.paper-number": ("证书编号", "Number"),
    "counter.paper-office": ("分中心", "Sub-centre"),
    "counter.paper-owner": ("权利人", "Owner"),
    "counter.paper-place": ("账本 · 区块 / 条目", "Ledger · block / entry"),
    "counter.paper-seal": (
        "经办人：              分中心（盖章）：              ",
        "Clerk:               Sub-centre (seal):               ",
    ),
    "counter.paper-some-later": ("{actual}（截至第 {number} 条）", "{actual} (up to entry {number})"),
    "counter.paper-time": ("登记时间", "Registered"),
    "counter.paper-title": ("作品名称", "Title"),
    "counter.pending": ("中心暂时联系不上：已收件，尚未登记。", "The centre is away: taken in, not registered yet."),
    "counter.pending-means": (
        "请把收件单交给客户。联系上中心后自动登记，并出现在「今日」里。",
        "Give the slip to the client. It is registered by itself once the centre is back, and then shows under Today.",
    ),
    "counter.pkcs12": (
        "「{field}」是 PKCS#12 文件，本页不打开。请先转换：yuanzheng key restore clerk.key --backup {field}，再用 yuanzheng key backup clerk.key --backup clerk.key-backup。",
        (
            "{field} is a PKCS#12 file, which this page does not open. Convert it first: yuanzheng key restore "
            "clerk.key --backup {field}, then yuanzheng key backup clerk.key --backup clerk.key-backup."
        ),
    ),
    "counter.plain-key": (
        "「{field}」是未加密的私钥，窗口不使用。请先加密：yuanzheng key backup {field} --backup clerk.key-backup。",
        (
            "{field} is a private key without a passphrase, which a counter does not use. Encrypt it first: yuanzheng "
            "key backup {field} --backup clerk.key-backup."
        ),
    ),
    "counter.print": ("打印证书", "Print the certificate"),
    "counter.print-slip": ("打印收件单", "Print the slip"),
    "counter.reason": ("原因", "Reason"),
    "counter.reason-misspelling": ("笔误", "misspelling"),
    "counter.reason-omission": ("遗漏", "omission"),
    "counter.reason-other": ("其他", "other"),
    "counter.reason-wrong-date": ("日期有误", "wrong date"),
    "counter.reason-wrong-person": ("人员有误", "wrong person"),
    "counter.replaces": ("接替遗失的密钥", "Replaces a lost key"),
    "counter.replaces-help": (
        "成员遗失密钥时填旧公钥；十五天内旧密钥的持有人可以提出异议。",
        "The old public key, where a member lost it; its holder may object for fifteen days.",
    ),
    "counter.replaces-waits": (
        "新密钥十五天后生效，期间旧密钥的持有人可以提出异议。",
        "The new key waits for fifteen days, in which the old one's holder may object.",
    ),
    "counter.review": ("核对", "Review"),
    "counter.review-title": ("请核对", "Look it over"),
    "counter.salts-saved": (
        "盐值已保存：请放入分中心的保管库（yuanzheng vault import），并删除这份文件。",
        "The salts are saved: put them into the office's vault (yuanzheng vault import), and delete the file.",
    ),
    "counter.save-proof": ("保存证书（.tlog-proof）", "Save the certificate (.tlog-proof)"),
    "counter.save-salts": ("保存盐值（zip）", "Save the salts (zip)"),
    "counter.sealed": ("密封：不公开摘要（商业秘密默认）", "Sealed: publish no digest (usual for trade secrets)"),
    "counter.to-sign": ("将要签署", "About to be signed"),
    "counter.sign-attest": ("签名并送出", "Sign and send"),
    "counter.sign-correct": ("签署更正", "Sign the correction"),
    "counter.sign-register": ("签名并登记", "Sign and register"),
    "counter.skip": ("跳到办理", "Skip to the counter"),
    "counter.subject": ("姓名或名称", "Who it is"),
    "counter.subject-help": (
        "账本上只有承诺值，姓名不公开。",
        "The ledger has a commitment only; the name is not published.",
    ),
    "counter.title": ("分中心窗口", "Counter"),
    "counter.unsaved": (
        "{count} 件的盐值尚未保存：交班前请保存。",
        "The salts of {count} cases are not saved yet: save them before you leave.",
    ),
    "counter.until": ("有效期至", "Valid until"),
    "counter.use-passkey": ("用通行密钥打开", "Open with a passkey"),
    "counter.view-attest": ("成员核验", "Attest a member"),
    "counter.view-register": ("代办登记", "Walk-in registration"),
    "counter.view-today": ("今日", "Today"),
    "counter.views": ("业务", "What to do"),
    "counter.work-title": ("作品名称", "Title"),
    "counter.wrap": ("下次用通行密钥在这台设备上打开", "Open it with a passkey on this device from now on"),
    "counter.wrap-help": (
        "密钥由您的指纹、面容或安全钥匙锁住；别人在这台设备上无法使用。",
        "Your fingerprint, face or security key locks it; nobody else can use it on this device.",
    ),
}
