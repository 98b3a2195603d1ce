"""The page on which a creator registers, and what it says of keys, drafts and what became of a registration."""

MESSAGES: dict[str, tuple[str, str]] = {
    "register.add-owner": ("添加共有人", "Add a co-owner"),
    "register.again": ("改回草稿", "Make it a draft again"),
    "register.ask-attested": ("查询核验结果", "Ask whether it is attested"),
    "register.ask-owners": ("请其他人签署", "Ask the others to sign"),
    "register.asked-means": (
        "其他人（共有人、公司的代表人）须先签署：把链接、二维码或待签文件交给每一位，由其在本页或用 yuanzheng consent 签署；交回并收齐后即签名登记。其中写明作品的名称，请只交给他们。",
        (
            "Others (co-owners, a company's representatives) must sign first: hand each the link, the QR code or the "
            "file, to be signed on this page or with yuanzheng consent. Once all of it is back, the work is signed "
            "and registered. It names the work: hand it to them only."
        ),
    ),
    "register.asking-attested": (
        "正在向账本查询这把密钥是否已由分中心核验……",
        "Asking the ledger whether a sub-centre has attested this key…",
    ),
    "register.attach": ("改为附上文件（只取其摘要）", "Attach a document instead (its digest only)"),
    "register.attest-first": (
        "这把密钥还没有经分中心核验，现在不能登记。草稿会保留在这台设备上。",
        (
            "No sub-centre has attested this key yet, so that nothing can be registered now. The draft stays on this "
            "device."
        ),
    ),
    "register.attest-how": (
        "请带身份证件到分中心，出示这里的公钥或二维码。公钥可以公开；私钥从不离开这台设备。核验后本页会自动显示。",
        (
            "Go to a sub-centre with your identity document and show this public key or its QR code. The public key "
            "is no secret; the private key never leaves this device. Once it is attested, this page says so by "
            "itself."
        ),
    ),
    "register.attestation-over": (
        "这把密钥的核验已失效、尚未生效，或密钥已更换：请联系分中心。",
        "This key's attestation is over or not in force yet, or the key was replaced: ask your sub-centre.",
    ),
    "register.attested": ("已由「{office}」核验，有效期至 {until}。", "Attested by “{office}”, valid until {until}."),
    "register.attested-now": ("这把密钥已经核验，可以登记。", "This key is attested: you can register."),
    "register.backup-confirmed": (
        "备份可用。这台设备不再保留备份，请妥善保管您的文件和口令。",
        "The backup opens. No copy of it is kept here: guard your file and its passphrase.",
    ),
    "register.backup-passphrase": ("备份的口令", "The backup's passphrase"),
    "register.backup-why": (
        "首次登记前必须先备份。这把密钥此后无法再从浏览器取出：若清除浏览器数据、设备丢失或损坏，没有备份就再也不能以它签署。口令无人能够找回。",
        (
            "The backup comes before the first registration. From now on this key cannot be read out of the browser: "
            "should its data be cleared, or the device be lost or break, nobody can sign with it again without the "
            "backup. Nobody can recover the passphrase."
        ),
    ),
    "register.bring-key": (
        "使用已有的密钥（备份或私钥文件）",
        "Use a key that you have (a backup, or a private key file)",
    ),
    "register.bring-key-hint": (
        "私钥文件无需口令；备份须输入其口令。文件只在本机读取。",
        "A private key file needs no passphrase, a backup its own. The file is read on this device only.",
    ),
    "register.busy": (
        "节点现在太忙，或暂时不能记录（{actual}）。已签名的内容保存在这台设备上，稍后会再送一次，不会重复登记。",
        (
            "The node is too busy, or cannot record now ({actual}). What you signed is kept on this device and will "
            "be sent again; nothing is registered twice."
        ),
    ),
    "register.category": ("作品类别", "Category"),
    "register.category-help": (
        "是您的声明，不构成授权。条文为其法律依据。",
        "It is your claim and grants nothing. The statute is where it comes from.",
    ),
    "register.changed": (
        "内容在签署前已有改动，没有签署。请重新核对。",
        "It was changed before it was signed, so nothing was signed. Review it again.",
    ),
    "register.choose-backup": ("打开刚才保存的备份文件", "Open the backup file that you saved"),
    "register.choose-backup-again": ("选择备份文件", "Choose the backup file"),
    "register.choose-key": ("选择密钥文件", "Choose the key's file"),
    "register.claims": ("声明", "Declarations"),
    "register.continue": ("继续填写", "Continue"),
    "register.copied": ("公钥已复制。", "The public key is copied."),
    "register.copy-key": ("复制公钥", "Copy the public key"),
    "register.create-key": ("生成密钥", "Make a key"),
    "register.defect": (
        "页面出错：{actual}。草稿和已签名的内容仍保存在这台设备上；请刷新页面，并告知账本运营方。",
        (
            "The page itself failed: {actual}. Drafts and what you signed are still kept on this device: reload it, "
            "and tell the operator."
        ),
    ),
    "register.done": (
        "登记完成，编号 {number}。请立即保存证据包：能证明名称和作者的盐值只有您有。",
        (
            "Registered under number {number}. Save the evidence package now: nobody but you has the salts that prove "
            "its title and author."
        ),
    ),
    "register.drop-hint": (
        "将作品拖到这里，文件夹亦可；一次登记为一件作品。只在本机计算 SHA-256 与 SM3，文件不会离开这台设备。",
        (
            "Drop the work here, a folder too; together they are one work. SHA-256 and SM3 are computed on this "
            "device; no file leaves it."
        ),
    ),
    "register.forget-key": ("放弃这把密钥", "Discard this key"),
    "register.forget-sure": (
        "确定放弃这把密钥？没有备份就无法恢复。",
        "Discard this key? Without a backup it cannot come back.",
    ),
    "register.goes-open": (
        "送往账本的只有：类别、声明、时间、文件大小与摘要、以及其余各项的加盐承诺值。名称、姓名、盐值和文件都留在这台设备上。",
        (
            "Only this goes to the ledger: category, declarations, times, the files' sizes and digests, and salted "
            "commitments to the rest. Titles, names, salts and files stay on this device."
        ),
    ),
    "register.goes-sealed": (
        "送往账本的只有：类别、声明、时间和加盐承诺值，连文件的摘要和大小也不公开。名称、姓名、盐值和文件都留在这台设备上。",
        (
            "Only this goes to the ledger: category, declarations, times, and salted commitments; not even the "
            "files' digests or sizes. Titles, names, salts and files stay on this device."
        ),
    ),
    "register.help-ai": (
        "作品若有人工智能参与生成，请如实勾选。",
        "Tick it truthfully if an AI had a part in making the work.",
    ),
    "register.help-author": (
        "可不填。账本上只有承诺值，姓名不公开。",
        "May be left out. The ledger has a commitment only; the name is not published.",
    ),
    "register.help-completed": ("创作完成的日期。", "The day on which the work was finished."),
    "register.help-corroboration": (
        "能与作品相互印证的其他材料，例如往来邮件、合同、样稿。",
        "Other material that bears the work out: correspondence, contracts, proofs.",
    ),
    "register.help-draft": (
        "若创作过程曾存证，填最近一次存证的条目哈希（64 位十六进制）。",
        "If stages of the making were recorded: the leaf hash of the newest (64 hex digits).",
    ),
    "register.help-generation": (
        "文件是怎样产生的：何种软件、设备、版本，由谁操作。",
        "How the files came about: which software, device and version, and whose hand.",
    ),
    "register.help-notary": (
        "若经公证，写明公证处与公证书编号，或附上公证书。",
        "If it was notarised: office and number of the deed, or the deed itself.",
    ),
    "register.help-original": (
        "声明作品由您独立创作，或您有权登记。",
        "You declare that the work is your own creation, or that you may register it.",
    ),
    "register.help-owner": (
        "账本上只有承诺值，姓名不公开。",
        "The ledger has a commitment only; the name is not published.",
    ),
    "register.help-published": (
        "首次公开发表的日期；未发表则留空。",
        "The day of first publication; leave it empty if there was none.",
    ),
    "register.help-source": (
        "作品从哪里来：谁、何时、何地、依据什么创作，例如「本人手绘，速写本第 4 册」。",
        "Where the work comes from: who made it, when, where and from what, as “drawn by myself, sketchbook 4”.",
    ),
    "register.help-storage": (
        "登记前文件存放在哪里、怎样防止改动，例如「工作室 NAS，只读」。",
        "Where the files were before, and what kept them from being changed, as “studio NAS, read-only”.",
    ),
    "register.help-tags": ("没有法律效力，便于检索。", "They have no legal effect and help to find the work."),
    "register.help-witness": (
        "有无第三方在场见证，例如评审会、交付签收。",
        "Whether a third party was there: a jury, a delivery that was signed for.",
    ),
    "register.import-act": ("打开待签文件（.act.json）", "Open an act's file (.act.json)"),
    "register.import-salts": ("导入盐值文件（.salts.json）", "Import salts files (.salts.json)"),
    "register.imported": ("已导入，并向账本核对。", "Imported, and compared with the ledger."),
    "register.intro": (
        "为您的作品登记存证。文件、名称、姓名和盐值都留在这台设备上，账本只收到摘要和承诺值。",
        (
            "Register your works. Files, titles, names and salts stay on this device; the ledger gets digests and "
            "commitments only."
        ),
    ),
    "register.kept-here": ("这台设备的浏览器（不可导出）", "this device's browser (not readable)"),
    "register.kept-passkey": (
        "由通行密钥保护，每次签署都须确认",
        "wrapped by a passkey, which must be confirmed at each signature",
    ),
    "register.key": ("签名密钥", "Signing key"),
    "register.key-brought": ("密钥已导入这台设备。", "The key is on this device now."),
    "register.key-first": ("请先完成上方签名密钥的备份。", "Finish the backup of your signing key first (above)."),
    "register.key-hint": (
        "登记须用您自己的密钥签名。密钥在这台设备上生成；浏览器只用它签名，任何网页都读不出它。已签署作品的名称和盐值加密保存。但能够读取这台设备磁盘的人仍能取得密钥并解开这些内容。",
        (
            "You sign with a key of your own. It is made on this device; the browser signs with it, and no page can "
            "read it. Titles and salts of what you signed are kept encrypted. Whoever can read this device's disk can "
            "still get at the key and open them."
        ),
    ),
    "register.key-kept": ("密钥保存在", "Kept in"),
    "register.key-made": ("密钥已生成，请接着备份。", "The key is made. Now back it up."),
    "register.key-name": ("密钥名称", "Name of the key"),
    "register.key-name-help": ("只供您自己辨认，不会送出。", "For yourself to tell it by; it is not sent."),
    "register.leaf": ("条目哈希", "Leaf hash"),
    "register.locked": ("（已加密）", "(encrypted)"),
    "register.lost-passkey": ("通行密钥不能用了？", "Lost the passkey?"),
    "register.lost-passkey-hint": (
        "用这把密钥的备份即可继续使用它，并打开已加密的作品。此后不再由通行密钥保护。",
        (
            "By its backup the key is of use again and opens the works that are encrypted. From then on no passkey "
            "guards it."
        ),
    ),
    "register.making-key": ("正在生成密钥并加密备份……", "Making the key and encrypting its backup…"),
    "register.measuring": ("正在计算指纹：", "Computing fingerprints:"),
    "register.mode": ("公开还是密封", "Open or sealed"),
    "register.more": ("日期、标签等（可选）", "Dates, tags and more (optional)"),
    "register.no": ("否", "no"),
    "register.no-files": ("请先选择作品的文件。", "Choose the work's files first."),
    "register.no-fonts": (
        "没有取到生成 PDF 所需的字体：请联网后再试。",
        "The fonts that a PDF takes could not be had: try again once there is a connection.",
    ),
    "register.no-key": ("请先生成或导入签名密钥。", "Make or bring a signing key first."),
    "register.no-script": (
        "登记在浏览器中进行，需要启用 JavaScript；也可以在电脑上使用 yuanzheng register。",
        "Registering happens in the browser and needs JavaScript; on a computer, yuanzheng register does it too.",
    ),
    "register.no-title": ("请填写作品名称。", "Give the work a title."),
    "register.no-works": ("这台设备上还没有作品。", "There are no works on this device yet."),
    "register.not-attested": ("这把密钥还没有经分中心核验。", "No sub-centre has attested this key yet."),
    "register.not-registered": (
        "「{actual}」的内容不是登记的内容，没有生成证据包。",
        "The bytes of “{actual}” are not what was registered; no package was made.",
    ),
    "register.not-yet": ("还没有查到核验记录。", "No attestation is recorded yet."),
    "register.number": ("证书编号", "Certificate number"),
    "register.only-salts": (
        "打开承诺的盐值只有您有，账本和分中心都没有。丢失后，登记依然存在，但再也无法证明它的名称、作者和密封的内容。请保存证据包，并另存一份。",
        (
            "Nobody but you has the salts that open the commitments, neither the ledger nor a sub-centre. Without "
            "them the registration stands, but its title, author and sealed content can never be proven. Save the "
            "package, and a second copy elsewhere."
        ),
    ),
    "register.open": ("公开", "Open"),
    "register.open-help": (
        "账本公布每个文件的大小和摘要，任何持有同一文件的人都能查到这次登记。内容、名称和姓名仍不公开。",
        (
            "The ledger publishes each file's size and digests, so that whoever has the same file finds this "
            "registration. Content, titles and names stay private."
        ),
    ),
    "register.open-table": ("打开这张表", "Open the table"),
    "register.opening-backup": ("正在打开备份……", "Opening the backup…"),
    "register.other-promise": (
        "分中心的收到凭据不是这件作品的（{actual}），未采用。",
        "The sub-centre's promise is for something else ({actual}) and was not kept.",
    ),
    "register.own-share": ("我的份额", "My share"),
    "register.owner-key": ("共有人的公钥", "The co-owner's public key"),
    "register.owners": ("共有人（可选）", "Co-owners (optional)"),
    "register.owners-hint": (
        "没有共有人时，权利人就是您自己。有共有人时，每一位都须用自己的密钥签署同意。",
        "Without co-owners the work is yours alone. With them, each must consent with a key of his own.",
    ),
    "register.package-size": (
        "原件太大或太多，放不进一个压缩包（{actual} 字节）：请另行保存原件。",
        "The originals are too large or too many for one zip ({actual} bytes): keep them beside it.",
    ),
    "register.packed": (
        "证据包已生成；放入的原件与登记时一致。",
        "The package is made; any originals in it are what was registered.",
    ),
    "register.packed-unprinted": (
        "证据包已生成，但没有可打印的证书（PDF）：字体没有取到。证书文件完整有效。",
        "The package is made, without the printable certificate (PDF): the fonts could not be had. The certificate itself is complete.",
    ),
    "register.packing": ("正在生成证据包……", "Making the package…"),
    "register.passkey": ("用通行密钥保护", "Guard it with a passkey"),
    "register.passkey-help": (
        "能够读取这台设备磁盘的人也取不到密钥：每次签署都要用指纹、面容或设备密码确认；没有这台设备就无法使用，备份仍然有效。已签署作品的名称和盐值也由它加密，打开本页后须先确认才能读取；草稿由浏览器自带的密钥加密。",
        (
            "Not even whoever can read this device's disk gets at the key: each signature is confirmed with your "
            "fingerprint, face or device code. Without the device it is useless, and the backup still works. It also "
            "encrypts the titles and salts of what you signed, which you confirm once to read them; drafts are "
            "encrypted under a key of the browser's own."
        ),
    ),
    "register.passphrase": ("备份口令", "Passphrase of the backup"),
    "register.passphrase-again": ("再输入一次", "Once more"),
    "register.passphrase-help": (
        "至少 {count} 个字符。请抄写下来与设备分开存放：没有它就打不开备份，谁也无法找回。",
        (
            "At least {count} characters. Write it down and keep it apart from the device: without it nobody can "
            "open the backup."
        ),
    ),
    "register.passphrases-differ": ("两次输入的口令不同。", "The two passphrases differ."),
    "register.pending-means": (
        "分中心已收到并承诺转送，但账本尚未登记。请保存收到凭据；本页会继续查询。",
        (
            "A sub-centre has it and promised to pass it on, and it is not registered yet. Save its receipt; this "
            "page goes on asking."
        ),
    ),
    "register.printed": (
        "PDF 已在本机生成，作品名称和所列姓名没有离开浏览器。证书文件内嵌其中。",
        "The PDF was made on this device: title and names have not left the browser. The certificate is inside it.",
    ),
    "register.printing": (
        "正在生成 PDF……首次需下载约 10 MB 的字体。",
        "Making the PDF… The first time, a font of some 10 MB is downloaded.",
    ),
    "register.provenance": ("来源说明（六项，可选）", "Provenance (six fields, optional)"),
    "register.provenance-hint": (
        "《人民法院在线诉讼规则》第十八条：上链前的数据是否真实，法院要看这些。文字只以承诺值上链；留空则记为空。",
        (
            "Rules of Online Litigation, article 18: by these a court judges whether what was recorded was true to "
            "begin with. Of the words the ledger has commitments only; what you leave empty is recorded as empty."
        ),
    ),
    "register.public-key": ("公钥", "Public key"),
    "register.qr": ("公钥的二维码，供分中心扫描", "QR code of the public key, for the sub-centre"),
    "register.refused": ("账本没有接受：{actual}", "The ledger did not take it: {actual}"),
    "register.registered-before": (
        "「{name}」的内容已有人登记：编号 {number}，时间 {time}，登记人 {by}。您仍可登记，但在先的登记对您不利。",
        (
            "The bytes of “{name}” are registered already: number {number}, {time}, by {by}. You may go on; the "
            "earlier one stands against you."
        ),
    ),
    "register.remove": ("删除草稿", "Delete the draft"),
    "register.remove-sure": ("确定删除？", "Delete it?"),
    "register.review": ("核对并签署", "Review"),
    "register.review-title": ("请核对将要签署的内容", "Check what you are about to sign"),
    "register.save-act": ("保存待签文件", "Save the act's file"),
    "register.save-backup": ("保存备份文件", "Save the backup file"),
    "register.save-certificate": ("保存证书（.tlog-proof）", "Save the certificate (.tlog-proof)"),
    "register.save-originals": ("连同原件生成证据包", "A package with the originals"),
    "register.save-package": ("保存证据包", "Save the evidence package"),
    "register.save-pdf": ("保存证书 PDF", "Save the certificate as PDF"),
    "register.save-receipt": ("保存收到凭据", "Save the receipt"),
    "register.save-salts": ("保存盐值文件", "Save the salts file"),
    "register.sealed": ("密封", "Sealed"),
    "register.sealed-help": (
        "账本只有一个承诺值，连摘要也不公开，旁人无从得知登记了什么。日后由您决定向谁出示哪一个文件。",
        (
            "The ledger has one commitment and no digest, so that nobody can tell what was registered. Later you "
            "decide which file to show to whom."
        ),
    ),
    "register.sending": ("已签名并保存，正在送往账本……", "Signed and saved; sending it to the ledger…"),
    "register.share": ("份额", "Share"),
    "register.sign": ("签名并登记", "Sign and register"),
    "register.skip": ("跳到登记表", "Skip to the form"),
    "register.state-asked": ("待他人签署", "waits for consent"),
    "register.state-draft": ("草稿", "draft"),
    "register.state-pending": ("已收到，待登记", "received, not registered yet"),
    "register.state-refused": ("未被接受", "refused"),
    "register.state-registered": ("已登记", "registered"),
    "register.state-signed": ("已签名，待送出", "signed, to be sent"),
    "register.stopped": ("已停止，没有加入任何文件。", "Stopped; no file was added."),
    "register.strange-answer": (
        "{actual} 的回答不是节点应有的回答。已签名的内容仍保存在这台设备上。",
        "{actual} did not answer as a node does. What you signed is still kept on this device.",
    ),
    "register.suggest": ("替我想一个", "Suggest one"),
    "register.suggested": ("请抄写：", "Write it down:"),
    "register.table-of": ("一张表：已登记 {done} / {total} 件", "A table of works: {done} of {total} registered"),
    "register.time": ("登记时间", "Time"),
    "register.title": ("登记确权", "Register a work"),
    "register.to-table": ("有许多作品？用表格一次登记", "Many works? Register them by a table"),
    "register.try-now": ("现在重试", "Try now"),
    "register.unable": (
        "这个浏览器不能在此签名：请用最新版浏览器，并通过 https 打开本页；也可以在电脑上使用 yuanzheng register。",
        (
            "This browser cannot sign here: use a current one and open the page by https, or use yuanzheng register "
            "on a computer."
        ),
    ),
    "register.unlock": ("解锁", "Unlock"),
    "register.unreachable": (
        "连不上 {actual}。已签名的内容保存在这台设备上，恢复连接后会继续，不会重复登记。",
        (
            "{actual} cannot be reached. What you signed is kept on this device and goes on once the connection is "
            "back; nothing is registered twice."
        ),
    ),
    "register.unreadable": (
        "无法读取 {actual}：文件可能已移动、被占用或在读取时改变。",
        "{actual} cannot be read: it may have been moved, be in use, or have changed meanwhile.",
    ),
    "register.untitled": ("（未命名）", "(untitled)"),
    "register.work": ("登记作品", "The work"),
    "register.work-title": ("作品名称", "Title"),
    "register.work-title-help": (
        "账本上只有承诺值，名称不公开。",
        "The ledger has a commitment only; the title is not published.",
    ),
    "register.works": ("这台设备上的作品", "Works on this device"),
    "register.yes": ("是", "yes"),
}
