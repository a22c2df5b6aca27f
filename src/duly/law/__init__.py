"""May we? The law as dated data, read plainly, in columns, and compiled for a few acts at a time.

A decision depends only on what was passed in: nothing here reads a clock, a database or a network, so
every verdict can be replayed from its record. Only `pack` reads files.

The plain reading, one act at a time
------------------------------------

    cn, problems = pack.load(pack.shipped("cn"))          # -> (Pack | None, list[Problem])
    house, _ = pack.load(pack.shipped("house"))           # duly's own stops; never presented as law
    rules = pack.join(cn, house)                          # -> Pack; what plan and gate judge by

    decide.decide(rules, act, locale="en") -> values.Verdict
    decide.next_lawful(rules, act, horizon=timedelta(days=92)) -> datetime | None
    decide.latest_lawful(rules, act) -> datetime | None   # last lawful second of the stretch `act.at` is in

`values.Act` (keyword arguments; only `at`, `jurisdictions` and `person` are required, `None` = unknown):

    at: datetime                    aware, whole seconds
    jurisdictions: tuple[str, ...]  ("CN",) or ("US", "US-MA")
    actor debt_class product channel action stage notice_class technology recipient_role consent
    point_state place: str | None   words of `facts.FACTS`; "" is read as unknown
    person: str; accounts: tuple[str, ...]; number: str | None (the point's value_key)
    liable: bool | None; shared: bool | None
    zones: tuple[str, ...]          candidate IANA zones, empty = unknown
    holds: frozenset[str] | None    kinds of hold in force for this act (person, its accounts, its point)
    history: tuple[Contact, ...]    of this person, and of this number under any person
    claims, elements: frozenset[str] | None   found in the rendered text; None = not examined
    policy: Mapping[str, int | str | Lift]    rule id -> number the law leaves open, or a two-person Lift
    facts: Mapping[str, object]     any further fact by its name in `facts.FACTS`

    number_zones, preferred: tuple[str, ...]  zones of the number's area code; hours the debtor stated (`hours`)
    written_holds, states, conduct, memberships: frozenset[str] | None
    consents: tuple[Consent, ...] | None      consents on record; None = not known, () = none

`values.Contact(at, kind, channel, person, account, number, ref="", dated=None, marks=frozenset())`: rows with
one `ref` (the message key or the call's id) are one contact; without `ref`, rows of one instant, channel and
number are. A contact about several accounts is one row for each account. A payment, a promise, a dispute, a
stop is a row as well, and no contact: no cap counts it, and it needs no channel and no number.

`values.Consent(basis, given, form="", channel="", revoked=None)`: words of `vocabulary.BASES` and `FORMS`.

An act names every jurisdiction it lies in, as `jurisdictions.chain("US-NY-NYC")` gives them; one that names a
part without the whole is held (`duly.silence`).

`values.Verdict(kind, until, because, blocked_by, in_doubt, facts)`: `because` is filled on a permit only
and lists every rule that spoke and was kept; `until` only on a hold that time alone mends.

The columnar reading, a frame of acts
-------------------------------------

    columnar.judge(pack, acts, history, policy=None, *, horizon=timedelta(days=92)) -> pl.DataFrame

`acts`, one row per act. Required: `act` (any dtype, unique id), `at` Datetime[us, UTC] in whole seconds,
`jurisdictions` List[Utf8], `person` Utf8. Every other field of `Act` is a column of the same name and may
be absent (= unknown): words Utf8; `liable`, `shared` Boolean; `accounts`, `zones`, `holds`, `claims`,
`elements` List[Utf8] (a null list is unknown, an empty one is known to be empty; `zones` empty = unknown);
`consents` List[Struct{basis, form, channel Utf8, given, revoked Datetime[us, UTC]}]; `number` Utf8; any
further fact of `facts.FACTS` under its own name (`night_consent` Boolean,
`agency_announced` Boolean, `transit_seconds` Int64 ...). Columns that are no fact are refused.

`history`: `at` Datetime[us, UTC], `kind`, `channel`, `person`, `account`, `number` Utf8, `ref` Utf8,
`dated` Date and `marks` List[Utf8] (these three may be absent). `policy`: as `Act.policy`, the same for the
whole frame.

Answer, one row per act in the order given:

    act                            as given
    verdict    Utf8                permit | hold | forbid
    until      Datetime[us, UTC]?  the next lawful instant, on a hold that time alone mends
    latest     Datetime[us, UTC]?  on a permit: the last lawful second of this stretch (for `not_after`)
    because    List[Struct{rule, version}]     each an Enum of the pack's own words: a reason repeats a million times
    blocked_by List[Struct{rule, version}]
    in_doubt   List[Struct{rule, fact}]

What does not depend on who is asked is worked out once for each different act: see `combinations`.

`explain.reason(pack, rule, version, locale)` turns one of these into a `values.Reason` with citation,
effect, status, reading and a sentence. `columnar.act_of(row, history_rows, policy)` gives the plain `Act`
of a row, so that any line of a plan can be replayed by `decide`.

The compiled reading, a few acts at a time
------------------------------------------

    reading = compiled.Reading(pack, locale="en")         # keep it: it remembers what sets of facts settle
    reading.judge(acts) -> list[values.Verdict]           # each exactly as `decide.decide` gives it
    reading.decide(act) -> values.Verdict

The gate judges by it. An act brings its own policy and its own history, and no verdict is kept for another act.

In words, and as checks
-----------------------

    explain.rule_in_words(rule, day, locale), explain.verdict_in_words(pack, verdict, locale) -> lines
    check.run_tests(pack) -> every test of the pack in both readings; check.policy_problems(pack, policy, file)
    deadlines.due(term, day, calendars, through=...) -> what falls due; deadlines.day(length, day, calendars)
    pack.Pack.needs() -> the facts for want of which some rule can hold an act

What blocks is never softened: deny overrides, windows intersect, each cap counts on its own scope, a
missing fact holds and is named, and an act of which no permitting rule speaks is held (`duly.silence`).
A cap whose number the law leaves open (`cn-freq-04`) holds until `policy` sets it.
"""
