-- name: horizon
-- The last thing that is known of any debt.
select coalesce(max(e.seq), 0)::bigint as horizon from book_event e;

-- name: manifest_in_force
-- The snapshot in force.
select m.digest, m.as_of, m.as_of_event, m.path, m.feeds from manifest m order by m.number desc limit 1;

-- name: events_between
-- What became known after the snapshot, up to the horizon.
select e.seq, e.at, e.kind, e.person, e.account, e.point, e.amount_minor, e.on_date, e.detail, e.ref
from book_event e where e.seq > %(after)s and e.seq <= %(horizon)s order by e.seq;

-- name: cases_standing
-- Every episode and its state.
select f."case", f.account, f.opened_on, f.state, f.strategy_digest from case_file f order by f."case";

-- name: stages_standing
-- Every stage that was begun, by liable person.
select s.person, f.account, s."case", s.stage, s.state, s.opened_on, s.served_on, s.closed_on
from stage_file s join case_file f on f."case" = s."case" order by s."case", s.person, s.opened_on, s.stage;

-- name: messages_standing
-- The newest version of each message and what became of it.
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
    r.arrival,
    (r.at at time zone %(zone)s)::date as arrived_on,
    c.agreed_for_service
from (
    select distinct on (i.key) i.* from message i where i.day >= %(since)s order by i.key, i.day desc, i.version desc
) m
left join lateral (
    select q.key, q.at, q.day, q.attempt, q.parts from permit q where q.key = m.key and q.day >= %(since)s
    order by q.day desc, q.attempt desc limit 1
) p on true
left join lateral (
    select l.outcome from answer l where l.day = p.day and l.key = p.key and l.attempt = p.attempt order by l.n desc limit 1
) a on true
left join lateral (
    -- The newest version withdrawn, and none after it: nobody wants it any more.
    select case when x.outcome = 'superseded' then 'dropped' else x.outcome end as outcome
    from disposition x where x.key = m.key and x.day = m.day and x.version = m.version
) d on true
left join lateral (
    select
        case
            when bool_or(y.arrival = 'failed') then 'failed'
            when count(distinct y.part) filter (where y.arrival = 'delivered') >= p.parts then 'delivered'
            else 'unknown'
        end as arrival,
        max(y.at) as at
    from receipt y where y.key = m.key having count(*) > 0
) r on true
left join vault.contact c on c.point = m.point
order by m.key;

-- name: contacts_standing
-- Everything that counts against a cap since an instant.
select r.key, r.at, r.kind, r.channel, r.person, r.account, r.number from reservation r where r.at > %(since)s order by r.at, r.key;

-- name: record_plan
-- Write down what a day's plan was made from.
insert into day_plan (
    day, reason, manifest, horizon, strategy_digest, templates_digest, packs_digest, destinations_digest,
    settings_digest, channels_digest, decisions_path, decisions_root, messages, sum_minor, at, released
) values (
    %(day)s, %(reason)s, %(manifest)s, %(horizon)s, %(strategy_digest)s, %(templates_digest)s, %(packs_digest)s,
    %(destinations_digest)s, %(settings_digest)s, %(channels_digest)s, %(decisions_path)s, %(decisions_root)s, %(messages)s, %(sum_minor)s, %(at)s, %(released)s
) returning id;

-- name: plans_of_day
-- The plans made for a day.
select p.id, p.reason, p.manifest, p.horizon, p.messages, p.at, p.released, p.decisions_path, p.decisions_root
from day_plan p where p.day = %(day)s order by p.id;

-- name: all_plans
-- Every plan that was made, in order.
select p.id, p.day, p.reason, p.manifest, p.horizon, p.decisions_path, p.decisions_root, p.packs_digest, p.strategy_digest, p.at
from day_plan p order by p.id;

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

-- name: supersede
-- Earlier unsent versions of these messages are no longer to be said.
insert into disposition (day, key, version, outcome, code, at)
select m.day, m.key, m.version, 'superseded', 'planned_again', %(at)s
from message m
join unnest(%(keys)s::bytea[]) as w (key) on w.key = m.key
where m.day >= %(since)s
    and not exists (select 1 from hand_over h where h.key = m.key)
on conflict do nothing;

-- name: wakes_due
-- Whom to plan for again now.
select w.id, w.person, w.why, w.at from wake w where w.done_by is null and w.at <= duly_clock() order by w.at, w.id;

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
