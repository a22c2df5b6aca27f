-- Our own reference in a receipt, and the parts of a long reply until the whole is there.

alter table receipt add column reference integer;
comment on column receipt.reference is 'Our own reference of the segment, as the carrier echoes it; null where it does not.';

create table vault.reply_part (
    id bigint generated always as identity primary key,
    reply uuid not null,
    route text not null,
    source text not null,
    addressee text not null,
    reference integer not null,
    total integer not null check (total >= 2),
    number integer not null check (number between 1 and total),
    alphabet integer not null,
    raw bigint not null,
    day date not null,
    at timestamptz not null,
    sealed bytea not null,
    read_at timestamptz,
    unique (reply, number)
);
create index reply_part_by_source on vault.reply_part (source, at);
create index reply_part_unread on vault.reply_part (at) where read_at is null;
comment on table vault.reply_part is 'The parts of long replies, acknowledged to the carrier and sealed under the key of their day, until they are read: whole, or as far as they go.';
comment on column vault.reply_part.source is 'The blind index of the number they came from.';
comment on column vault.reply_part.reply is 'Which parts belong together; a phone uses a reference again.';

grant select, insert, update (read_at) on vault.reply_part to duly_worker;
