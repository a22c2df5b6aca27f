-- name: horizon
-- The last thing that is known of any debt.
select coalesce(max(e.seq), 0)::bigint as horizon from book_event e;

-- name: manifest_in_force
-- The snapshot in force.
select m.digest, m.as_of, m.as_of_event, m.path, m.feeds, m.base from manifest m order by m.number desc limit 1;

-- name: events_to_fold
-- How many events are not in the snapshot in force yet.
select count(*) from book_event e
where e.seq > coalesce((select m.as_of_event from manifest m order by m.number desc limit 1), 0);

-- name: events_between
-- What became known after the snapshot, up to the horizon.
select e.seq, e.at, e.kind, e.person, e.account, e.point, e.amount_minor, e.on_date, e.detail, e.ref
from book_event e where e.seq > %(after)s and e.seq <= %(horizon)s order by e.seq;

-- name: cases_standing
-- Every episode and its state; of some persons, where any are named.
select f."case", f.account, f.opened_on, f.state, f.strategy_digest
from case_file f
where %(persons)s::text[] is null
    or f.account in (select a.account from account_party a where a.person = any(%(persons)s::text[]))
order by f."case";

-- name: stages_standing
-- Every stage that was begun, by liable person; of some, where any are named.
select s.person, f.account, s."case", s.stage, s.state, s.opened_on, s.served_on, s.closed_on
from stage_file s join case_file f on f."case" = s."case"
where %(persons)s::text[] is null or s.person = any(%(persons)s::text[])
order by s."case", s.person, s.opened_on, s.stage;

-- name: messages_standing
-- The newest version of each message and what became of it. Any permit without an answer is a doubt, whoever wrote it;
-- of one that was closed nobody knows whether it arrived, and nothing is waited for.
with newest as materialized (
    select distinct on (i.key)
        i.key, i.version, i.person, i.creditor, i.brand, i.stage, i.occurrence, i.step, i.channel, i.point, i.cases, i.day,
        i.not_before, i.not_after, i.content, i.deadline_on
    from message i
    where i.day >= %(since)s and (%(persons)s::text[] is null or i.person = any(%(persons)s::text[]))
    order by i.key, i.day desc, i.version desc
), permitted as materialized (
    select distinct on (q.key) q.key, q.at, q.day, q.attempt, q.parts
    from permit q
    where q.day >= %(since)s and (%(persons)s::text[] is null or q.key in (select n.key from newest n))
    order by q.key, q.day desc, q.attempt desc
), answered as materialized (
    select distinct on (l.key, l.attempt, l.day) l.key, l.attempt, l.day, l.outcome
    from answer l
    where l.day >= %(since)s and (%(persons)s::text[] is null or l.key in (select n.key from newest n))
    order by l.key, l.attempt, l.day, l.n desc
), ended as materialized (
    -- The newest version withdrawn, and none after it: nobody wants it any more.
    select x.key, x.day, x.version, case when x.outcome = 'superseded' then 'dropped' else x.outcome end as outcome
    from disposition x where x.day >= %(since)s
), arrived as materialized (
    select
        y.key, bool_or(y.arrival = 'failed') as failed,
        count(distinct y.part) filter (where y.arrival = 'delivered') as delivered, max(y.at) as at
    from receipt y
    where y.key is not null and y.day >= %(since)s
        and (%(persons)s::text[] is null or y.key in (select n.key from newest n))
    group by y.key
)
select
    m.key, m.version, m.person, m.creditor, m.brand, m.stage, m.occurrence, m.step, m.channel, m.point, m.cases, m.day,
    m.not_before, m.not_after, m.content, m.deadline_on,
    case
        when a.outcome = 'returned' then d.outcome
        when a.outcome is not null then a.outcome
        when p.key is not null then 'unsure'
        else d.outcome
    end as outcome,
    case when a.outcome = 'returned' then null else (p.at at time zone %(zone)s)::date end as sent_on,
    case
        when r.key is null then case when z.key is not null then 'unknown' end
        when r.failed then 'failed'
        when r.delivered >= p.parts then 'delivered'
        else 'unknown'
    end as arrival,
    (r.at at time zone %(zone)s)::date as arrived_on,
    c.agreed_for_service
from newest m
left join permitted p on p.key = m.key
left join answered a on a.key = p.key and a.attempt = p.attempt and a.day = p.day
left join ended d on d.key = m.key and d.day = m.day and d.version = m.version
left join arrived r on r.key = m.key
left join doubt_closed z on z.key = p.key and z.attempt = p.attempt and z.day = p.day
left join vault.contact c on c.point = m.point
order by m.key;

-- name: contacts_standing
-- Everything that counts against a cap since an instant, the contacts of the system before included; what reached some
-- persons or their numbers, where any are named.
select r.key, r.at, r.kind, r.channel, r.person, r.account, r.number from reservation r
where r.at > %(since)s
    and (
        %(persons)s::text[] is null or r.person = any(%(persons)s::text[])
        or r.number in (select c.value_key from vault.contact c where c.person = any(%(persons)s::text[]))
    )
union all
select i.key, i.at, i.kind, i.channel, i.person, i.account, i.number from imported_contact i
where i.at > %(since)s
    and (
        %(persons)s::text[] is null or i.person = any(%(persons)s::text[])
        or i.number in (select c.value_key from vault.contact c where c.person = any(%(persons)s::text[]))
    )
order by 2, 1;

-- name: record_plan
-- Write down what a day's plan was made from.
insert into day_plan (
    day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest, destinations_digest,
    settings_digest, channels_digest, decisions_path, decisions_root, messages, sum_minor, at, released,
    beyond, persons, cost_micro
) values (
    %(day)s, %(reason)s, %(manifest)s, %(horizon)s, %(strategy_digest)s, %(templates_digest)s, %(packs_digest)s,
    %(destinations_digest)s, %(settings_digest)s, %(channels_digest)s, %(decisions_path)s, %(decisions_root)s, %(messages)s, %(sum_minor)s, %(at)s, %(released)s,
    %(beyond)s::text[], %(persons)s, %(cost_micro)s
) returning id;

-- name: keep_source
-- Say where what a plan was made from is kept.
insert into plan_source (plan, path, digest) values (%(plan)s, %(path)s, %(digest)s);

-- name: plan_made
-- A plan as it was recorded, and where what it was made from is kept.
select p.id, p.day, p.reason, p.manifest, p.horizon, p.decisions_path, p.decisions_root, p.at,
    s.path as source_path, s.digest as source_digest
from day_plan p left join plan_source s on s.plan = p.id where p.id = %(plan)s;

-- name: plans_of_day
-- The plans made for a day.
select p.id, p.reason, p.manifest, p.horizon, p.messages, p.at, p.released, p.decisions_path, p.decisions_root
from day_plan p where p.day = %(day)s order by p.id;

-- name: all_plans
-- Every plan that was made, in order.
select p.id, p.day, p.reason, p.manifest, p.horizon, p.decisions_path, p.decisions_root, p.packs_digest, p.strategy_digest, p.at
from day_plan p order by p.id;

-- name: entries_of_kind
-- The evidence entries of one kind of some days, with their places in the tree.
select e.id, e.day, e.leaf, p.tree_index
from entry e left join entry_place p on p.id = e.id
where e.kind = %(kind)s and e.day = any(%(days)s::date[]) order by e.day, e.id;

-- name: open_case_files
-- Make the files of new episodes.
insert into case_file ("case", account, opened_on, strategy_digest, pseudonym)
select * from unnest(%(cases)s::text[], %(accounts)s::text[], %(opened)s::date[], %(digests)s::text[], %(pseudonyms)s::bytea[])
on conflict do nothing;

-- name: move_cases
-- Move episodes; the trigger refuses what the table does not list.
insert into case_event ("case", event, from_state, to_state, on_day, plan)
select w."case", w.event, w.from_state, w.to_state, w.on_day, %(plan)s
from unnest(%(cases)s::text[], %(events)s::text[], %(from_states)s::text[], %(to_states)s::text[], %(days)s::date[])
    with ordinality as w ("case", event, from_state, to_state, on_day, o)
order by w.o;

-- name: move_stages
-- Move stages; the trigger refuses what the table does not list.
insert into stage_event (person, "case", stage, event, from_state, to_state, on_day, why, plan)
select w.person, w."case", w.stage, w.event, w.from_state, w.to_state, w.on_day, w.why, %(plan)s
from unnest(
    %(persons)s::text[], %(cases)s::text[], %(stages)s::text[], %(events)s::text[], %(from_states)s::text[],
    %(to_states)s::text[], %(days)s::date[], %(whys)s::text[]
) with ordinality as w (person, "case", stage, event, from_state, to_state, on_day, why, o)
order by w.o;

-- name: new_batch
-- A batch to be claimed.
insert into batch (day, route, not_before, not_after, messages)
values (%(day)s, %(route)s, %(not_before)s, %(not_after)s, %(messages)s) returning id;

-- name: unsent_versions
-- Every version of these messages that neither left nor ended.
select
    m.day, m.key, m.version, m.plan, m.notice_key, m.code, m.person, m.creditor, m.servicer, m.brand, m.stage, m.occurrence,
    m.step, m.notice, m.class, m.locale, m.channel, m.route, m.point, m.value_key, m.cases, m.accounts, m.fields, m.act,
    m.template_digest, m.content, m.deadline_on, m.parts, m.billed, m.not_before, m.not_after, m.binding_rule, m.arm,
    m.release, m.manifest, m.horizon, m.mac
from message m
where m.key = any(%(keys)s::bytea[]) and m.day >= %(since)s
    and not exists (
        select 1 from disposition d
        where d.day = m.day and d.key = m.key and d.version = m.version
            and d.key = any(%(keys)s::bytea[]) and d.day >= %(since)s
    )
    and not exists (select 1 from hand_over h where h.key = m.key and h.key = any(%(keys)s::bytea[]))
order by m.key, m.day, m.version;

-- name: wakes_due
-- Whom to plan for again now.
select w.id, w.person, w.why, w.at from wake w where w.done_by is null and w.at <= (select duly_clock()) order by w.at, w.id;

-- name: wakes_done
-- These persons were planned for again.
update wake set done_by = %(plan)s where id = any(%(ids)s::bigint[]) and done_by is null;

-- name: arms_standing
-- The arms that people were drawn into.
select a.person, a.experiment, a.arm from arm a order by a.person, a.experiment;

-- name: draw_arms
-- Keep the arms of people drawn for the first time.
insert into arm (person, experiment, arm, since)
select w.person, w.experiment, w.arm, %(day)s
from unnest(%(persons)s::text[], %(experiments)s::text[], %(arms)s::text[]) as w (person, experiment, arm)
on conflict do nothing;

-- name: keep_release_list
-- Keep a list that two people are asked to release.
insert into release_list (plan, digest, stage, said, salt)
values (%(plan)s, %(digest)s, %(stage)s, %(said)s, %(salt)s);

-- name: release_lists_of_day
-- What the plans of a day asked to have released.
select l.plan, l.digest, l.said, l.salt
from release_list l join day_plan p on p.id = l.plan where p.day = %(day)s order by l.plan, l.stage, l.digest;

-- name: release_lists_signed
-- The lists that enough people signed, as far as one sees without looking at the signatures.
select distinct on (l.digest) l.digest, l.stage, l.said, l.salt
from release_list l
where l.digest in (
    select a.digest from approval a where a.subject = 'stage' and a.expires > %(now)s
    group by a.digest having count(distinct a.name) >= %(people)s
)
order by l.digest;
