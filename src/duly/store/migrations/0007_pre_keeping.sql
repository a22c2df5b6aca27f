-- What was written down is kept by the database itself, and no look-up costs more as the day grows.

-- Messages and their ends are written once. A trigger of a partitioned table holds for each of its days.
create trigger message_is_append_only before update or delete on message
    for each row execute function refuse_change();
create trigger disposition_is_append_only before update or delete on disposition
    for each row execute function refuse_change();

-- Sessions of ours plan each statement anew, which a body that runs once a row cannot afford.
create function keep_hand_over() returns trigger
language plpgsql
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if tg_op = 'DELETE' and (
        select a.outcome from answer a
        where a.day = old.day and a.key = old.key and a.attempt = old.attempt order by a.n desc limit 1
    ) = 'returned' then
        return old;
    end if;
    raise exception '% keeps what left or may have left', tg_table_name;
end
$$;
comment on function keep_hand_over() is 'Only a message that the carrier gave back, as is written by then, may leave again.';
create trigger hand_over_is_kept before update or delete on hand_over
    for each row execute function keep_hand_over();

create function keep_reservation() returns trigger
language plpgsql
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if tg_op = 'DELETE' and (
        select a.outcome from answer a
        where a.key = old.key and a.attempt = old.attempt
            -- A message leaves on its own day; a week is more than any zone makes of that.
            and a.day between (old.at - interval '7 days')::date and (old.at + interval '7 days')::date
        order by a.n desc limit 1
    ) in ('returned', 'refused') then
        return old;
    end if;
    raise exception '% keeps what counts against a cap', tg_table_name;
end
$$;
comment on function keep_reservation() is 'Only a contact that did not happen, as is written by then, counts no more.';
create trigger reservation_is_kept before update or delete on reservation
    for each row execute function keep_reservation();

alter function move_case() set plan_cache_mode = 'force_generic_plan';
alter function move_stage() set plan_cache_mode = 'force_generic_plan';

create function refuse_emptying() returns trigger
language plpgsql
as $$
begin
    raise exception '% is not emptied', tg_table_name;
end
$$;
comment on function refuse_emptying() is 'Trigger body against TRUNCATE, which no trigger of a row sees.';

-- Row triggers come to a new day's partition by themselves, this one does not.
create function keep_from_emptying(kept regclass) returns void
language plpgsql
as $$
begin
    execute format(
        'create trigger is_not_emptied before truncate on %s for each statement execute function refuse_emptying()', kept
    );
end
$$;
revoke execute on function keep_from_emptying(regclass) from public;

do $$
declare
    kept regclass;
begin
    for kept in
        select c.oid::regclass
        from pg_class c
        where c.oid = any(array[
            'hand_over', 'reservation', 'book_event', 'case_event', 'stage_event', 'arm', 'approval', 'release_list'
        ]::regclass[])
        union all
        select t.relid
        from unnest(array['message', 'disposition', 'permit', 'answer', 'entry']::regclass[]) as p (parent)
        cross join lateral pg_partition_tree(p.parent) t
    loop
        perform keep_from_emptying(kept);
    end loop;
end
$$;

create table awaited (
    key bytea primary key,
    day date not null,
    route text not null
);
create index awaited_by_day on awaited (day, route);
comment on table awaited is 'Accepted messages of which no receipt has told the end yet. A help to look-ups, never a proof: what happened stands in answer and receipt.';
insert into awaited (key, day, route)
select distinct on (a.key) a.key, a.day, p.route
from answer a
join permit p on p.day = a.day and p.key = a.key and p.attempt = a.attempt
where a.outcome = 'accepted' and cardinality(a.remote_ids) > 0
    and not exists (select 1 from receipt r where r.key = a.key and r.arrival <> 'unknown');

create or replace function ensure_day(wanted date) returns void
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
    parent text;
    child text;
begin
    foreach parent in array array[
        'public.message', 'public.disposition', 'public.permit', 'public.answer', 'public.remote',
        'public.receipt', 'public.entry', 'vault.message_text', 'vault.opening'
    ] loop
        child := format('%I.%I', split_part(parent, '.', 1), split_part(parent, '.', 2) || '_' || to_char(wanted, 'YYYYMMDD'));
        if to_regclass(child) is null then
            perform pg_advisory_xact_lock(hashtextextended('duly.partition.' || child, 0));
            -- Whoever waited for the lock may still remember that the name was nobody's: the catalogue itself is asked.
            if not exists (
                select 1 from pg_class c
                where c.relnamespace = split_part(parent, '.', 1)::regnamespace
                    and c.relname = split_part(parent, '.', 2) || '_' || to_char(wanted, 'YYYYMMDD')
            ) then
                execute format(
                    'create table %s partition of %s for values from (%L) to (%L)',
                    child, parent, wanted, wanted + 1
                );
                if parent in ('public.message', 'public.disposition', 'public.permit', 'public.answer', 'public.entry') then
                    perform keep_from_emptying(child::regclass);
                end if;
                if parent = 'public.receipt' then
                    delete from awaited a where a.day < wanted - 40; -- no receipt finds its message after 35 days
                end if;
            end if;
        end if;
    end loop;
end
$$;

-- A key that begins with the day is of no use to who knows the key and not the day, since a partition has one day: each
-- such look-up read the whole partition, or took a second index. The order of its columns can only be changed by
-- building a key anew; nobody has it in the old order yet but those who try duly out.
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table message drop constraint message_pkey, add constraint message_pkey primary key (key, version, day);
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table disposition drop constraint disposition_pkey, add constraint disposition_pkey primary key (key, version, day);
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table permit drop constraint permit_pkey, add constraint permit_pkey primary key (key, attempt, day);
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table answer drop constraint answer_pkey, add constraint answer_pkey primary key (key, attempt, n, day);
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table remote drop constraint remote_pkey, add constraint remote_pkey primary key (normal_id, route, day);
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-serial-primary-key-field
alter table receipt drop constraint receipt_pkey, add constraint receipt_pkey primary key (normal_id, route, state, day);
-- squawk-ignore require-concurrent-index-deletion
drop index message_by_key;
-- squawk-ignore require-concurrent-index-deletion
drop index disposition_by_key;
-- squawk-ignore require-concurrent-index-deletion
drop index permit_by_key;
-- squawk-ignore require-concurrent-index-deletion
drop index answer_by_key;
-- A batch lives for a day, and few wait at a time.
-- squawk-ignore require-concurrent-index-creation
create index batch_outliving on batch (not_after) where state = 'queued';

grant select on awaited to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert, update, delete on awaited to duly_worker;
