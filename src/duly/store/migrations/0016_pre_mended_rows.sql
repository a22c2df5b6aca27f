-- Feeds that came cut short, rows of the quarantine that were mended, and what followed from a load.

create table feed_cut (
    feed text primary key,
    code text not null,
    at timestamptz not null,
    by text not null
);
comment on table feed_cut is 'Feeds whose last load was refused because they were cut short, empty or older than what is in force: nothing leaves until they came whole.';

alter table quarantine add column manifest text;
alter table quarantine add column day date;
alter table quarantine add column row_name text;
alter table quarantine add column cells bytea;
comment on column quarantine.manifest is 'The snapshot that was loaded without the row; null for what is no part of the book.';
comment on column quarantine.day is 'Under whose key the row is sealed.';
comment on column quarantine.row_name is 'A keyed digest of the row, by which it is known again in the next file.';
comment on column quarantine.cells is 'The row by the lender''s columns, sealed; null where its cells stand under no columns.';

create table vault.mended_row (
    row_name text primary key,
    feed text not null,
    day date not null,
    sealed bytea not null,
    by text not null,
    at timestamptz not null
);
comment on table vault.mended_row is 'What stands in place of a row that was quarantined, sealed under the key of its day; it counts until that key is destroyed.';

create table load_consequence (
    manifest text not null,
    number integer not null,
    account text not null,
    kind text not null,
    facts jsonb not null,
    primary key (manifest, number)
);
comment on table load_consequence is 'What followed for an account from a load that said other than what was known.';
create index load_consequence_by_account on load_consequence (account);
create trigger load_consequence_is_append_only before update or delete on load_consequence
    for each row execute function refuse_change();

grant select on feed_cut, load_consequence to duly_planner, duly_worker, duly_console, duly_auditor;
