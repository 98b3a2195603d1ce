"""The pages that browsers show: labels, hints, and for each step of a verification why it matters to whoever judges."""

MESSAGES: dict[str, tuple[str, str]] = {
    "web.add-files": ("选择文件", "Choose files"),
    "web.add-folder": ("选择文件夹", "Choose a folder"),
    "web.all-open": ("展开全部", "Open all"),
    "web.browser-old": (
        "这个浏览器缺少本页所需的功能，请更新浏览器，或在电脑上使用 yuanzheng-verify.pyz 核验。",
        "This browser lacks what the page needs: update it, or verify with yuanzheng-verify.pyz on a computer.",
    ),
    "web.came-with-policy": (
        "所用策略随本页而来，而非您另行取得：结论以该策略可信为前提。",
        "The policy used came with this page and not from a source of your own: the verdict rests on it.",
    ),
    "web.case": ("材料包", "Case package"),
    "web.case-changed": (
        "✗ 不一致：有文件被改动、增加或缺少",
        "✗ It does not match: something was changed, added or left out",
    ),
    "web.case-entries": ("{count} 份证书", "{count} certificates"),
    "web.case-list": ("目录", "List"),
    "web.case-listed": ("✓ 全部文件与目录一致", "✓ Every file is as the list has it"),
    "web.case-originals": ("包内所列原件", "Originals of it in the package"),
    "web.case-root": ("根哈希", "Root"),
    "web.case-root-means": (
        "移交条目载明同一根哈希，收到的才是当时移交的那一份。请与账本上的移交条目核对。",
        "The package is the one that was handed over if the hand-over entry states this root. Compare it with that entry.",
    ),
    "web.case-unnamed": (
        "不在任何证书中的文件（仅为附件，未被证明）",
        "Files that no certificate lists (attachments; nothing is proven of them)",
    ),
    "web.certificate": ("证书、证据包或回执", "Certificate, package or receipt"),
    "web.certificate-hint": (
        "将证书拖到这里，或点按选择：PDF 证书、.tlog-proof、证据包 .zip、二维码的图片",
        "Drop the certificate here, or choose it: a PDF, a .tlog-proof, an evidence package (.zip), or a picture of its QR code",
    ),
    "web.choose": ("选择文件", "Choose a file"),
    "web.clear": ("移除", "Remove"),
    "web.code": ("代码", "Code"),
    "web.defect": (
        "核验程序出错，未得出结论：{actual}。请改用 yuanzheng-verify.pyz，并告知账本运营方。",
        "The verifier itself failed and reached no verdict: {actual}. Use yuanzheng-verify.pyz, and tell the ledger's operator.",
    ),
    "web.expected": ("应为", "Expected"),
    "web.facts": ("证书所载", "What it states"),
    "web.files": ("原始文件（可选）", "Original files (optional)"),
    "web.files-compared": (
        "已与原件比对：{count} 个文件的大小、SHA-256 和 SM3 都与登记时相同。",
        "Compared with the originals: size, SHA-256 and SM3 are as registered. Files: {count}.",
    ),
    "web.files-count": ("{count} 个文件，{size}", "Files: {count}, {size}"),
    "web.files-from-package": ("证据包内的原始文件", "The originals inside the package"),
    "web.files-hint": (
        "将原件拖到这里，文件夹亦可。只在本机计算 SHA-256 与 SM3，文件不会离开这台设备。",
        "Drop the originals here, a folder too. SHA-256 and SM3 are computed on this device; no file leaves it.",
    ),
    "web.foot": (
        "登记只证明数据在此时间之前已经存在、此后没有改变，不证明原创与权属。请保留原件。",
        "A registration proves that data existed by a time and is unchanged since; not who made or owns it. Keep the originals.",
    ),
    "web.found": ("实为", "Found"),
    "web.hashing": ("正在计算指纹：{actual}", "Computing fingerprints: {actual}"),
    "web.interface": ("接口文档", "Interface"),
    "web.intro": (
        "核验证书和原件是否一致。一切在这台设备上完成：不上传、不登录，断网也能用。",
        "See whether a certificate and its originals agree. All of it happens on this device: no upload, no account, no network.",
    ),
    "web.late": (
        "本页 20 秒内未能完整打开。请检查网络后重新载入；仍不行时，请换用较新的浏览器。您已保存的内容不受影响。",
        (
            "This page did not open in whole within 20 seconds. Check the network and load it again; if it still does not open, "
            "use a newer browser. What you have saved is not affected."
        ),
    ),
    "web.making-page": (
        "正在重新生成印刷的页面（须取得字体，约 10 MB），与此 PDF 逐字节核对",
        "Making the printed page again (this takes a font of 10 MB), to compare it with this PDF byte by byte",
    ),
    "web.name": ("原证", "Yuanzheng"),
    "web.no-script": (
        "核验在浏览器中进行，需要启用 JavaScript；也可以在电脑上使用 yuanzheng-verify.pyz。",
        "Verification happens in the browser and needs JavaScript; on a computer, yuanzheng-verify.pyz does it too.",
    ),
    "web.none-yet": ("尚未选择证书。", "No certificate chosen yet."),
    "web.offline": ("离线核验页", "Offline verifier"),
    "web.package-policy": (
        "证据包内附有一份策略，仅供对照，不作为信任依据：",
        "The package holds a policy. It is shown to be compared, and not trusted:",
    ),
    "web.opened-author": ("作者（已披露）", "author (disclosed)"),
    "web.opened-creator": ("委托人（已披露）", "client (disclosed)"),
    "web.opened-title": ("作品名称（已披露）", "title (disclosed)"),
    "web.page-awaited": (
        "其余各步已核对，见下；印刷的页面核对之后即给出结论。",
        "All other steps are made, see below; the verdict follows when the printed page has been compared.",
    ),
    "web.page-counter": ("窗口", "Counter"),
    "web.page-home": ("公开账本", "Public ledger"),
    "web.page-mine": ("我的作品", "My works"),
    "web.page-register": ("登记确权", "Register"),
    "web.page-verify": ("核验", "Verify"),
    "web.paste": ("或粘贴回执文字（YZ1:… 或 YZP1:…）", "Or paste a receipt's text (YZ1:… or YZP1:…)"),
    "web.paste-go": ("核验回执", "Verify the receipt"),
    "web.policy": ("信任来源（策略）", "Source of trust (policy)"),
    "web.policy-choose": ("改用自己的策略文件", "Use a policy file of your own"),
    "web.policy-digest": ("策略摘要（SHA-256）", "Digest of the policy (SHA-256)"),
    "web.policy-file": (
        "这份策略来自您正在使用的文件。请将摘要与公报、其他分中心或法院存档的公布值核对。",
        "This policy comes from the file you are using. Compare its digest with one published elsewhere: a gazette, another sub-centre, a court.",
    ),
    "web.policy-log": ("账本公钥", "Log key"),
    "web.policy-none": (
        "没有策略：可以检查证书自身，但无从判断其公钥是谁的，结论最多为「无法判断」。",
        "There is no policy: the certificate itself can be checked, but not whose keys it rests on, so that the verdict is UNDETERMINED at best.",
    ),
    "web.policy-own": ("这是您自己选择的策略：{actual}", "This is the policy that you chose yourself: {actual}"),
    "web.policy-quorum": ("要求的见证", "Witnesses demanded"),
    "web.policy-site": (
        "这份策略来自您正在访问的网站。请将摘要与公报、其他分中心或法院存档的公布值核对，或改用自己取得的策略。",
        "This policy comes from the site you are visiting. Compare its digest with one published elsewhere (a gazette, another sub-centre, a court), or use your own.",
    ),
    "web.print": ("打印结果", "Print the result"),
    "web.promise-means": (
        "这是分中心的收件承诺，不是登记：条目将转交总节点，仍可能被拒绝；时间以分中心自己的时钟为准。",
        "This is a sub-centre's promise, and no registration: the entry will be passed on and may yet be refused; the time is by the sub-centre's own clock.",
    ),
    "web.result": ("核验结论", "Verdict"),
    "web.scan": ("扫二维码", "Scan a QR code"),
    "web.scan-ask": (
        "请在浏览器的询问中允许使用摄像头。画面只在这台设备上识别，不会上传。",
        "Allow the camera when the browser asks. What it sees is read on this device and goes nowhere.",
    ),
    "web.scan-busy": (
        "摄像头正被别的程序使用。请关闭那个程序再试，或选择二维码的图片。",
        "Another program is using the camera. Close it and try again, or choose a picture of the code.",
    ),
    "web.scan-close": ("关闭", "Close"),
    "web.scan-ended": (
        "摄像头的画面中断了。请关闭后再试，或选择二维码的图片。",
        "The camera's picture has stopped. Close this and try again, or choose a picture of the code.",
    ),
    "web.scan-hold": ("把二维码放进画面，拍正、靠近。", "Hold the code before the camera, straight and close."),
    "web.scan-no-code": (
        "图片中没有认出二维码。请靠近一些、拍正、光线均匀，再试一次，或粘贴文字。",
        "No QR code was made out in the picture. Go closer, hold it straight, in even light; or paste the text.",
    ),
    "web.scan-none": (
        "没有找到摄像头。可以用手机拍下二维码，再选择那张图片。",
        "No camera was found. Photograph the code with a telephone, and choose the picture.",
    ),
    "web.scan-old": (
        "这个浏览器不能识别二维码：请更新浏览器，或粘贴文字。",
        "This browser cannot read QR codes: update it, or paste the text.",
    ),
    "web.scan-other": ("这个二维码不是此处所用的。", "This QR code is not one for this place."),
    "web.scan-picture": ("二维码图片", "Picture of a code"),
    "web.scan-refused": (
        "浏览器没有允许本页使用摄像头。请在地址栏旁的网站设置中允许后再试，或选择二维码的图片。",
        "The browser does not let this page use the camera. Allow it in the site settings beside the address, or choose a picture of the code.",
    ),
    "web.skip": ("跳到核验结论", "Skip to the verdict"),
    "web.steps": ("逐步核对", "Step by step"),
    "web.stop": ("停止", "Stop"),
    "web.title": ("证据核验", "Verify evidence"),
    "web.unreadable": (
        "无法读取 {field}：文件可能已移动、被占用或在读取时改变。",
        "{field} cannot be read: it may have been moved, be in use, or have changed meanwhile.",
    ),
    "web.what-case-inconsistent": (
        "材料包被改动过，或其中有证书不成立：请看标 ✗ 的各项，勿予采信，并索取原包。",
        "The package was changed, or a certificate in it does not hold: see what is marked ✗. Do not rely on it; ask for it again.",
    ),
    "web.what-inconsistent": (
        "以下步骤不符，不能认定这些内容与登记时相同。",
        "These steps failed: it cannot be held that this is what was registered.",
    ),
    "web.what-undetermined": (
        "没有发现不符，但有重要的一步无法作出。请看下方标为「无法判断」的步骤。",
        "Nothing failed, but a step that matters could not be made. See the steps marked “unknown”.",
    ),
    "web.why": ("为何重要", "Why it matters"),
    "web.why-authority": (
        "说明这条记录不是任何人随意写入的：写入者当时经核验，核验机构当时获授权。",
        "It shows that not just anybody wrote this entry: its writer had been identified, by a body that was accredited then.",
    ),
    "web.why-block-inclusion": (
        "出块时间写在区块头里；区块头不在账本中，时间便无从依据。",
        "The time stands in the block's header; were the header not in the ledger, the time would rest on nothing.",
    ),
    "web.why-block-ledger": (
        "防止把另一账本的区块拿来充当本账本的时间。",
        "It keeps another ledger's block from lending its time to this one.",
    ),
    "web.why-block-root": (
        "把这一条目与这一区块的时间绑定在一起，不能张冠李戴。",
        "It binds this very entry to this block's time, so that no other time can be claimed for it.",
    ),
    "web.why-block-signature": (
        "出块时间是账本运营方签名作出的陈述，运营方不能否认。",
        "The time is a statement that the ledger's operator signed and cannot deny.",
    ),
    "web.why-disclosed-file": (
        "密封登记时账本上只有总指纹；此步说明所披露的文件确在其中。",
        "A sealed registration shows one fingerprint over all; this shows that the disclosed file is among them.",
    ),
    "web.why-disclosure": (
        "账本上只有加盐的承诺值；相符即说明所披露的文字正是当日登记的文字。",
        "The ledger holds salted commitments only; a match shows that these words are the ones of that day.",
    ),
    "web.why-entry-signature": (
        "说明登记内容由该签名人确认，此后一个字节也没有改过。",
        "It shows that the signer stood by this content, and that not a byte of it has changed.",
    ),
    "web.why-file": (
        "大小和两种摘要全部相同，才能认定手中的文件就是当时登记的文件。",
        "Only if the size and both digests agree is the file at hand the one that was registered.",
    ),
    "web.why-format": (
        "同一内容只有一种写法，没有可以藏匿改动的余地。",
        "There is one way only to write this content, and so no room to hide a change in it.",
    ),
    "web.why-inclusion": (
        "账本只增不改；条目若被改动、删除或倒填，重算的树根必然不同。",
        "The ledger only grows; had the entry been altered, removed or backdated, another root would come out.",
    ),
    "web.why-later": (
        "此后的许可、转让、异议等可能影响权利现状，判断时应一并查看。",
        "What came later (licences, transfers, objections) may bear on the rights of today and should be read too.",
    ),
    "web.why-log-key-only": (
        "只有账本运营方一方的承诺；若运营方不诚实，仅凭回执无从发现。",
        "It is the operator's promise alone; were the operator dishonest, a receipt could not tell.",
    ),
    "web.why-log-signature": (
        "签名来自您信任的账本，而不是伪造者自建的账本。",
        "The signature is that of the ledger you trust, and not of one that a forger set up.",
    ),
    "web.why-no-files": (
        "证书与原件是两回事：不比对原件，就不能说明手中的文件是登记的文件。",
        "A certificate is not its original: without comparing, nothing is said about the file at hand.",
    ),
    "web.why-opaque": (
        "只能说明这些字节曾经存在，不说明其含义。",
        "It says that these bytes existed, and nothing about what they mean.",
    ),
    "web.why-page": (
        "纸面文字可以随意排印；有法律意义的是内嵌证书，请以本页所列内容为准。",
        "Anything can be printed on a page; what counts is the certificate inside, as this page shows it.",
    ),
    "web.why-page-browser": (
        "纸面文字可以随意排印；有法律意义的是内嵌证书。",
        "Anything can be printed on a page; what counts is the certificate inside.",
    ),
    "web.why-pending": (
        "分中心收到不等于账本登记；登记后才有出块时间。",
        "Taken by a sub-centre is not registered in the ledger; only a registration has a block's time.",
    ),
    "web.why-pending-replica": (
        "作出承诺的一方须是您认识的分中心，否则承诺没有意义。",
        "The one who promises must be a sub-centre that you know, or the promise means nothing.",
    ),
    "web.why-pending-signature": (
        "分中心以签名作出承诺，不能否认。",
        "The sub-centre signed its promise and cannot deny it.",
    ),
    "web.why-policy": (
        "一切签名都归结到您信任的公钥；公钥须由您自己从独立来源取得或核对。",
        "Every signature comes down to keys that you trust; get or compare those from a source of your own.",
    ),
    "web.why-quorum": (
        "独立第三方见证过同一账本状态，运营方便不能对不同的人出示不同的账本。",
        "Independent parties saw the same ledger, so that its operator cannot show different ones to different people.",
    ),
    "web.why-reference": (
        "简式回执只是指路，须凭编号索取完整证书。",
        "A short receipt only points the way: ask for the whole certificate by its number.",
    ),
    "web.why-status": (
        "如需证明今日仍有效，请查询账本或重放全部记录。",
        "To show that it still stands today, ask the ledger or replay it.",
    ),
    "web.why-time": (
        "时间的可信程度取决于时钟当时是否同步；见证签名的时间可以佐证。",
        "How far the time can be relied on depends on the clock; the witnesses' own times corroborate it.",
    ),
    "web.why-work": (
        "说明这一行为针对的是哪一件登记的作品。",
        "It shows which registered work this act is about.",
    ),
    "web.working": ("正在核验…", "Verifying…"),
}
