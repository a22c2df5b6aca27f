-- What the amounts of a notice were reckoned from, kept so that they can be reckoned again when the book is long gone.
create table vault.account_facts (
    person text not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    day date not null,
    sealed bytea not null,
    primary key (person, sha256)
);
comment on table vault.account_facts is 'The rows of an account on the day of a notice, sealed under the key of the person told; an evidence entry holds the SHA-256 of what is sealed.';
create trigger account_facts_are_append_only before update or delete on vault.account_facts
    for each row execute function refuse_change();

grant select, insert on vault.account_facts to duly_planner;
grant select on vault.account_facts to duly_worker, duly_auditor;
