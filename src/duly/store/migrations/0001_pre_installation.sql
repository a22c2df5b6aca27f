-- What this database is, the clock of the gate, and the roles that may touch what follows.

create table installation (
    only_row boolean primary key default true check (only_row),
    invented boolean not null,
    origin text not null,
    log_key text not null,
    created_at timestamptz not null default clock_timestamp()
);
comment on table installation is 'One row. "invented" is set at creation and never afterwards: its keys refuse every carrier but our own simulated one.';

create table clock_offset (
    only_row boolean primary key default true check (only_row),
    seconds bigint not null default 0 check (seconds >= 0)
);
comment on table clock_offset is 'How far the virtual clock of an invented database runs ahead. It only moves forward.';

create function duly_clock() returns timestamptz
language sql volatile
as $$
    select clock_timestamp() + make_interval(secs => coalesce((select o.seconds from clock_offset o), 0)::double precision)
$$;
comment on function duly_clock() is 'The only clock of the gate (decision D21).';

create function refuse_installation_change() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'DELETE' or new.invented is distinct from old.invented or new.origin is distinct from old.origin then
        raise exception 'the kind and the origin of an installation cannot be changed' using errcode = 'raise_exception';
    end if;
    return new;
end
$$;
create trigger installation_is_fixed before update or delete on installation
    for each row execute function refuse_installation_change();

create function refuse_clock_change() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'the clock offset cannot be removed';
    end if;
    if not exists (select 1 from installation i where i.invented) then
        raise exception 'only an invented database has a virtual clock';
    end if;
    if tg_op = 'UPDATE' and new.seconds < old.seconds then
        raise exception 'the virtual clock only moves forward';
    end if;
    return new;
end
$$;
create trigger clock_only_moves_forward before insert or update or delete on clock_offset
    for each row execute function refuse_clock_change();

create function refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '% is append-only', tg_table_name;
end
$$;
comment on function refuse_change() is 'Trigger body of the append-only tables.';

do $$
declare
    wanted text;
begin
    foreach wanted in array array['duly_planner', 'duly_worker', 'duly_console', 'duly_auditor'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null; -- roles belong to the cluster; another database made it
        end;
        execute format('grant %I to current_user', wanted);
    end loop;
end
$$;
