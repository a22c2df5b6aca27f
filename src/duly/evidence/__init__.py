"""Evidence that a court can check without us. No database, no network, no clock: values and files.

kinds, fields         which entries there are, and what each may show or must commit to
entry, chain, encode  build an entry, link it to its cases, read it back
schema                the same table as JSON Schema and as a page of the docs
tree, tiles           RFC 6962's tree, and its files
checkpoint, log       signed heads, and the one writer of the log
keys, keystore        the installation's keys, and one key per person
vault                 sealing under a person's key, and the blind index of contacts
files                 the disk, with each step that a power cut can undo
bundle                what goes to court
verify                the checker, with the modules that it takes along when it runs alone:
                      proof, note, report, bagcheck, treecheck (put together by standalone)
"""
