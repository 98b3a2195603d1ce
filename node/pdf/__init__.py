"""The certificate as a document for people: PDF/A-3 with the evidence attached, written and read back.

Nothing here knows the ledger: `sheet` is the plain data of a certificate, `render` turns it into a file,
`reading` takes the attachments out of such a file again, whoever made it.
"""
