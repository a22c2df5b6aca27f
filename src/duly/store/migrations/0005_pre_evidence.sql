-- The evidence: entries commit with the facts they record; one sequencer gives them their place in the tree.

create table entry (
    day date not null,
    id uuid not null,
    at timestamptz not null,
    kind text not null,
    leaf bytea not null,
    primary key (day, id)
) partition by range (day);
create trigger entry_is_append_only before update or delete on entry
    for each row execute function refuse_change();

create table entry_waiting (
    id uuid primary key,
    day date not null,
    n bigint generated always as identity
);
comment on table entry_waiting is 'Entries without a place in the tree yet; taken away by the sequencer in the commit that gives the place.';

create table entry_place (
    tree_index bigint primary key,
    id uuid not null unique,
    day date not null
);
comment on table entry_place is 'Where each entry stands in the tree.';

create table entry_case (
    "case" text not null,
    seq bigint not null,
    id uuid not null,
    day date not null,
    primary key ("case", seq)
);
comment on table entry_case is 'The chain of a case: each of its entries in order, without gaps.';

create table log_head (
    only_row boolean primary key default true check (only_row),
    size bigint not null,
    root bytea not null,
    epoch bigint not null
);
comment on table log_head is 'Compare-and-set head of the log; also kept outside this database.';

create function ensure_day(wanted date) returns void
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
            if to_regclass(child) is null then
                execute format(
                    'create table %s partition of %s for values from (%L) to (%L)',
                    child, parent, wanted, wanted + 1
                );
            end if;
        end if;
    end loop;
end
$$;
comment on function ensure_day(date) is 'Makes the daily partitions of every table that is kept by day.';

grant usage on schema public, vault to duly_planner, duly_worker, duly_auditor, duly_console;
grant select on all tables in schema public to duly_planner, duly_worker, duly_console, duly_auditor;
grant execute on function ensure_day(date), duly_clock() to duly_planner, duly_worker;
revoke execute on function ensure_day(date) from public;

-- The planner says what is to be said and moves cases; it cannot release anything.
grant insert on day_plan, message, batch, case_file, case_event, stage_file, stage_event,
    entry, entry_waiting, entry_case, disposition, arm, wake to duly_planner;
grant update on case_file, stage_file, wake to duly_planner;
grant select, insert on vault.opening to duly_planner;
grant select on vault.person, vault.contact to duly_planner;

-- The worker is the gate: it releases, hands over and listens; it cannot plan.
grant insert on hand_over, reservation, permit, answer, remote, receipt, reply, wake, book_event, disposition,
    entry, entry_waiting, entry_case to duly_worker;
grant update on batch, case_file, receipt to duly_worker;
grant delete on hand_over, reservation, entry_waiting to duly_worker;
grant insert, update on log_head to duly_worker;
grant insert on entry_place to duly_worker;
grant select, insert on vault.message_text, vault.opening, vault.raw to duly_worker;
grant select on vault.person, vault.contact to duly_worker;
