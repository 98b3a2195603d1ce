"""The page on which a work's life goes on: acts and their other parties, disclosures, notices, and what was checked."""

MESSAGES: dict[str, tuple[str, str]] = {
    "mine.about-capture": (
        "记下一次取证：何时、用什么工具、得到哪些文件。网址和操作人只以承诺值上账。",
        "Records a capture: when, with which tool, and which files. Address and operator go on the ledger as commitments.",
    ),
    "mine.about-complain": (
        "为写好的投诉书存证：只取摘要，被投诉人只以承诺值上账。投诉书由您自己送交，这里不代为送出。",
        "Records a written complaint: its digest alone, and the respondent as a commitment. You send it yourself.",
    ),
    "mine.about-erase": (
        "在账本上告知：某些内容的明文和盐值已经删除。账本只记下字段名，不记内容。",
        (
            "Tells the ledger that the plaintexts and salts of some fields are no more. It records the fields' "
            "names and nothing of them."
        ),
    ),
    "mine.about-handover": (
        "把材料包移交给机关，由其签收。先制作材料包。",
        "Hands a package to an authority, which signs for it. Make the package first.",
    ),
    "mine.about-licence": (
        "许可他人使用这件作品。对方须签署同意；合同只取摘要。",
        "Lets somebody use this work. The other party must consent; of the contract only the digest is taken.",
    ),
    "mine.about-outcome": ("记下投诉或移交的处理结果。", "Records what became of a complaint or a hand-over."),
    "mine.about-package": (
        "把全部经历、原件和披露的内容放进一个文件，交给平台、机关或法院。",
        "Puts the whole history, originals and what you disclose into one file, for a platform, an authority or a court.",
    ),
    "mine.about-pledge": (
        "以这件作品设定质押。质权人须签署同意；解除前不能撤回登记，此后的许可和转让都须经其同意。",
        (
            "Pledges this work. The pledgee must consent; until it is released the registration cannot be "
            "withdrawn, and licences and transfers take his consent."
        ),
    ),
    "mine.about-release": (
        "解除这项质押。质权人和一位权利人都须签署。",
        "Releases this pledge. The pledgee and an owner must both sign.",
    ),
    "mine.about-transfer": (
        "将份额转给他人。全体权利人和受让人都须签署；作出后不能收回。",
        "Moves shares to somebody else. All owners and whoever takes them must sign; it cannot be taken back.",
    ),
    "mine.about-withdraw": (
        "撤回这件作品的登记。此前的记录仍然可查，不会消失；撤回后不能恢复。",
        "Withdraws this registration. What was recorded stays to be read; it cannot be restored.",
    ),
    "mine.add": ("加入列表", "Add"),
    "mine.add-move": ("再加一项", "Add another"),
    "mine.add-number": ("证书编号", "Certificate number"),
    "mine.add-number-help": (
        "关注任何一件已登记的作品，例如您将取得许可的作品。",
        "Follow any registered work, such as one that you are to have a licence for.",
    ),
    "mine.adding": ("加入在别处登记的作品", "Add a work registered elsewhere"),
    "mine.adopt": ("收下，查看后再签", "Keep it, to be read and signed"),
    "mine.all-checked": (
        "{total} 条记录全部由您的浏览器核验相符。",
        "Your browser has checked all {total} entries: they hold.",
    ),
    "mine.all-consented": (
        "各方都已同意。现在由您签名，并送往账本。",
        "All have consented. Now you sign, and it goes to the ledger.",
    ),
    "mine.all-works": ("← 全部作品", "← All works"),
    "mine.alone": ("这件事只需您签名。", "This takes your signature alone."),
    "mine.annex-expert": ("核验说明（供鉴定人逐步复核）", "Verification notes, for an expert"),
    "mine.annex-fre902": ("美国联邦证据规则 902 声明", "Certification under Federal Rules of Evidence 902"),
    "mine.annexes": ("PDF 附页", "Annexes of the PDF"),
    "mine.annulled": ("已撤销", "annulled"),
    "mine.ask": ("生成请求，交对方签署", "Make the request for the other party"),
    "mine.asked-means": (
        "还没有生效：对方同意并交回后，再由您签名送往账本。请通过您信任的途径发给对方。",
        (
            "Nothing has happened yet: once the other party has consented and it is back here, you sign it and "
            "send it. Hand it over in a way that you trust."
        ),
    ),
    "mine.cannot-load": ("现在取不到这件作品的记录。", "This work's records cannot be had now."),
    "mine.category": ("类别", "Category"),
    "mine.checked-consistent": ("已核验", "checked"),
    "mine.checked-inconsistent": ("不相符", "does not hold"),
    "mine.checked-undetermined": ("无法判断", "undetermined"),
    "mine.checked-waiting": ("尚未核验", "not checked yet"),
    "mine.checking": ("您的浏览器正在逐条核验……", "Your browser is checking every entry…"),
    "mine.choose-document": ("选择文件", "Choose the file"),
    "mine.close": ("返回这件作品", "Back to the work"),
    "mine.code-accepted": ("已受理", "accepted"),
    "mine.code-appraisal": ("评估鉴定", "appraisal"),
    "mine.code-authorship": ("作者身份", "authorship"),
    "mine.code-bankruptcy": ("破产", "bankruptcy"),
    "mine.code-consent-withdrawn": ("撤回同意", "consent withdrawn"),
    "mine.code-contract": ("合同", "contract"),
    "mine.code-copying": ("抄袭", "copying"),
    "mine.code-court-order": ("法院裁判", "court order"),
    "mine.code-dismissed": ("驳回", "dismissed"),
    "mine.code-evidence": ("举证", "evidence"),
    "mine.code-false-declaration": ("虚假声明", "false declaration"),
    "mine.code-gift": ("赠与", "gift"),
    "mine.code-identity": ("身份", "identity"),
    "mine.code-identity-fraud": ("冒用身份", "identity fraud"),
    "mine.code-inheritance": ("继承", "inheritance"),
    "mine.code-investigation": ("调查", "investigation"),
    "mine.code-mandate-ended": ("委托终止", "end of the mandate"),
    "mine.code-mediated": ("调解", "mediated"),
    "mine.code-mediation": ("调解", "mediation"),
    "mine.code-merger": ("合并", "merger"),
    "mine.code-misspelling": ("笔误", "misspelling"),
    "mine.code-none": ("无文件", "none"),
    "mine.code-notarisation": ("公证", "notarisation"),
    "mine.code-omission": ("遗漏", "omission"),
    "mine.code-other": ("其他", "other"),
    "mine.code-ownership": ("权属", "ownership"),
    "mine.code-partly-upheld": ("部分支持", "partly upheld"),
    "mine.code-preservation": ("保全", "preservation"),
    "mine.code-prior-work": ("在先作品", "prior work"),
    "mine.code-purpose-achieved": ("目的已实现", "purpose achieved"),
    "mine.code-rejected": ("不予受理", "rejected"),
    "mine.code-request": ("本人请求", "on request"),
    "mine.code-settled": ("和解", "settled"),
    "mine.code-unlawful": ("处理违法", "unlawful"),
    "mine.code-unlawful-content": ("内容违法", "unlawful content"),
    "mine.code-upheld": ("支持", "upheld"),
    "mine.code-wrong-date": ("日期有误", "wrong date"),
    "mine.code-wrong-file": ("文件有误", "wrong file"),
    "mine.code-wrong-person": ("人员有误", "wrong person"),
    "mine.completeness": (
        "没有遗漏是节点所说；须重放整个账本才能证明。",
        "That nothing is missing is the node's word: only replaying the whole ledger proves it.",
    ),
    "mine.consent": ("同意并签名", "Consent and sign"),
    "mine.consent-own": ("以这台设备上的密钥同意", "Consent with a key of this device"),
    "mine.consent-taken": (
        "已收到 {count} 份同意，签名均经您的浏览器核验。",
        "Consents taken: {count}. Your browser has checked the signatures.",
    ),
    "mine.consented": ("您的同意已签名。请交回给对方。", "Your consent is signed. Hand it back."),
    "mine.consented-by": ("同意方", "Consented"),
    "mine.consented-means": (
        "您已同意，但还没有生效：请把下面的链接或文件交回给对方，由其签名送往账本。",
        (
            "You have consented, and nothing has happened yet: hand this link or file back to the other party, "
            "who signs it and sends it."
        ),
    ),
    "mine.consents-needed": ("还须以下各方同意：", "These must consent too:"),
    "mine.contradicts": (
        "记录之间或与节点所说不相符：请勿依赖，并告知账本运营方。",
        "The records contradict each other or what the node says: do not rely on them, and tell the operator.",
    ),
    "mine.copy-link": ("复制链接", "Copy the link"),
    "mine.details": ("全部内容", "Everything it says"),
    "mine.discard": ("作废", "Discard"),
    "mine.discard-consented": (
        "从这台设备移除？您已交出的同意无法收回。",
        "Remove it from this device? A consent that you have handed over cannot be taken back.",
    ),
    "mine.discard-sure": (
        "作废这份请求？若对方已持有您签名的内容，则无法收回。",
        "Discard this request? What you have signed and handed over cannot be taken back.",
    ),
    "mine.disclose-fields": ("披露哪些内容", "Which fields"),
    "mine.disclose-files": ("披露哪些文件", "Which files"),
    "mine.disclose-open": (
        "未勾选的名称和内容不会出现在新证书里。这件作品是公开登记的：文件的大小和摘要本来就是公开的。",
        (
            "What is not ticked is not in the new certificate. This work is registered openly: sizes and digests "
            "of its files are public already."
        ),
    ),
    "mine.disclose-sealed": (
        "未勾选的内容不会出现在新证书里；对方只会知道一共有几个文件。",
        (
            "What is not ticked is not in the new certificate; whoever gets it learns how many files there are, "
            "and no more."
        ),
    ),
    "mine.disclosed": (
        "新证书已生成，并由您的浏览器核验相符。",
        "The new certificate is made, and your browser has checked it.",
    ),
    "mine.disclosed-title": ("收到这份证书的人可以读到", "Whoever gets this certificate can read"),
    "mine.do-capture": ("侵权取证", "Record a capture"),
    "mine.do-complain": ("投诉", "Record a complaint"),
    "mine.do-disclose": ("部分披露", "Disclose a part"),
    "mine.do-erase": ("在账本上告知删除", "Tell the ledger of an erasure"),
    "mine.do-forget": ("删除这台设备上的明文", "Erase the plaintexts on this device"),
    "mine.do-handover": ("移交", "Hand over"),
    "mine.do-licence": ("许可", "License"),
    "mine.do-outcome": ("处理结果", "Record the outcome"),
    "mine.do-package": ("制作材料包", "Make a case package"),
    "mine.do-pledge": ("质押", "Pledge"),
    "mine.do-release": ("解除质押", "Release the pledge"),
    "mine.do-sublicence": ("再许可", "Sublicense"),
    "mine.do-transfer": ("转让", "Transfer"),
    "mine.do-withdraw": ("撤回登记", "Withdraw the registration"),
    "mine.downloads": ("下载证书与证据包", "Certificate and evidence package"),
    "mine.empty": ("空", "empty"),
    "mine.enforcement": ("维权", "Against an infringement"),
    "mine.feed": ("订阅这件作品的动态（Atom）", "Subscribe to this work's feed (Atom)"),
    "mine.file-name": ("文件", "File"),
    "mine.files": ("{count} 个文件", "{count} files"),
    "mine.flag-exclusive": ("专有许可", "Exclusive"),
    "mine.flag-sealed": ("密封文件清单", "Seal the list of files"),
    "mine.flag-sublicence": ("可以再许可他人", "May grant sublicences"),
    "mine.for-company": (
        "代表 {of}：{total} 位代表人中须有 {needed} 位签署（节点所说）。",
        "for {of}: {needed} of {total} representatives must sign (as the node says).",
    ),
    "mine.forget": ("删除", "Erase"),
    "mine.forget-copies": (
        "您已保存或交出的证据包、盐值文件和证书不受影响。",
        "Packages, salts files and certificates that you saved or handed over are not touched.",
    ),
    "mine.forget-first": ("请先勾选确认。", "Tick the box first."),
    "mine.forget-gone": (
        "这台设备上的作品名称、作者、文件名、盐值和带披露的证书将被删除，不能恢复。没有另存盐值，就再也无法证明登记的名称、作者和密封的内容。",
        (
            "Title, author, file names, salts and the certificate that discloses them leave this device for good. "
            "Unless you kept the salts elsewhere, nobody can ever prove the title, the author or sealed content."
        ),
    ),
    "mine.forget-notice": (
        "如系应个人请求而删除，可随后在账本上告知（privacy.erase）。",
        "Where somebody asked for it, you may then tell the ledger (privacy.erase).",
    ),
    "mine.forget-stays": (
        "账本上的登记仍然有效，其中只有摘要和承诺值；这件作品仍在您的列表里。",
        "The registration stays as it is, digests and commitments only, and the work stays in your list.",
    ),
    "mine.forget-sure": ("我明白删除后无法恢复", "I understand that it cannot be undone"),
    "mine.forgotten": ("明文已从这台设备删除。", "The plaintexts are gone from this device."),
    "mine.has-consented": ("已同意", "has consented"),
    "mine.help-address": (
        "网址或地点，原样填写；账本上只有承诺值。",
        "The web address or place, as it is; the ledger gets a commitment.",
    ),
    "mine.help-disclosed": (
        "材料包的根哈希，制作材料包后自动填入。",
        "The package's root, filled in once the package is made.",
    ),
    "mine.help-document": (
        "只在本机计算摘要，文件不会送出。请保存原件。",
        "Its digest is computed on this device; the file is not sent. Keep the original.",
    ),
    "mine.help-environment": (
        "取证环境说明的文件，例如系统与网络设置。只取摘要。",
        "A file that describes the environment, such as system and network. Its digest alone is taken.",
    ),
    "mine.help-exclusive": (
        "期间内，同一地域的同一权利不能再许可给别人。",
        "The same right in the same place cannot go to anybody else meanwhile.",
    ),
    "mine.help-fields": (
        "字段的英文代码，以逗号分隔，例如 title,author。",
        "The fields' codes, separated by commas, as title,author.",
    ),
    "mine.help-files": (
        "取得的文件，例如截图。只在本机计算摘要。",
        "What was captured, such as screenshots. Measured on this device.",
    ),
    "mine.help-from": ("当日零时（北京时间）起。", "From midnight in Beijing on that day."),
    "mine.help-key": (
        "64 位公钥，对方可在登记页复制。请通过您信任的途径核对。",
        "Their public key, 64 hex digits, to be copied on their Register page. Compare it in a way that you trust.",
    ),
    "mine.help-log": ("取证过程的日志文件。只取摘要。", "The log of the capture. Its digest alone is taken."),
    "mine.help-moves": ("从谁转给谁、多少份额。", "From whom, to whom, and how many shares."),
    "mine.help-name": ("接收方的名称；账本上只有承诺值。", "The recipient's name; the ledger gets a commitment."),
    "mine.help-operator": ("谁操作的；账本上只有承诺值。", "Who did it; the ledger gets a commitment."),
    "mine.help-recipient": (
        "接收方的公钥，64 位；请向接收方索取并核对。",
        "The recipient's public key, 64 hex digits; ask for it and compare it.",
    ),
    "mine.help-respondent": (
        "投诉的是谁；账本上只有承诺值。",
        "Whom the complaint is about; the ledger gets a commitment.",
    ),
    "mine.help-sealed": (
        "勾选后，账本上只有一个承诺值。",
        "The ledger then has one commitment and nothing else of them.",
    ),
    "mine.help-statement": (
        "投诉书文件。只在本机计算摘要，请保存原件。",
        "The complaint itself. Its digest is computed on this device; keep the original.",
    ),
    "mine.help-sublicence": (
        "被许可人可以在自己的范围内再许可他人。",
        "The licensee may license others within what he has.",
    ),
    "mine.help-territory": (
        "国家或地区代码，以逗号分隔，例如 CN,HK；全球填 WORLD。",
        "Country codes, separated by commas, as CN,HK; or WORLD.",
    ),
    "mine.help-until": (
        "当日零时（北京时间）止，该日不含在内。",
        "Until midnight in Beijing at the beginning of that day.",
    ),
    "mine.history": ("经历", "History"),
    "mine.import": ("选择文件", "Choose files"),
    "mine.import-help": (
        "证据包（.zip）、盐值文件（.salts.json）或证书（.tlog-proof）。只在本机读取，并向账本核对。",
        (
            "An evidence package (.zip), a salts file (.salts.json) or a certificate (.tlog-proof). It is read on "
            "this device and compared with the ledger."
        ),
    ),
    "mine.imported": ("已加入。", "Added."),
    "mine.scan-help": (
        "对方请您同意？扫他屏幕上的二维码，或打开他发来的链接。",
        "Does somebody ask for your consent? Scan the code on his screen, or open the link that he sent.",
    ),
    "mine.in-force": ("登记有效", "in force"),
    "mine.in-turn": (
        "各方可以依次签署：每人签好后直接转给下一位，最后交回。",
        "They may sign in turn, each passing it on to the next; the last one hands it back.",
    ),
    "mine.intro": (
        "登记之后：许可、转让、质押，部分披露，查看每一步。名称、盐值和文件都留在这台设备上。",
        (
            "After registration: license, transfer, pledge, disclose a part, see every step. Titles, salts and "
            "files stay on this device."
        ),
    ),
    "mine.keep-act": (
        "请保存这份文件：它能打开账本上的承诺值，制作材料包时要用。",
        "Save this file: it opens what the ledger has as commitments, which a package needs.",
    ),
    "mine.key-form": (
        "公钥是 64 位小写十六进制数字，现在是 {count} 位。",
        "A public key has 64 lower-case hex digits; this has {count} characters.",
    ),
    "mine.lead": ("{by}办理「{kind}」。", "{kind} by {by}."),
    "mine.lead-erase": (
        "{by}告知：所列字段的明文和盐值已经删除。",
        "{by}: plaintexts and salts of the fields listed have been erased.",
    ),
    "mine.lead-exclusive": (
        "{by}把这件作品专有许可给{licensee}，{period}。",
        "{by}: exclusive licence to {licensee}, {period}.",
    ),
    "mine.lead-licence": (
        "{by}许可{licensee}使用这件作品，{period}。",
        "{by}: licence to {licensee}, {period}.",
    ),
    "mine.lead-pledge": ("{by}把这件作品质押给{pledgee}。", "{by}: pledge to {pledgee}."),
    "mine.lead-release": ("{by}办理解除质押。", "{by}: release of the pledge."),
    "mine.lead-transfer": ("份额转移：{moves}。", "Shares move: {moves}."),
    "mine.lead-withdraw": ("{by}撤回登记。", "{by}: withdrawal of the registration."),
    "mine.leave": ("放弃填写", "Leave it"),
    "mine.licensed": ("许可 {count}", "licences: {count}"),
    "mine.licensees": ("被许可人", "Licensees"),
    "mine.link": ("链接", "Link"),
    "mine.link-copied": ("链接已复制。", "The link is copied."),
    "mine.loading": ("正在取得记录……", "Fetching the records…"),
    "mine.make-disclosed": ("生成证书", "Make the certificate"),
    "mine.make-key": ("去生成或导入密钥", "Make or bring a key"),
    "mine.make-package": ("生成并保存", "Make it and save it"),
    "mine.many": ("用表格一次登记许多作品", "Register many works by a table"),
    "mine.means-licensee": (
        "您接受这项许可及其条件，成为被许可人。",
        "You accept this licence on its terms, and become the licensee.",
    ),
    "mine.means-owner": ("您作为权利人同意这件事。", "You agree as an owner."),
    "mine.means-pledgee": (
        "您接受这项质押，成为质权人。",
        "You accept this pledge, and become the pledgee.",
    ),
    "mine.means-prior-pledgee": (
        "作品已质押给您：您作为现有质权人同意这件事。",
        "The work is pledged to you: you agree as its pledgee.",
    ),
    "mine.means-recipient": (
        "您签收材料包：其内容的根哈希列在下面。",
        "You sign for the package whose root is shown below.",
    ),
    "mine.means-released": ("您的质权就此消灭。", "Your pledge ends."),
    "mine.means-representative": (
        "您作为代表人，同意所代表的公司或个人办理此事。",
        "You agree as a representative of the company or person for whom you sign.",
    ),
    "mine.means-transferee": (
        "您接受转给您的份额，成为权利人。",
        "You accept the shares, and become an owner.",
    ),
    "mine.member-attested": (
        "由「{office}」核验，有效期至 {until}（节点所说）。",
        "Attested by “{office}” until {until} (as the node says).",
    ),
    "mine.member-over": (
        "「{office}」的核验现在无效：对方须先到分中心办理。",
        "The attestation by “{office}” is not in force: they must see their sub-centre first.",
    ),
    "mine.member-unknown": (
        "还没有分中心核验这把密钥：对方须先办理，否则账本不会接受。",
        "No sub-centre has attested this key: until one has, the ledger does not take it.",
    ),
    "mine.misfilled": (
        "「{actual}」填写有误，请按该项的说明改正。",
        "“{actual}” is not filled in as it must be: see what is said beside it.",
    ),
    "mine.missing": ("请填写「{actual}」。", "“{actual}” is missing."),
    "mine.more": ("更多", "More"),
    "mine.move-from": ("转出方", "From"),
    "mine.move-to": ("受让方公钥", "To (public key)"),
    "mine.moved": ("{from} → {to}，份额 {share}", "{from} → {to}, shares: {share}"),
    "mine.news": ("新记录：{kind}，{time}，{number}", "New: {kind}, {time}, {number}"),
    "mine.no-act": (
        "这台设备上没有这份文件，可能已作废。",
        "This act is not on this device; it may have been discarded.",
    ),
    "mine.no-certificate": (
        "证书还没有取到，请在登记页重试。",
        "The certificate has not been fetched yet: try again on the Register page.",
    ),
    "mine.no-document": ("尚未选择", "none chosen"),
    "mine.no-import": (
        "「{actual}」不是证据包、盐值文件或作品的证书。",
        "“{actual}” is no evidence package, no salts file and no certificate of a work.",
    ),
    "mine.no-key": ("这台设备上没有可用的签名密钥。", "There is no signing key ready on this device."),
    "mine.no-number": (
        "应为证书编号，例如 WH-0000-0000-0042-21；实为 {actual}。",
        "A certificate number is needed, as WH-0000-0000-0042-21; this is {actual}.",
    ),
    "mine.no-plaintexts": (
        "这台设备上没有这件作品的盐值：请先导入其证据包或盐值文件。",
        "This device does not have the work's salts: import its evidence package or salts file first.",
    ),
    "mine.no-script": (
        "本页需要启用 JavaScript；也可以在电脑上使用 yuanzheng 命令。",
        "This page needs JavaScript; on a computer, the yuanzheng command does it too.",
    ),
    "mine.no-such-work": (
        "账本中没有这件作品，请核对地址或编号。",
        "There is no such work in this ledger: check the address or the number.",
    ),
    "mine.no-works": ("还没有作品。", "There are no works yet."),
    "mine.none-of-them": ("不指明", "none of them"),
    "mine.not-asked": (
        "这份请求不需要您这台设备上的密钥签署，应由以下各方签署：",
        "None of this device's keys is asked for. These are:",
    ),
    "mine.not-needed": ("不再需要", "no longer needed"),
    "mine.not-yours": (
        "您这台设备上的密钥不能办理此事：不是权利人，或不是当事人。",
        "No key on this device can do this: it is neither an owner's nor a party's.",
    ),
    "mine.nothing-disclosed": ("除公开内容外，什么也读不到。", "Nothing but what is public."),
    "mine.notice-key": (
        "您的主体核验将于 {until} 到期，请到分中心续期。",
        "Your attestation ends on {until}: have your sub-centre renew it.",
    ),
    "mine.notice-licence": ("一项许可将于 {until} 到期。", "A licence ends on {until}."),
    "mine.notice-objection": (
        "有异议尚未了结（第 {number} 号条目）。",
        "An objection is open (leaf {number}).",
    ),
    "mine.notice-pledge": (
        "作品在质押中（第 {number} 号条目）。",
        "The work is pledged (leaf {number}).",
    ),
    "mine.notices": ("通知", "Notices"),
    "mine.notices-mean": (
        "据本节点所说；打开作品即由您的浏览器核验。",
        "As this node says; open the work and your browser checks it.",
    ),
    "mine.objected": ("异议 {count}", "objections: {count}"),
    "mine.only-file": (
        "内容太长，放不进链接：请保存文件交给对方。",
        "It is too long for a link: save the file and hand that over.",
    ),
    "mine.open-act": ("打开文件（.act.json）", "Open a file (.act.json)"),
    "mine.open-link": ("打开链接", "Open the link"),
    "mine.optional": ("（可选）", "(optional)"),
    "mine.other-entry": ("证书是另一条记录的。", "The certificate is of another entry."),
    "mine.owners": ("权利人", "Owners"),
    "mine.package-acts": ("披露以下办理事项的内容", "Disclose of these acts"),
    "mine.package-done": ("材料包", "The package"),
    "mine.package-listed": ("✓ 摘要列于「{kind}」", "✓ listed in “{kind}”"),
    "mine.package-means": (
        "放入 {count} 条记录的证书、所选原件、验证策略和离线核验页面，并附目录。全部在本机完成。",
        "Certificates of {count} entries, the originals that you choose, the policy, an offline verifier and an index. All of it is made on this device.",
    ),
    "mine.package-members": ("文件数", "Files"),
    "mine.package-next-handover": (
        "接收方可在任何节点的核验页打开它，或用 yuanzheng case check 核对。",
        "The recipient opens it on any node's Verify page, or with yuanzheng case check.",
    ),
    "mine.package-next-platform": (
        "把它与投诉书一起交给平台；平台可在核验页打开。",
        "Give it to the platform with your complaint; it opens on the Verify page.",
    ),
    "mine.package-originals": ("放入原件", "Put originals in"),
    "mine.package-originals-help": (
        "作品原件、取证文件、投诉书等。放进去的，接收方都能看到。",
        "Originals of the work, captured files, the complaint. The recipient sees whatever is put in.",
    ),
    "mine.package-pages": ("附可打印的证书（PDF）", "With printable certificates (PDF)"),
    "mine.package-pages-help": ("首次需下载约 10 MB 的字体。", "The first time, a font of some 10 MB is downloaded."),
    "mine.package-root": ("根哈希", "Root"),
    "mine.package-to": ("接收方", "Recipient"),
    "mine.package-to-help": (
        "移交给机关或法院的，制作后再登记移交，由其签收。",
        "What goes to an authority or a court is recorded as a hand-over next, and signed for.",
    ),
    "mine.package-unlisted": ("不在任何记录中，只作附件", "in no entry: an attachment only"),
    "mine.package-unopened": (
        "这台设备上没有这件作品的盐值：名称和文件名不会披露。",
        "This device does not have the work's salts: title and file names are not disclosed.",
    ),
    "mine.packaged": (
        "材料包已生成并保存，每份证书都已核验相符。",
        "The package is made and saved; every certificate in it was checked.",
    ),
    "mine.packaged-unprinted": (
        "材料包已生成，但没有可打印的页面：字体没有取到。证书完整有效。",
        "The package is made, without printable pages: the fonts could not be had. The certificates are complete.",
    ),
    "mine.packaging": ("正在取得证书并生成材料包……", "Fetching the certificates and making the package…"),
    "mine.page": ("证书（PDF）", "Certificate (PDF)"),
    "mine.pass-on": (
        "还有人没有签署：可以先转给他们，最后再交回。",
        "Others have not signed yet: you may pass it on to them before it goes back.",
    ),
    "mine.period": ("{from} 起，{until} 止", "from {from} until {until}"),
    "mine.pledged": ("质押中", "pledged"),
    "mine.pledgees": ("质权人", "Pledgees"),
    "mine.policy": (
        "核验所用的策略由本站提供，结论以其可信为前提。策略摘要",
        "The policy used comes from this site, and the verdict rests on it. Its digest:",
    ),
    "mine.qr": ("链接的二维码", "QR code of the link"),
    "mine.queued-recorded": (
        "等待送出的这件事已经记入账本。",
        "What was waiting to be sent has been recorded.",
    ),
    "mine.queued-refused": (
        "等待送出的这件事没有被账本接受。",
        "What was waiting to be sent was refused by the ledger.",
    ),
    "mine.recorded": ("已记入账本。", "Recorded."),
    "mine.recorded-means": ("已记入账本，编号 {number}。", "Recorded under number {number}."),
    "mine.refuse": ("不同意", "Do not consent"),
    "mine.remake": ("按最新状态重新制作", "Make it anew"),
    "mine.request": ("请您签署", "You are asked to sign"),
    "mine.request-broken": (
        "这个链接或文件不完整或已损坏（{actual}），未予打开：请对方重新发送。",
        "This link or file is cut short or damaged ({actual}) and was not opened: ask for it again.",
    ),
    "mine.request-care": (
        "这是别人发来的请求。请逐项核对；不认识对方的公钥，就先通过其他途径核实。",
        (
            "Somebody sent you this. Read all of it; if you do not know the other party's key, make sure of it in "
            "another way first."
        ),
    ),
    "mine.request-kind": (
        "「{actual}」不能在这里签署，请用 yuanzheng consent。",
        "“{actual}” cannot be consented to here: use yuanzheng consent.",
    ),
    "mine.request-ledger": (
        "这份请求属于另一个账本（{actual}），本站的账本是 {expected}，未予打开。",
        "This request is for another ledger ({actual}); this site's is {expected}. It was not opened.",
    ),
    "mine.request-opening": (
        "请求中附带的「{actual}」与承诺值不符，未予采信：请勿签署。",
        "The “{actual}” that came with this does not match its commitment and is not believed: do not sign.",
    ),
    "mine.request-own": (
        "这份文件写明由您签署，但这台设备没有制作过它：请逐项核对，不是您要办的就不要收下。",
        (
            "This names you as the one who acts, and was not made on this device: read all of it, and leave it if "
            "it is not what you want."
        ),
    ),
    "mine.request-signature": (
        "请求中的签名不属实（{actual}），未予打开：可能被改动过。",
        "A signature in this request does not verify ({actual}), so that it was not opened: it may have been changed.",
    ),
    "mine.request-signed": (
        "各方均已签名，签名经您的浏览器核验。可以由您送往账本；重复送出只记一次。",
        "All have signed; your browser has checked the signatures. You may send it: sent twice, it is recorded once.",
    ),
    "mine.request-size": (
        "请求太长（{actual} 个字符，最多 {expected}），未予打开。",
        "This request is too long ({actual} characters; the most is {expected}) and was not opened.",
    ),
    "mine.request-stale": (
        "这份请求制作之后，作品已有新的记录，账本不会再接受它：请对方查看后重新制作。",
        (
            "The work has a newer entry than this request knows of, so that the ledger would not take it: ask for "
            "a new one."
        ),
    ),
    "mine.returned": ("对方交回的链接", "The link that came back"),
    "mine.returned-help": (
        "把对方交回的链接粘贴在这里，或打开其文件。",
        "Paste the link that the other party returned, or open their file.",
    ),
    "mine.review": ("核对", "Review"),
    "mine.review-title": ("即将签署的内容", "What is about to be signed"),
    "mine.role-kept": ("存有盐值", "salts kept here"),
    "mine.role-licensee": ("被许可人", "licensee"),
    "mine.role-none": ("关注", "followed"),
    "mine.role-owner": ("权利人", "owner"),
    "mine.role-pledgee": ("质权人", "pledgee"),
    "mine.role-prior-pledgee": ("现有质权人", "present pledgee"),
    "mine.role-recipient": ("接收方", "recipient"),
    "mine.role-released": ("质权人", "pledgee"),
    "mine.role-representative": ("代表人", "representative"),
    "mine.role-transferee": ("受让人", "transferee"),
    "mine.save-act": ("保存文件（.act.json）", "Save the file (.act.json)"),
    "mine.save-proof": ("保存证书（.tlog-proof）", "Save the certificate (.tlog-proof)"),
    "mine.seen": ("知道了", "Seen"),
    "mine.send-elsewhere": ("由对方代为送出", "Let the other party send it"),
    "mine.send-signed": ("送往账本", "Send it to the ledger"),
    "mine.share-ask": (
        "把链接、二维码或文件交给对方。内容在链接的 # 之后，不会经过服务器。",
        "Hand over the link, the QR code or the file. What it says stands behind the # and goes through no server.",
    ),
    "mine.share-back": ("交回给对方：", "Hand it back:"),
    "mine.share-signed": (
        "已经签好。任何持有者都能送往账本，只会记一次：",
        "It is signed. Whoever has it can send it, and it is recorded once:",
    ),
    "mine.show-qr": ("显示二维码", "Show the QR code"),
    "mine.sign": ("签名并送往账本", "Sign and send"),
    "mine.sign-send": ("签名，送往账本", "Sign it and send it"),
    "mine.signed-means": (
        "已签名并保存在这台设备上，还没有送到账本；恢复连接后会自动送出，只会记一次。",
        (
            "Signed and kept on this device, and not in the ledger yet; it is sent by itself once there is a "
            "connection, and recorded once."
        ),
    ),
    "mine.signer": ("签署人", "Signed by"),
    "mine.skip": ("跳到内容", "Skip to the content"),
    "mine.some-checked": (
        "{total} 条记录中，{count} 条由您的浏览器核验相符，其余未能核验。",
        "Your browser has checked {count} of {total} entries; the others could not be checked.",
    ),
    "mine.stale": (
        "这件作品已有新的记录，这份文件不能再用：请查看新记录，再重新制作；对方须重新同意。",
        (
            "The work has a newer entry, so that this can no longer be used: look at it, then make it anew. The "
            "other party must consent again."
        ),
    ),
    "mine.state-agreed": ("待您签名", "waits for you to sign"),
    "mine.state-asked": ("待对方同意", "waits for consent"),
    "mine.state-consented": ("已同意", "consented"),
    "mine.state-draft": ("草稿", "draft"),
    "mine.state-pending": ("待登记", "received"),
    "mine.state-recorded": ("已记录", "recorded"),
    "mine.state-refused": ("未被接受", "refused"),
    "mine.state-signed": ("待送出", "to be sent"),
    "mine.title": ("我的作品", "My works"),
    "mine.title-unknown": ("（名称未披露）", "(title not disclosed)"),
    "mine.title-untold": ("对方没有附上名称", "not told"),
    "mine.to-consent": ("尚未同意", "has not consented yet"),
    "mine.to-register": ("登记新作品", "Register a work"),
    "mine.unable": (
        "这个浏览器不能在此签名：请用最新版浏览器，并通过 https 打开本页；也可以在电脑上使用 yuanzheng 命令。",
        (
            "This browser cannot sign here: use a current one and open the page by https, or use the yuanzheng "
            "command on a computer."
        ),
    ),
    "mine.under-way": ("办理中", "Under way"),
    "mine.unfinished": ("另有 {count} 件尚未登记完成。", "Not registered yet: {count}."),
    "mine.unfollow": ("移出列表", "Remove from the list"),
    "mine.with-title": ("附上作品名称", "Tell the title"),
    "mine.with-title-help": (
        "对方的浏览器会向账本的承诺值核对名称。",
        "The other party's browser compares it with the ledger's commitment.",
    ),
    "mine.withdrawn": ("已撤回", "withdrawn"),
    "mine.work": ("作品", "Work"),
    "mine.works": ("作品", "Works"),
    "mine.world": ("全球", "worldwide"),
    "mine.you": ("您", "you"),
    "mine.your-consent": ("您的签名表示", "By signing"),
}
