-- A person's key that is replaced by others, and what was decided about a database put back from a backup.

create table key_replacement (
    id bigint generated always as identity primary key,
    name text not null references person_key (name),
    old_key bytea not null unique check (octet_length(old_key) = 32),
    new_key bytea not null unique check (octet_length(new_key) = 32),
    digest text not null check (length(digest) = 64),
    approved_by text[] not null check (cardinality(approved_by) >= 2 and approved_by[1] <> approved_by[2]),
    at timestamptz not null,
    entry uuid not null,
    check (old_key <> new_key),
    check (name <> all (approved_by))
);
create index key_replacement_by_name on key_replacement (name);
create trigger key_replacement_is_append_only before update or delete on key_replacement
    for each row execute function refuse_change();
comment on table key_replacement is 'Which key of a person took the place of which, from when on, and by whose signatures over exactly this change.';

create table revoked_key (
    public_key bytea primary key check (octet_length(public_key) = 32),
    at timestamptz not null
);
create trigger revoked_key_is_append_only before update or delete on revoked_key
    for each row execute function refuse_change();
comment on table revoked_key is 'Keys of which the log knows that they were replaced, and this database, put back from a backup, did not.';

create function check_key_replacement() returns trigger
language plpgsql
as $$
begin
    if (
        select count(distinct a.name) from approval a
        where a.subject = 'key' and a.digest = new.digest and a.author = new.name
            and a.name = any(new.approved_by) and a.expires > duly_clock()
    ) < 2 then
        raise exception 'a key is replaced by two other people who signed the replacement';
    end if;
    return new;
end
$$;
create trigger key_replacement_is_signed before insert on key_replacement
    for each row execute function check_key_replacement();

create function check_person_key() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a person''s key is replaced, never removed';
    end if;
    if tg_op = 'UPDATE' then
        if new.name <> old.name then
            raise exception 'a key stays with the person it was registered for';
        end if;
        if new.public_key <> old.public_key and not exists (
            select 1 from key_replacement r
            where r.name = old.name and r.old_key = old.public_key and r.new_key = new.public_key
        ) then
            raise exception 'a person''s key changes only by a recorded replacement';
        end if;
    end if;
    if exists (select 1 from key_replacement r where r.old_key = new.public_key)
        or exists (select 1 from revoked_key r where r.public_key = new.public_key and tg_op = 'INSERT')
    then
        raise exception 'a key that was replaced is never registered again';
    end if;
    return new;
end
$$;
create trigger person_key_is_kept before insert or update or delete on person_key
    for each row execute function check_person_key();

create table recovery (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    database_size bigint not null,
    database_root bytea not null check (octet_length(database_root) = 32),
    database_epoch bigint not null,
    log_size bigint not null,
    log_root bytea not null check (octet_length(log_root) = 32),
    log_epoch bigint not null,
    everybody boolean not null,
    digest text not null check (length(digest) = 64),
    approved_by text[] not null check (cardinality(approved_by) >= 2 and approved_by[1] <> approved_by[2]),
    halt bigint not null references halt (id),
    free_from date,
    freed_by text[],
    check (log_size > database_size or (log_size = database_size and log_epoch > database_epoch)),
    check ((free_from is null) = (freed_by is null)),
    check (freed_by is null or (cardinality(freed_by) >= 2 and freed_by[1] <> freed_by[2]))
);
comment on table recovery is 'Each time the log was ahead of this database, what was found, and who decided to go on from the log.';
comment on column recovery.everybody is 'It could not be told who was written to since the backup, so everybody was held.';

create function check_recovery() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a recovery is never removed';
    end if;
    if old.free_from is not null
        or (new.id, new.at, new.database_size, new.database_root, new.database_epoch, new.log_size, new.log_root,
            new.log_epoch, new.everybody, new.digest, new.approved_by, new.halt)
        is distinct from
           (old.id, old.at, old.database_size, old.database_root, old.database_epoch, old.log_size, old.log_root,
            old.log_epoch, old.everybody, old.digest, old.approved_by, old.halt)
    then
        raise exception 'of a recovery only the end of its holds is added, once';
    end if;
    return new;
end
$$;
create trigger recovery_is_kept before update or delete on recovery
    for each row execute function check_recovery();

create table recovery_hold (
    recovery bigint not null references recovery (id),
    person text not null,
    primary key (recovery, person)
);
create trigger recovery_hold_is_append_only before update or delete on recovery_hold
    for each row execute function refuse_change();
comment on table recovery_hold is 'Who may have been written to while nobody here knew of it, and is held until two people say from which day on not.';

grant select on key_replacement, revoked_key, recovery, recovery_hold to duly_planner, duly_worker, duly_console, duly_auditor;
