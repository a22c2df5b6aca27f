-- name: lender_settle
-- How the lender's own database answers us: within a time, and in forms that do not depend on its settings.
select set_config('statement_timeout', %(timeout)s::text, true),
    set_config('lock_timeout', '10s', true),
    set_config('idle_in_transaction_session_timeout', '3600s', true),
    set_config('DateStyle', 'ISO, YMD', true),
    set_config('TimeZone', 'UTC', true);

-- name: lender_may
-- By what our role in the lender's own database could change something: itself or as any role it may become.
with mine as (
    select r.oid, r.rolname, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication as rules
    from pg_roles r where pg_has_role(r.oid, 'member')
)
select current_user as role,
    exists (
        select from mine m where m.rules or m.rolname in
            ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_database_owner')
    ) as rules,
    exists (select from mine m where has_database_privilege(m.oid, current_database(), 'create')) as makes,
    (
        select n.nspname from pg_namespace n
        where n.nspname !~ '^pg_' and exists (select from mine m where has_schema_privilege(m.oid, n.oid, 'create'))
        order by n.nspname limit 1
    ) as makes_in,
    (
        select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f')
            and exists (
                select from mine m
                where has_table_privilege(m.oid, c.oid, 'insert, update, delete, truncate')
                    or has_any_column_privilege(m.oid, c.oid, 'insert, update')
            )
        order by 1 limit 1
    ) as writes;

-- name: lender_answer
-- What a query of the lender answers, as CSV; the query stands in the place of the one that answers nothing.
copy (
select null as answer
) to stdout (format csv, header true, encoding 'UTF8');
