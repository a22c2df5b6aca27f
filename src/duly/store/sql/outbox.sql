-- name: ensure_day
-- Make the daily partitions.
select ensure_day(%(day)s);

-- name: hold_worker
-- Hold the session lock by which others see that this worker is alive.
select pg_advisory_lock(%(lock)s);

-- name: try_worker
-- Take a worker's session lock if nobody holds it, which means that the worker is gone.
select pg_try_advisory_lock(%(lock)s) as gone;

-- name: release_worker
-- Give the session lock back.
select pg_advisory_unlock(%(lock)s);

-- name: claim_batch
-- Own the next batch of a route that is due.
update batch set state = 'claimed', worker = %(worker)s
where id = (
    select b.id from batch b
    where b.route = %(route)s and b.state = 'queued' and b.not_before <= duly_clock()
    order by b.not_before, b.id limit 1 for update skip locked
)
returning id, day, route, not_before, not_after, messages;

-- name: batch_messages
-- What is left to do of a batch: neither ended nor handed over.
select
    m.day, m.key, m.version, m.plan, m.notice_key, m.code, m.person, m.creditor, m.servicer, m.brand, m.stage, m.occurrence,
    m.step, m.notice, m.class, m.locale, m.channel, m.route, m.point, m.value_key, m.cases, m.accounts, m.fields, m.act,
    m.template_digest, m.content, m.deadline_on, m.parts, m.billed, m.not_before, m.not_after, m.binding_rule, m.arm, m.manifest, m.horizon, m.mac
from message m
where m.batch = %(batch)s and m.day = %(day)s
    and not exists (
        select 1 from disposition d where d.day = m.day and d.key = m.key and d.version = m.version
    )
    and not exists (select 1 from hand_over h where h.key = m.key)
order by m.not_before, m.key;

-- name: plan_says
-- What the rows of these plans say, as a digest: the planner's mark on a message covers its plan's.
select
    p.id,
    sha256(convert_to(concat_ws(
        chr(31), p.id, to_char(p.day, 'YYYY-MM-DD'), p.manifest, p.horizon, p.strategy_digest, p.templates_digest,
        p.packs_digest, p.destinations_digest, p.settings_digest, p.channels_digest, encode(p.decisions_root, 'hex'),
        p.messages, p.sum_minor, p.released
    ), 'UTF8')) as says
from day_plan p where p.id = any(%(plans)s::bigint[]);

-- name: finish_batch
-- A batch of which nothing is left, or give it back to be claimed again at an instant.
update batch set state = %(state)s, worker = null, not_before = coalesce(%(not_before)s, not_before)
where id = %(batch)s and worker = %(worker)s;

-- name: owners
-- Who owns batches or has permits without an answer.
select distinct b.worker from batch b where b.state = 'claimed' and b.worker is not null
union
select distinct p.worker from permit p
where p.day >= %(since)s
    and not exists (select 1 from answer a where a.day = p.day and a.key = p.key and a.attempt = p.attempt);

-- name: requeue_of
-- Give back what a worker that is gone had claimed.
update batch set state = 'queued', worker = null where state = 'claimed' and worker = %(worker)s;

-- name: unanswered_of
-- Hand-overs of a worker that is gone, of which nobody knows whether they arrived.
select p.day, p.key, p.attempt, p.person, p.route, p.at, p.entry
from permit p
where p.worker = %(worker)s and p.day >= %(since)s
    and not exists (select 1 from answer a where a.day = p.day and a.key = p.key and a.attempt = p.attempt)
order by p.at, p.key;

-- name: cases_of
-- The cases each message speaks of.
select distinct on (m.key) m.key, m.person, m.cases, m.creditor, m.channel, m.stage, m.value_key
from message m where m.key = any(%(keys)s::bytea[]) and m.day >= %(since)s
order by m.key, m.version desc;

-- name: answer
-- Write the carrier's answers.
insert into answer (day, key, attempt, n, outcome, code, reason, remote_ids, at)
select w.day, w.key, w.attempt, w.n, w.outcome, w.code, w.reason, string_to_array(w.remote_ids, chr(31)), w.at
from unnest(
    %(days)s::date[], %(keys)s::bytea[], %(attempts)s::int[], %(ns)s::int[], %(outcomes)s::text[], %(codes)s::text[],
    %(reasons)s::text[], %(remote_ids)s::text[], %(at)s::timestamptz[]
) as w (day, key, attempt, n, outcome, code, reason, remote_ids, at);

-- name: note_remote
-- Remember the carrier's ids in their normal forms.
insert into remote (day, route, normal_id, key, part)
select * from unnest(
    %(days)s::date[], %(routes)s::text[], %(normal_ids)s::text[], %(keys)s::bytea[], %(parts)s::int[]
)
on conflict do nothing;

-- name: give_back
-- A carrier surely did not take these: they may be sent again.
delete from hand_over h using unnest(%(keys)s::bytea[], %(attempts)s::int[]) as w (key, attempt)
where h.key = w.key and h.attempt = w.attempt;

-- name: unreserve
-- Release the contacts that did not happen.
delete from reservation r using unnest(%(keys)s::bytea[], %(attempts)s::int[]) as w (key, attempt)
where r.key = w.key and r.attempt = w.attempt;

-- name: outlived_batch
-- Close one batch whose life ended while nobody owned it.
update batch set state = 'done', worker = null
where id = (
    select b.id from batch b where b.state = 'queued' and b.not_after < duly_clock()
    order by b.id limit 1 for update skip locked
)
returning id, day, duly_clock() as now;

-- name: outbox_state
-- How much is waiting, how much is in hand, and when the next batch may leave.
select
    count(*) filter (where b.state = 'queued') as queued,
    count(*) filter (where b.state = 'claimed') as claimed,
    count(*) filter (where b.state = 'queued' and b.not_before <= duly_clock()) as due,
    min(b.not_before) filter (where b.state = 'queued') as next_at,
    coalesce(sum(b.messages) filter (where b.state <> 'done'), 0)::bigint as messages
from batch b where b.day >= %(since)s;

-- name: doubts
-- Every hand-over whose outcome is unknown.
select p.day, p.key, p.attempt, p.person, p.route, p.at, a.reason
from permit p
left join lateral (
    select l.outcome, l.reason from answer l
    where l.day = p.day and l.key = p.key and l.attempt = p.attempt order by l.n desc limit 1
) a on true
where p.day >= %(since)s and (a.outcome is null or a.outcome = 'unsure')
order by p.at, p.key;

-- name: still_awaited
-- What a day still waits for: wakes that are due, and accepted messages without a receipt.
select
    (select count(*) from wake w where w.done_by is null and w.at <= duly_clock()) as wakes,
    (
        select count(*) from answer a
        join permit p on p.day = a.day and p.key = a.key and p.attempt = a.attempt
        where a.day = %(day)s and a.outcome = 'accepted' and cardinality(a.remote_ids) > 0 and p.route = any(%(routes)s::text[])
            and not exists (select 1 from receipt r where r.key = a.key and r.arrival <> 'unknown')
    ) as outstanding;
