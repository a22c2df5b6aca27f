-- name: days_kept
-- Which days stand in the database, by table, with what they take; `pending` is null of a table that is already by itself.
select p.relname as parent, to_date(right(c.relname, 8), 'YYYYMMDD') as day, i.inhdetachpending as pending,
    pg_total_relation_size(c.oid)::bigint as bytes
from pg_inherits i
join pg_class p on p.oid = i.inhparent
join pg_class c on c.oid = i.inhrelid
where p.oid = any(array['message', 'disposition', 'permit', 'answer', 'remote', 'receipt']::regclass[])
union all
select split_part(a.parent, '.', 2), a.day, null, pg_total_relation_size(c.oid)::bigint
from put_away a
join pg_class c on c.oid = to_regclass(a.parent || '_' || to_char(a.day, 'YYYYMMDD'))
where not exists (select 1 from pg_inherits i where i.inhrelid = c.oid)
order by 2, 1;

-- name: asked_of_day
-- What still asks for a day: open episodes that its messages speak of, and hand-overs of which nobody knows the end.
select
    (
        select count(distinct f."case")
        from message m cross join lateral unnest(m.cases) as c ("case")
        join case_file f on f."case" = c."case"
        where m.day = %(day)s and f.state in ('none', 'open')
    ) as cases,
    (
        select count(*) from permit p
        left join lateral (
            select a.outcome from answer a
            where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.day = %(day)s order by a.n desc limit 1
        ) l on true
        where p.day = %(day)s and (l.outcome is null or l.outcome = 'unsure')
            and not exists (
                select 1 from doubt_closed x where x.key = p.key and x.attempt = p.attempt and x.day = p.day
            )
    ) as doubts,
    (select count(*) from batch b where b.day = %(day)s and b.state <> 'done') as batches;

-- name: note_put_away
-- Say where a day of a table lies from now on.
insert into put_away (day, parent, file, sha256, rows, at, by)
values (%(day)s, %(parent)s, %(file)s, %(sha256)s, %(rows)s, duly_clock(), %(by)s) on conflict do nothing;

-- name: put_away_of
-- Where the tables of a day lie that were put away.
select a.parent, a.file, a.sha256, a.rows from put_away a where a.day = %(day)s order by a.parent;

-- name: days_put_away
-- Every day that was put away.
select a.day, sum(a.rows)::bigint as rows, min(a.file) as file from put_away a group by a.day order by a.day;

-- name: away_message
-- The message rows of a day, to be put away.
select
    t.day, t.key, t.version, t.plan, t.batch, t.notice_key, t.code, t.person, t.creditor, t.servicer, t.brand,
    t.stage, t.occurrence, t.step, t.notice, t.class, t.locale, t.channel, t.route, t.point, t.value_key, t.cases,
    t.accounts, t.fields::text as fields, t.act::text as act, t.template_digest, t.content, t.deadline_on, t.parts,
    t.billed, t.cost_micro, t.not_before, t.not_after, t.binding_rule, t.arm, t.release, t.manifest, t.horizon,
    t.mac
from message t where t.day = %(day)s order by t.key, t.version;

-- name: away_disposition
-- The disposition rows of a day, to be put away.
select
    t.day, t.key, t.version, t.outcome, t.code, t.rule, t.fact, t.at
from disposition t where t.day = %(day)s order by t.key, t.version;

-- name: away_permit
-- The permit rows of a day, to be put away.
select
    t.day, t.key, t.attempt, t.version, t.person, t.route, t.worker, t.encoded_sha256, t.at, t.not_after, t.parts,
    t.verdict::text as verdict, t.entry::text as entry, t.mac
from permit t where t.day = %(day)s order by t.key, t.attempt;

-- name: away_answer
-- The answer rows of a day, to be put away.
select
    t.day, t.key, t.attempt, t.n, t.outcome, t.code, t.reason, t.remote_ids, t.at
from answer t where t.day = %(day)s order by t.key, t.attempt, t.n;

-- name: away_remote
-- The remote rows of a day, to be put away.
select
    t.day, t.route, t.normal_id, t.key, t.part
from remote t where t.day = %(day)s order by t.normal_id, t.route;

-- name: away_receipt
-- The receipt rows of a day, to be put away.
select
    t.day, t.id, t.route, t.remote_id, t.normal_id, t.forms, t.destination, t.state, t.arrival, t.key, t.part,
    t.carrier_at, t.at, t.provenance, t.raw, t.reference
from receipt t where t.day = %(day)s order by t.id;
