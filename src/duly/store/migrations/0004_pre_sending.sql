-- Plans, the outbox, the gate's words, and what carriers and debtors answered.

create table day_plan (
    id bigint generated always as identity primary key,
    day date not null,
    reason text not null check (reason in ('day', 'wake', 'again')),
    manifest text not null references manifest (digest),
    horizon bigint not null,
    strategy_digest text not null,
    templates_digest text not null,
    packs_digest text not null,
    destinations_digest text not null,
    settings_digest text not null,
    channels_digest text not null,
    decisions_path text not null,
    decisions_root bytea not null,
    messages bigint not null,
    sum_minor bigint not null,
    at timestamptz not null,
    released boolean not null default true
);
create index day_plan_by_day on day_plan (day);

create table message (
    day date not null,
    key bytea not null check (octet_length(key) = 16),
    version integer not null check (version >= 1),
    plan bigint not null references day_plan (id),
    batch bigint not null,
    notice_key bytea not null,
    code text not null,
    person text not null,
    creditor text not null,
    servicer text not null,
    brand text not null,
    stage text not null,
    occurrence integer not null check (occurrence >= 1),
    step integer not null check (step >= 0),
    notice text not null,
    class text not null check (class in ('required_by_law', 'rights_preserving', 'nudge')),
    locale text not null,
    channel text not null,
    route text not null,
    point text not null,
    value_key text not null,
    cases text[] not null check (cardinality(cases) >= 1),
    accounts text[] not null check (cardinality(accounts) >= 1),
    fields jsonb not null,
    act jsonb not null,
    template_digest text not null,
    content text not null,
    deadline_on date,
    parts integer not null,
    billed integer not null,
    cost_micro bigint not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    binding_rule text,
    arm text not null,
    manifest text not null,
    horizon bigint not null,
    mac bytea not null,
    primary key (day, key, version),
    check (not_before <= not_after)
) partition by range (day);
create index message_by_batch on message (batch);
create index message_by_key on message (key);
create index message_by_person on message (person);
create index message_by_code on message (code);
comment on table message is 'What is to be said: ids, figures and facts, never a name, a number or a text. Append-only; a later version supersedes an unsent earlier one.';
comment on column message.code is 'What a debtor types to see that the notice is genuine.';
comment on column message.content is 'The digest of what it says, by which a plan made again sees that nothing changed.';
comment on column message.fields is 'The figures and dates the template prints.';
comment on column message.act is 'The facts the law was asked about, as of the horizon.';
comment on column message.mac is 'Made by the planner with a key that is not in this database; the gate refuses a row without it.';

create table batch (
    id bigint generated always as identity primary key,
    day date not null,
    route text not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    messages integer not null,
    state text not null default 'queued' check (state in ('queued', 'claimed', 'done')),
    worker text
);
create index batch_waiting on batch (route, not_before) where state <> 'done';

create table disposition (
    day date not null,
    key bytea not null,
    version integer not null,
    outcome text not null check (outcome in ('dropped', 'expired', 'superseded')),
    code text not null,
    rule text,
    fact text,
    at timestamptz not null,
    primary key (day, key, version)
) partition by range (day);
create index disposition_by_key on disposition (key);
comment on table disposition is 'Messages that ended without leaving, and why.';

create table hand_over (
    key bytea primary key,
    day date not null,
    attempt integer not null
);
comment on table hand_over is 'One row per message that left or may have left: the reason why nothing is sent twice. Removed only when a carrier surely did not take it.';

create table reservation (
    key bytea not null,
    attempt integer not null,
    at timestamptz not null,
    person text not null,
    account text not null,
    number text not null,
    channel text not null,
    kind text not null default 'attempt',
    primary key (key, attempt, account)
);
create index reservation_by_person on reservation (person, at);
create index reservation_by_number on reservation (number, at);
create index reservation_by_account on reservation (account, at);
comment on table reservation is 'A contact counted against the caps of each of its scopes.';

create table permit (
    day date not null,
    key bytea not null,
    attempt integer not null,
    version integer not null,
    person text not null,
    route text not null,
    worker text not null,
    encoded_sha256 bytea not null check (octet_length(encoded_sha256) = 32),
    at timestamptz not null,
    not_after timestamptz not null,
    parts integer not null check (parts >= 1),
    verdict jsonb not null,
    entry uuid not null,
    mac bytea not null,
    primary key (day, key, attempt)
) partition by range (day);
create index permit_by_at on permit (at);
create index permit_by_key on permit (key);
create trigger permit_is_append_only before update or delete on permit
    for each row execute function refuse_change();
comment on table permit is 'The word of the gate for exact bytes at an instant, and the intent to hand them over: a permit without an answer is in doubt.';

create table answer (
    day date not null,
    key bytea not null,
    attempt integer not null,
    n integer not null default 1,
    outcome text not null check (outcome in ('accepted', 'refused', 'unsure', 'returned')),
    code text,
    reason text,
    remote_ids text[] not null default '{}',
    at timestamptz not null,
    primary key (day, key, attempt, n)
) partition by range (day);
create index answer_by_key on answer (key);
create trigger answer_is_append_only before update or delete on answer
    for each row execute function refuse_change();
comment on table answer is 'What became of a hand-over. A later n corrects an earlier doubt; "returned" means surely not taken, back to the queue.';

create table remote (
    day date not null,
    route text not null,
    normal_id text not null,
    key bytea not null,
    part integer not null,
    primary key (day, route, normal_id)
) partition by range (day);
comment on table remote is 'The carrier ids of each part in a normal form, for matching receipts.';

create table receipt (
    day date not null,
    id bigint generated always as identity,
    route text not null,
    remote_id text not null,
    normal_id text not null,
    forms text[] not null,
    destination text,
    state text not null,
    arrival text not null check (arrival in ('delivered', 'failed', 'unknown')),
    key bytea,
    part integer,
    carrier_at timestamptz,
    at timestamptz not null,
    provenance text not null,
    raw bigint,
    primary key (day, route, normal_id, state)
) partition by range (day);
comment on column receipt.forms is 'Every form of the id that the carrier may have given at submission, the surest first.';
comment on column receipt.destination is 'The blind index of the number that the receipt names; null where it names none.';
create index receipt_by_key on receipt (key) where key is not null;
create index receipt_unmatched on receipt (route, normal_id) where key is null;

create table reply (
    id bigint generated always as identity primary key,
    day date not null,
    route text not null,
    at timestamptz not null,
    person text,
    point text,
    intent text not null,
    confidence integer not null,
    raw bigint,
    acted text not null,
    dedupe bytea not null unique
);
create index reply_by_person on reply (person, at);

create table wake (
    id bigint generated always as identity primary key,
    person text not null,
    at timestamptz not null,
    why text not null check (why in ('fallback', 'deadline', 'promise', 'debt_changed', 'deferred', 'receipt')),
    key bytea,
    made_at timestamptz not null,
    done_by bigint references day_plan (id)
);
create index wake_waiting on wake (at) where done_by is null;

create table halt (
    id bigint generated always as identity primary key,
    scope text not null check (scope in ('all', 'creditor', 'channel', 'route', 'stage', 'template')),
    value text not null default '',
    reason text not null,
    by text not null,
    at timestamptz not null,
    entry uuid,
    resumed_at timestamptz,
    resumed_by text[],
    check (resumed_at is null or (cardinality(resumed_by) >= 2 and resumed_by[1] <> resumed_by[2]))
);
create index halt_in_force on halt (scope) where resumed_at is null;

create table person_key (
    name text primary key,
    public_key bytea not null unique check (octet_length(public_key) = 32),
    duties text[] not null,
    registered_at timestamptz not null
);

create table approval (
    id bigint generated always as identity primary key,
    subject text not null,
    digest text not null check (length(digest) = 64),
    name text not null references person_key (name),
    author text not null,
    nonce bytea not null unique check (octet_length(nonce) = 16),
    at timestamptz not null,
    expires timestamptz not null,
    max_messages bigint,
    max_overdue_minor bigint,
    signature bytea not null check (octet_length(signature) = 64),
    check (name <> author),
    check (expires > at)
);
create index approval_by_digest on approval (digest);
create trigger approval_is_append_only before update or delete on approval
    for each row execute function refuse_change();
comment on table approval is 'Signed by one person over one digest; the gate asks for two distinct people, neither the author, and checks each signature.';
