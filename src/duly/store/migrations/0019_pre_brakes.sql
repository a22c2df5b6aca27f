-- Brakes: halts of more scopes, ceilings of more kinds, first parts of a run that are waited for, the lender's own
-- phones; and days that are made ahead and put away without anybody waiting.

-- A list of words that only grows: no row of before can break it.
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid, adding-not-nullable-field
alter table halt drop constraint halt_scope_check, add constraint halt_scope_check
    check (scope in ('all', 'creditor', 'brand', 'channel', 'route', 'stage', 'template', 'person', 'account'));
-- The worker stops by itself where the numbers say so; going on takes two people, as ever.
grant insert, update (entry) on halt to duly_worker;

create table quota (
    scope text not null,
    begins timestamptz not null,
    messages bigint not null default 0 check (messages >= 0),
    cost_micro bigint not null default 0 check (cost_micro >= 0),
    primary key (scope, begins)
);
comment on table quota is 'What was permitted in an hour or on a local day, in all or on one route: never less than what left or may have left.';
grant select on quota to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert, update on quota to duly_worker;

alter table day_plan add column beyond text[] not null default '{}';
comment on column day_plan.beyond is 'In what the run was out of the ordinary: then two people release it.';
alter table day_plan add column persons bigint not null default 0;
alter table day_plan add column cost_micro bigint not null default 0;

create table canary (
    plan bigint not null references day_plan (id),
    route text not null,
    template_digest text not null,
    notice text not null,
    messages bigint not null check (messages >= 1),
    rest bigint not null check (rest >= 1),
    passed_at timestamptz,
    passed_by text check (passed_by in ('receipts', 'people')),
    halt bigint references halt (id),
    primary key (plan, route, template_digest),
    check ((passed_at is null) = (passed_by is null))
);
create index canary_open on canary (plan) where passed_at is null;
comment on table canary is 'The first part of a run by one template on one route, whose receipts are waited for before the rest leaves.';
create table canary_message (
    plan bigint not null,
    key bytea not null check (octet_length(key) = 16),
    route text not null,
    template_digest text not null,
    primary key (plan, key),
    foreign key (plan, route, template_digest) references canary (plan, route, template_digest)
);
create index canary_message_by_canary on canary_message (plan, route, template_digest);
create trigger canary_message_is_append_only before update or delete on canary_message
    for each row execute function refuse_change();
comment on table canary_message is 'The messages of such a first part.';

create function keep_canary() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and old.passed_at is null
        and (to_jsonb(new) - 'passed_at' - 'passed_by' - 'halt') = (to_jsonb(old) - 'passed_at' - 'passed_by' - 'halt')
        and (old.halt is null or new.halt = old.halt)
        and (new.passed_by is distinct from 'people' or exists (
            select 1 from halt h where h.id = new.halt and h.resumed_at is not null
        ))
    then
        return new;
    end if;
    raise exception '% is passed once, by its receipts or by those who lift its halt', tg_table_name;
end
$$;
create trigger canary_is_kept before update or delete on canary
    for each row execute function keep_canary();
grant select on canary, canary_message to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert on canary, canary_message to duly_planner;
grant update (passed_at, passed_by, halt) on canary to duly_worker;

create table seed (
    key bytea primary key check (octet_length(key) = 16),
    route text not null,
    template_digest text not null,
    notice text not null,
    number text not null,
    encoded_sha256 bytea not null check (octet_length(encoded_sha256) = 32),
    at timestamptz not null,
    worker text not null
);
create index seed_by_template on seed (route, template_digest);
create trigger seed_is_append_only before update or delete on seed
    for each row execute function refuse_change();
comment on table seed is 'A template with invented figures on its way to one of the lender''s own phones: written before any byte leaves. The number is its blind index.';
create table seed_answer (
    key bytea primary key references seed (key),
    outcome text not null check (outcome in ('accepted', 'refused', 'unsure', 'returned')),
    reason text not null,
    remote_ids text[] not null default '{}',
    at timestamptz not null
);
create trigger seed_answer_is_append_only before update or delete on seed_answer
    for each row execute function refuse_change();
comment on table seed_answer is 'What the carrier said of it.';
grant select on seed, seed_answer to duly_planner, duly_worker, duly_console, duly_auditor;
grant insert on seed, seed_answer to duly_worker;

create table put_away (
    day date not null,
    parent text not null,
    file text not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    rows bigint not null check (rows >= 0),
    at timestamptz not null,
    by text not null,
    primary key (day, parent)
);
create trigger put_away_is_append_only before update or delete on put_away
    for each row execute function refuse_change();
comment on table put_away is 'A day of a table that lies in a Parquet file now, and where.';
grant select on put_away to duly_planner, duly_worker, duly_console, duly_auditor;

do $$
declare
    kept text;
begin
    foreach kept in array array['canary', 'canary_message', 'seed', 'seed_answer', 'put_away'] loop
        perform keep_from_emptying(kept::regclass);
    end loop;
end
$$;

create or replace function ensure_day(wanted date) returns void
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
    whole text;
    named text;
    child text;
begin
    foreach whole in array array[
        'public.message', 'public.disposition', 'public.permit', 'public.answer', 'public.remote',
        'public.receipt', 'public.entry', 'vault.message_text', 'vault.opening'
    ] loop
        named := split_part(whole, '.', 2) || '_' || to_char(wanted, 'YYYYMMDD');
        child := format('%I.%I', split_part(whole, '.', 1), named);
        if to_regclass(child) is null then
            perform pg_advisory_xact_lock(hashtextextended('duly.partition.' || child, 0));
            -- Whoever waited for the lock may still remember that the name was nobody's: the catalogue itself is asked.
            if not exists (
                select 1 from pg_class c
                where c.relnamespace = split_part(whole, '.', 1)::regnamespace and c.relname = named
            ) then
                if exists (
                    select 1 from put_away p where p.day = wanted and p.parent = whole
                ) then
                    raise exception 'a day that was put away is not begun again';
                end if;
                -- Made apart and attached afterwards: `create table ... partition of` asks for the parent alone, so it
                -- would wait for whoever reads an old day in a long report, and everybody else behind it.
                execute format('create table %s (like %s including defaults including constraints)', child, whole);
                execute format(
                    'alter table %s attach partition %s for values from (%L) to (%L)', whole, child, wanted, wanted + 1
                );
                if whole in ('public.message', 'public.disposition', 'public.permit', 'public.answer', 'public.entry') then
                    perform keep_from_emptying(child::regclass);
                end if;
                if whole = 'public.receipt' then
                    delete from awaited a where a.day < wanted - 40; -- no receipt finds its message after 35 days
                end if;
            end if;
        end if;
    end loop;
end
$$;
