-- What another system did before this one took over, as its files say it: imported, not witnessed by us.

create table imported (
    n bigint generated always as identity,
    key bytea primary key check (octet_length(key) = 16),
    source text not null,
    reference text not null,
    kind text not null check (kind in (
        'attempt', 'conversation', 'notice', 'demand', 'opt_out', 'complaint', 'dispute', 'promise', 'acknowledgement',
        'agreement', 'recording'
    )),
    at timestamptz not null,
    on_date date not null,
    person text,
    account text,
    channel text,
    point text,
    value_key text,
    result text,
    notice text,
    said text,
    arrival text,
    arrived_on date,
    proof text not null check (proof in ('asserted', 'receipt', 'acknowledged', 'recording')),
    proof_ref text,
    until date,
    leaf bytea not null check (octet_length(leaf) = 32),
    entry uuid not null,
    entry_day date not null,
    unique (source, reference),
    check (person is not null or account is not null or (kind = 'opt_out' and value_key is not null))
);
create index imported_by_account on imported (account, at);
create index imported_by_person on imported (person, at);
create index imported_by_entry on imported (entry, n);
create trigger imported_is_append_only before update or delete on imported
    for each row execute function refuse_change();
comment on table imported is 'History of the system that was used before, one row for each thing that it says happened.';
comment on column imported.key is 'Digest of source and reference: the same row loaded again is the same row.';
comment on column imported.value_key is 'The blind index of the number or address; the value itself is nowhere.';
comment on column imported.said is 'Where the other system keeps the text.';
comment on column imported.proof is 'What there is to show for it: asserted is a row of the other system and nothing else.';
comment on column imported.leaf is 'Hash of the row as a leaf of the tree whose root stands in the evidence entry of its load.';

-- Beside reservations and not among them: nothing here was permitted by the gate, and nothing gives it back.
create table imported_contact (
    key bytea not null references imported (key),
    at timestamptz not null,
    person text not null,
    account text not null,
    number text not null,
    channel text not null,
    kind text not null check (kind in ('attempt', 'conversation', 'message_sent')),
    primary key (key, person, account)
);
create index imported_contact_by_person on imported_contact (person, at);
create index imported_contact_by_number on imported_contact (number, at);
create trigger imported_contact_is_append_only before update or delete on imported_contact
    for each row execute function refuse_change();
comment on table imported_contact is 'Contacts of the system before that count against the caps, once for each person and account.';

select keep_from_emptying('imported'), keep_from_emptying('imported_contact');

grant select on imported, imported_contact to duly_planner, duly_worker, duly_console, duly_auditor;
