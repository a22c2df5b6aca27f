-- name: how_many_persons
-- How many people the book has.
select count(distinct p.person) as persons from account_party p;

-- name: runs_lately
-- How many messages the runs of the last days had, the newest first.
select max(p.messages) as messages
from day_plan p
where p.day >= %(since)s and p.day < %(on)s and p.reason = 'day' and p.messages > 0
group by p.day order by p.day desc limit %(most)s;

-- name: runs_waiting
-- Today's runs that two people release first, with what they come to.
select p.id, encode(p.decisions_root, 'hex') as digest, p.messages, p.sum_minor, p.persons, p.cost_micro, p.beyond
from day_plan p where p.day = %(day)s and not p.released order by p.id;

-- name: keep_canaries
-- Say what goes first of a run, by template and route.
insert into canary (plan, route, template_digest, notice, messages, rest)
select %(plan)s, w.route, w.template_digest, w.notice, w.messages, w.rest
from unnest(
    %(route)s::text[], %(template_digest)s::text[], %(notice)s::text[], %(messages)s::bigint[], %(rest)s::bigint[]
) as w (route, template_digest, notice, messages, rest);

-- name: keep_canary_messages
-- Say which messages they are.
insert into canary_message (plan, key, route, template_digest)
select %(plan)s, w.key, w.route, w.template_digest
from unnest(%(key)s::bytea[], %(route)s::text[], %(template_digest)s::text[]) as w (key, route, template_digest);

-- name: canaries_of
-- The first parts of these plans that are still waited for, and the keys of their messages.
select
    c.plan, c.route, c.template_digest,
    array(
        select m.key from canary_message m
        where m.plan = c.plan and m.route = c.route and m.template_digest = c.template_digest
    ) as keys
from canary c where c.plan = any(%(plans)s::bigint[]) and c.passed_at is null;

-- name: canaries_open
-- What came so far of every first part that is still waited for.
select
    c.plan, c.route, c.template_digest, c.notice, c.halt, h.resumed_at is not null as resumed, c.rest,
    s.queued, s.gone, s.refused, s.arrived, s.lost, s.since
from canary c
left join halt h on h.id = c.halt
cross join lateral (
    select
        count(*) filter (where o.key is null and d.key is null) as queued,
        count(*) filter (where o.key is not null and a.outcome is distinct from 'refused') as gone,
        count(*) filter (where o.key is not null and a.outcome = 'refused') as refused,
        count(*) filter (where o.key is not null and r.arrived and not r.lost) as arrived,
        count(*) filter (where o.key is not null and r.lost) as lost,
        min(p.at) as since
    from canary_message x
    join message m on m.key = x.key and m.plan = x.plan and m.day >= %(since)s
    left join hand_over o on o.key = m.key
    left join disposition d on d.key = m.key and d.version = m.version and d.day = m.day and d.day >= %(since)s
    left join lateral (
        select l.outcome from answer l
        where l.key = m.key and l.attempt = o.attempt and l.day = m.day and l.day >= %(since)s order by l.n desc limit 1
    ) a on true
    left join lateral (
        select q.at from permit q
        where q.key = m.key and q.attempt = o.attempt and q.day = m.day and q.day >= %(since)s limit 1
    ) p on true
    cross join lateral (
        select
            coalesce(bool_or(y.arrival = 'delivered'), false) as arrived, coalesce(bool_or(y.arrival = 'failed'), false) as lost
        from receipt y where y.key = m.key and y.day >= %(since)s
    ) r
    where x.plan = c.plan and x.route = c.route and x.template_digest = c.template_digest
) s
where c.passed_at is null
order by c.plan, c.route, c.template_digest;

-- name: canary_passed
-- The rest of the run may leave.
update canary set passed_at = duly_clock(), passed_by = %(by)s
where plan = %(plan)s and route = %(route)s and template_digest = %(template_digest)s and passed_at is null;

-- name: canary_halted
-- Too few of them arrived.
update canary set halt = %(halt)s
where plan = %(plan)s and route = %(route)s and template_digest = %(template_digest)s and halt is null;

-- name: resumed_at
-- When a halt of a route that the machine called was lifted last.
select max(h.resumed_at) as at from halt h where h.scope = 'route' and h.value = %(route)s and h.by = %(by)s;

-- name: route_lately
-- What came of the last messages of a route: how many, whose receipts say what, who answered stop or complained.
with sample as materialized (
    -- Of so many of all routes together: whoever sends little beside others who send much is not looked for all day.
    select n.day, n.key, n.attempt, n.person, n.at
    from (
        select p.day, p.key, p.attempt, p.person, p.at, p.route from permit p
        where p.at > %(since)s and p.day >= %(since_day)s order by p.at desc limit 20000
    ) n
    where n.route = %(route)s order by n.at desc limit %(most)s
), told as materialized (
    select
        s.person, s.at, a.outcome, a.code,
        (select coalesce(bool_or(r.arrival = 'failed'), false) from receipt r where r.key = s.key and r.day >= %(since_day)s)
            as lost,
        (select coalesce(bool_or(r.arrival = 'delivered'), false) from receipt r where r.key = s.key and r.day >= %(since_day)s)
            as arrived
    from sample s
    left join lateral (
        select l.outcome, l.code from answer l
        where l.key = s.key and l.attempt = s.attempt and l.day = s.day and l.day >= %(since_day)s order by l.n desc limit 1
    ) a on true
)
select
    count(*) filter (where t.outcome is not null) as answered,
    count(*) filter (where t.outcome = 'accepted') as accepted,
    count(*) filter (where t.arrived and not t.lost) as arrived,
    count(*) filter (where t.lost) as lost,
    count(*) filter (where t.outcome = 'returned' and t.code = any(%(throttling)s::text[])) as throttled,
    count(distinct t.person) filter (where exists (
        select 1 from reply y where y.person = t.person and y.at >= t.at and y.intent in ('stop', 'complaint')
    )) as stopped,
    (
        select jsonb_object_agg(c.code, c.n) from (
            select x.code, count(*) as n from told x where x.outcome = 'refused' and x.code is not null group by x.code
        ) c
    ) as refused
from told t;

-- name: wait_little
-- In this transaction wait for no lock longer than a moment.
select set_config('lock_timeout', '1000', true);

-- name: quotas_of
-- How much was permitted in these spans; one that nobody counted yet does not come back.
select q.scope, q.begins, q.messages, q.cost_micro
from unnest(%(scopes)s::text[], %(begins)s::timestamptz[]) as w (scope, begins)
join quota q on q.scope = w.scope and q.begins = w.begins;

-- name: count_quota
-- Count permits in a span, unless that were more than its ceiling; nothing comes back where they were not counted.
update quota set messages = messages + %(messages)s, cost_micro = cost_micro + %(cost_micro)s
where scope = %(scope)s and begins = %(begins)s
    and messages + %(messages)s <= %(most)s and cost_micro + %(cost_micro)s <= %(dearest)s
returning messages;

-- name: hold_quota
-- Hold the count of a span, begun if it is not there.
insert into quota (scope, begins) values (%(scope)s, %(begins)s)
on conflict (scope, begins) do update set messages = quota.messages
returning messages;

-- name: permitted_within
-- By route, what left or may have left between two instants, in messages and in parts that are billed.
select p.route, count(*) as messages, coalesce(sum(m.billed), 0)::bigint as billed
from permit p
join message m on m.key = p.key and m.version = p.version and m.day = p.day and m.day >= %(since_day)s
where p.at >= %(begins)s and p.at < %(ends)s and p.day >= %(since_day)s
    and not exists (
        select 1 from answer a
        where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.outcome in ('refused', 'returned')
            and a.day >= %(since_day)s
    )
group by p.route;

-- name: recount_quota
-- The count of a span as its permits and their answers have it.
update quota set messages = %(messages)s, cost_micro = %(cost_micro)s where scope = %(scope)s and begins = %(begins)s;

-- name: plan_seed
-- Say that a template goes to one of the lender's own phones, before any byte leaves.
insert into seed (key, route, template_digest, notice, number, encoded_sha256, at, worker)
values (%(key)s, %(route)s, %(template_digest)s, %(notice)s, %(number)s, %(encoded_sha256)s, %(at)s, %(worker)s)
on conflict do nothing returning key;

-- name: answer_seed
-- What the carrier said of it.
insert into seed_answer (key, outcome, reason, remote_ids, at)
values (%(key)s, %(outcome)s, %(reason)s, %(remote_ids)s, %(at)s) on conflict do nothing;

-- name: seeds_of
-- How often these templates went to each of the lender's own phones, when last, and whether one of them arrived.
select
    s.route, s.template_digest, s.number, min(s.notice) as notice, count(*) as attempts, max(s.at) as at,
    bool_or(exists (
        select 1 from receipt r
        where r.key is null and r.route = s.route and r.normal_id = any(a.remote_ids) and r.arrival = 'delivered'
            and r.day >= (s.at - interval '2 days')::date
    )) as arrived
from seed s left join seed_answer a on a.key = s.key
where %(templates)s::text[] is null or s.template_digest = any(%(templates)s::text[])
group by s.route, s.template_digest, s.number
order by s.route, s.template_digest, s.number;
