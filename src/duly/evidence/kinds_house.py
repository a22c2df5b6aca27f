"""The entry kinds about the installation itself; read them through `kinds`."""

from __future__ import annotations

from duly.evidence.fields import Kind, Subject, Type, field, obj, word

_BY = field("by", Type.TEXT, "Who did it: a person of the lender, or a named part of the system.")
_REASON = field("reason", Type.TEXT, "Why, in words.")

HOUSE_KINDS = (
    Kind(
        name="load",
        version=1,
        says="A book was loaded.",
        subject=Subject.HOUSE,
        open=(
            field("manifest", Type.DIGEST, "The snapshot's manifest."),
            field("mapping", Type.DIGEST, "The mapping, book.yaml.", optional=True),
        ),
        committed=(
            field("as_of", Type.DAY, "The day the book speaks of."),
            field("feeds", Type.FACTS, "Rows, watermarks and control totals of each feed."),
            field("quarantined", Type.COUNT, "Rows refused.", optional=True),
            field(
                "consequences",
                Type.FACTS,
                "Where the book says otherwise than was known: accounts, notices that named another amount, and the "
                "SHA-256 of what followed for each.",
                optional=True,
            ),
            _BY,
            obj(
                "imported",
                "History of the system that was used before: imported, and not witnessed by us.",
                word("witnessed", "imported", "By whom it was witnessed: not by us."),
                field("rows", Type.COUNT, "Rows that were new."),
                field(
                    "root",
                    Type.HEX,
                    "RFC 6962 root over the rows, each in canonical JSON, as they were kept.",
                ),
                field("sources", Type.TEXTS, "The systems they come from."),
                field("kinds", Type.FACTS, "How many of each kind."),
                field("proofs", Type.FACTS, "How many with each grade of proof."),
                field("first_day", Type.DAY, "The day of the earliest."),
                field("last_day", Type.DAY, "The day of the latest."),
                optional=True,
            ),
        ),
    ),
    Kind(
        name="snapshot",
        version=1,
        says="A snapshot of the book was folded from another and what happened since, or its files were removed.",
        subject=Subject.HOUSE,
        open=(
            field("manifest", Type.DIGEST, "The snapshot's manifest."),
            word("change", "folded removed", "What happened."),
            field("folded_from", Type.DIGEST, "The manifest that it was folded from.", optional=True),
        ),
        committed=(
            field("as_of_event", Type.COUNT, "The number of the last event in it.", optional=True),
            field("events", Type.COUNT, "How many events were folded.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="decisions",
        version=1,
        says="A day's decisions: the root of the tree over the rows of the decisions file.",
        subject=Subject.HOUSE,
        open=(
            field("strategy", Type.DIGEST, "The strategy."),
            field("packs", Type.DIGEST, "The pinned rule packs."),
        ),
        committed=(
            field("day", Type.DAY, "The day decided."),
            field("root", Type.HEX, "RFC 6962 root over the rows of the file."),
            field("file", Type.HEX, "SHA-256 of the Parquet file."),
            field("rows", Type.COUNT, "Its rows."),
            field("totals", Type.FACTS, "Notices, holds and nothing-due by reason."),
        ),
    ),
    Kind(
        name="approval",
        version=1,
        says="A person approved a thing by its digest.",
        subject=Subject.HOUSE,
        open=(
            word(
                "what",
                "strategy templates packs law destinations channels settings mapping stage run canary resume erasure "
                "handover key recover doubt",
                "What sort of thing.",
            ),
            field("digest", Type.DIGEST, "The digest approved."),
        ),
        committed=(
            _BY,
            field("key", Type.HEX, "The approver's Ed25519 public key."),
            field("signature", Type.HEX, "The approver's signature."),
            field("nonce", Type.HEX, "Makes the approval count once."),
            field("expires", Type.INSTANT, "Until when it counts."),
            field("limits", Type.FACTS, "Count and sum it covers.", optional=True),
        ),
    ),
    Kind(
        name="adoption",
        version=1,
        says="A version of a thing came into force.",
        subject=Subject.HOUSE,
        open=(
            word("what", "strategy template pack law destinations mapping channels", "What sort of thing."),
            field("digest", Type.DIGEST, "Its digest."),
            field("replaces", Type.DIGEST, "The digest it replaces.", optional=True),
        ),
        committed=(
            field("name", Type.TEXT, "Its name."),
            field("version", Type.TEXT, "Its version.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="halt",
        version=1,
        says="Sending was halted.",
        subject=Subject.HOUSE,
        open=(
            word(
                "scope",
                "all creditor brand channel stage template carrier person account",
                "What sort of thing is halted.",
            ),
        ),
        committed=(
            field("which", Type.TEXT, "Which one, unless all.", optional=True),
            _REASON,
            _BY,
        ),
    ),
    Kind(
        name="resume",
        version=1,
        says="A halt was ended by two people.",
        subject=Subject.HOUSE,
        open=(field("halt", Type.ENTRY, "The halt it ends."),),
        committed=(
            field("approved_by", Type.TEXTS, "Who approved."),
            _REASON,
            _BY,
        ),
    ),
    Kind(
        name="key",
        version=1,
        says="A key came into use, was replaced, retired or found compromised.",
        subject=Subject.HOUSE,
        open=(
            word("purpose", "log person witness", "What it signs."),
            word("change", "created rotated retired compromised", "What happened."),
            field("fingerprint", Type.DIGEST, "SHA-256 of the verifier key as text."),
            field("verifier", Type.PUBLIC, "The verifier key, if it is published.", optional=True),
            field("replaces", Type.DIGEST, "Fingerprint of the key it replaces.", optional=True),
            field("invented", Type.YES, "Whether it belongs to an invented installation."),
        ),
        committed=(
            field("holder", Type.TEXT, "Whose key it is.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="anchor",
        version=1,
        says="A stranger's clock or memory confirmed a checkpoint.",
        subject=Subject.HOUSE,
        open=(
            word("method", "rfc3161 witness deposit", "How."),
            field("authority", Type.PUBLIC, "Who."),
            field("size", Type.COUNT, "Size of the tree confirmed."),
            field("root", Type.DIGEST, "Its root."),
            field("token", Type.DIGEST, "SHA-256 of the token."),
            field("previous_token", Type.DIGEST, "SHA-256 of the token before.", optional=True),
        ),
    ),
    Kind(
        name="erasure",
        version=1,
        says="A person's key was destroyed: the openings of the entries listed can never be read again.",
        subject=Subject.HOUSE,
        open=(
            field("entries", Type.ENTRIES, "The entries whose openings are gone."),
            field("approvals", Type.ENTRIES, "The approvals it rests on.", optional=True),
        ),
        committed=(
            field("asked_on", Type.DAY, "When it was asked for."),
            field("everywhere_by", Type.DAY, "When the last backup is gone too."),
            _REASON,
            _BY,
        ),
    ),
)
