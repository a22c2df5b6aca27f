-- A snapshot may be folded from another one and what happened since, while messages planned from the other still leave.

alter table manifest add column base text;
alter table manifest add column folded_from text;
alter table manifest add column removed_at timestamptz;
comment on column manifest.base is 'The load that it goes back to: itself, or what was folded. Snapshots of one base differ only by events, which are asked for by their numbers.';
comment on column manifest.folded_from is 'The snapshot that was in force when this one was made from it and its events; null for a load.';
comment on column manifest.removed_at is 'When its files were removed; the row stays, because plans name it.';
update manifest set base = digest where base is null;

create function check_manifest() returns trigger
language plpgsql
as $$
declare
    parent manifest%rowtype;
begin
    if tg_op = 'DELETE' then
        raise exception '% keeps what plans were made from', tg_table_name;
    end if;
    if tg_op = 'UPDATE' then
        if (new.digest, new.as_of, new.as_of_event, new.feeds, new.base, new.folded_from)
            is distinct from (old.digest, old.as_of, old.as_of_event, old.feeds, old.base, old.folded_from) then
            raise exception 'a snapshot is named by what is in it, and does not change';
        end if;
        if new.removed_at is not null and old.removed_at is null
            and new.number = (select max(m.number) from manifest m) then
            raise exception 'the snapshot in force keeps its files';
        end if;
        return new;
    end if;
    if new.folded_from is null then
        if new.base is distinct from new.digest then
            raise exception 'a load goes back to itself';
        end if;
        return new;
    end if;
    select * into parent from manifest m order by m.number desc limit 1;
    if parent.digest is distinct from new.folded_from then
        raise exception 'a snapshot is folded from the one in force';
    end if;
    if new.base is distinct from parent.base or new.as_of <> parent.as_of then
        raise exception 'a folded snapshot goes back to the same load';
    end if;
    if new.as_of_event <= parent.as_of_event then
        raise exception 'a folded snapshot holds more events than the one it is made from';
    end if;
    return new;
end
$$;
comment on function check_manifest() is 'What a snapshot is made from is decided when it is put in force, and a fold never passes over a load.';
create trigger manifest_is_kept before insert or update or delete on manifest
    for each row execute function check_manifest();
