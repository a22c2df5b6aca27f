-- What is owed: manifests of snapshots, everything that happened since, and the vault.

create schema vault;
comment on schema vault is 'Personal data, sealed under one key per person that is kept outside this database.';

create table vault.person (
    person text primary key,
    sealed bytea not null
);

create table vault.contact (
    point text primary key,
    person text not null,
    channel text not null,
    value_key text not null,
    agreed_for_service boolean not null default false,
    sealed bytea not null
);
create index contact_by_value on vault.contact (value_key);
create index contact_by_person on vault.contact (person);

create table vault.message_text (
    day date not null,
    key bytea not null,
    attempt integer not null,
    person text not null,
    sealed bytea not null,
    primary key (day, key, attempt)
) partition by range (day);
comment on table vault.message_text is 'The exact text of each message that the gate released.';

create table vault.opening (
    day date not null,
    entry uuid not null,
    person text not null,
    sealed bytea not null,
    primary key (day, entry, person)
) partition by range (day);
comment on table vault.opening is 'Salts and values behind the commitments of an evidence entry, one row per person it concerns.';

create table vault.raw (
    id bigint generated always as identity primary key,
    day date not null,
    route text not null,
    at timestamptz not null,
    sealed bytea not null
);
create index raw_by_day on vault.raw (day);
comment on table vault.raw is 'What a carrier sent, as it came, under one key per day; the key is destroyed when the day expires.';

create table manifest (
    digest text primary key,
    number bigint generated always as identity unique,
    as_of date not null,
    as_of_event bigint not null,
    path text not null,
    feeds jsonb not null,
    loaded_at timestamptz not null
);
comment on table manifest is 'Each snapshot of the book; the newest number is the one in force.';

create table feed_mark (
    feed text primary key,
    sha256 text not null,
    rows bigint not null,
    watermark text,
    control_total_minor bigint,
    as_of date not null,
    loaded_at timestamptz not null
);

create table book_event (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    kind text not null check (kind in (
        'payment', 'reversal', 'hold_set', 'hold_lifted', 'contact_state', 'consent', 'balance', 'status', 'suit_list'
    )),
    person text,
    account text,
    point text,
    amount_minor bigint,
    on_date date,
    detail text,
    ref text,
    source text not null,
    unique (kind, ref)
);
create index book_event_by_person on book_event (person, seq) where person is not null;
create index book_event_by_account on book_event (account, seq) where account is not null;
create trigger book_event_is_append_only before update or delete on book_event
    for each row execute function refuse_change();
comment on table book_event is 'Everything known of a debt or a debtor since the snapshot, in the order it became known.';

create table account_party (
    account text not null,
    person text not null,
    role text not null,
    liable boolean not null,
    primary key (account, person)
);
create index account_party_by_person on account_party (person);
comment on table account_party is 'Who is liable on which account in the snapshot in force, for locks and for the events of an account.';

create table quarantine (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    feed text not null,
    file text not null,
    line bigint,
    field text,
    code text not null,
    sealed bytea
);
comment on table quarantine is 'Rows that were not loaded, with place and reason; the row itself is sealed under the key of its day.';
