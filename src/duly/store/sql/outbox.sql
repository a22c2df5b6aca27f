-- name: ensure_day
-- Make the daily partitions.
select ensure_day(%(day)s);

-- name: copy_messages
-- Write messages in bulk.
copy message (
    day, key, version, plan, batch, notice_key, code, person, creditor, servicer, brand, stage,
    occurrence, step, notice, class, locale, channel, route, point, value_key, cases, accounts,
    fields, act, template_digest, content, deadline_on, parts, billed, cost_micro, not_before,
    not_after, binding_rule, arm, release, manifest, horizon, mac
) from stdin (format binary);

-- name: hold_worker
-- Hold the session lock by which others see that this worker is alive.
select pg_advisory_lock(%(lock)s);

-- name: try_worker
-- Take a worker's session lock if nobody holds it, which means that the worker is gone.
select pg_try_advisory_lock(%(lock)s) as gone;

-- name: release_worker
-- Give the session lock back.
select pg_advisory_unlock(%(lock)s);

-- name: own_route
-- Own a route, if nobody does: its rate and its window are for one worker at a time.
select pg_try_advisory_lock(%(lock)s) as mine;

-- name: heed_silence
-- Have the server end this session soon after its client's machine fell silent: its locks keep others waiting.
select
    set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false);

-- name: claim_batch
-- Own the next batch of a route that is due.
update batch set state = 'claimed', worker = %(worker)s
where id = (
    select b.id from batch b
    where b.route = %(route)s and b.state = 'queued' and b.not_before <= (select duly_clock())
    order by b.not_before, b.id limit 1 for update skip locked
)
returning id, day, route, not_before, not_after, messages;

-- name: batch_messages
-- What is left to do of a batch: neither ended nor handed over.
select
    m.day, m.key, m.version, m.plan, m.notice_key, m.code, m.person, m.creditor, m.servicer, m.brand, m.stage, m.occurrence,
    m.step, m.notice, m.class, m.locale, m.channel, m.route, m.point, m.value_key, m.cases, m.accounts, m.fields, m.act,
    m.template_digest, m.content, m.deadline_on, m.parts, m.billed, m.not_before, m.not_after, m.binding_rule, m.arm, m.release, m.manifest, m.horizon, m.mac
from message m
where m.batch = %(batch)s and m.day = %(day)s
    and not exists (
        select 1 from disposition d where d.day = %(day)s and d.key = m.key and d.version = m.version
    )
    and not exists (select 1 from hand_over h where h.key = m.key)
order by m.not_before, m.key;

-- name: hold_batch
-- Keep everybody else from a batch until the transaction ends.
select 1 from batch b where b.id = %(batch)s for update;

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
-- Who owns batches: whoever hands over does so out of one of his own, and keeps it until he has written the answers.
select distinct b.worker from batch b where b.state = 'claimed' and b.worker is not null;

-- name: owners_of_permits
-- Who has permits without an answer, whatever became of the batch: to be asked seldom, since it reads whole days.
select distinct p.worker from permit p
where p.day >= %(since)s
    and not exists (
        select 1 from answer a where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.day >= %(since)s
    );

-- name: requeue_of
-- Give back what a worker that is gone had claimed.
update batch set state = 'queued', worker = null where state = 'claimed' and worker = %(worker)s;

-- name: unanswered_of
-- Hand-overs of a worker that is gone, of which nobody knows whether they arrived, with what shows whose permit it is.
select
    p.day, p.key, p.attempt, p.person, p.route, p.at, p.entry, p.encoded_sha256, p.not_after, p.mac,
    exists (
        select 1 from permit o
        where o.key = p.key and o.mac = p.mac and (o.attempt, o.day) < (p.attempt, p.day) and o.day >= %(since)s
    ) as copied
from permit p
where p.worker = %(worker)s and p.day >= %(since)s
    and not exists (
        select 1 from answer a where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.day >= %(since)s
    )
order by p.at, p.key;

-- name: permits_given
-- Permits with what shows whether the gate gave them: all since a day, and those of earlier days without an answer.
select p.day, p.key, p.attempt, p.route, p.encoded_sha256, p.at, p.not_after, p.mac
from permit p where p.day >= %(since)s
union all
select p.day, p.key, p.attempt, p.route, p.encoded_sha256, p.at, p.not_after, p.mac
from permit p
where p.day >= %(earlier)s and p.day < %(since)s
    and not exists (
        select 1 from answer a
        where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.day >= %(earlier)s and a.day < %(since)s
    )
order by 2, 3, 1;

-- name: cases_of
-- The cases each message speaks of.
select distinct on (m.key) m.key, m.person, m.cases, m.creditor, m.channel, m.stage, m.value_key
from message m where m.key = any(%(keys)s::bytea[]) and m.day >= %(since)s
order by m.key, m.version desc;

-- name: lock_answers
-- Keep others from writing answers of the same hand-overs until the transaction ends.
select pg_advisory_xact_lock(w.k) from unnest(%(keys)s::bigint[]) as w (k);

-- name: last_words
-- How many answers each hand-over has, and the last one's outcome.
select distinct on (a.key, a.attempt) a.key, a.attempt, a.n, a.outcome, a.code
from answer a where a.key = any(%(keys)s::bytea[]) and a.day >= %(since)s
order by a.key, a.attempt, a.n desc;

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

-- name: await_receipts
-- These were accepted, and their receipts are awaited, unless they came before the answer.
insert into awaited (key, day, route)
select w.key, w.day, w.route
from unnest(%(keys)s::bytea[], %(days)s::date[], %(routes)s::text[]) as w (key, day, route)
where (
    select true from receipt r where r.key = w.key and r.arrival <> 'unknown' and r.day >= %(since)s limit 1
) is null
on conflict do nothing;

-- name: give_back
-- A carrier surely did not take these: they may be sent again.
delete from hand_over h using unnest(%(keys)s::bytea[], %(attempts)s::int[]) as w (key, attempt)
where h.key = w.key and h.attempt = w.attempt;

-- name: unreserve
-- Release the contacts that did not happen.
delete from reservation r using unnest(%(keys)s::bytea[], %(attempts)s::int[]) as w (key, attempt)
where r.key = w.key and r.attempt = w.attempt;

-- name: reserve_again
-- Count contacts that were taken for none after all, at the instant at which the gate let them go.
insert into reservation (key, attempt, at, person, account, number, channel, kind)
select
    p.key, p.attempt, date_trunc('second', p.at), m.person, account, m.value_key, m.channel,
    case m.notice when 'stop_confirmation' then 'notice:opt_out_confirmation' else 'message_sent' end
from unnest(%(keys)s::bytea[], %(attempts)s::int[], %(days)s::date[]) as w (key, attempt, day)
join permit p on p.key = w.key and p.attempt = w.attempt and p.day = w.day and p.day = any(%(days)s::date[])
join message m on m.key = p.key and m.version = p.version and m.day = p.day and m.day = any(%(days)s::date[])
cross join lateral unnest(m.accounts) as account
on conflict do nothing;

-- name: reopen_batches
-- Have the batches of messages that came back be claimed again: one may be done with, or its owner be closing it now.
with held as (
    select b.id from batch b
    where b.id in (select m.batch from message m where m.key = any(%(keys)s::bytea[]) and m.day >= %(since)s)
    order by b.id for update
)
update batch b set
    state = case b.state when 'done' then 'queued' else b.state end,
    not_before = case b.state when 'done' then greatest(b.not_before, %(not_before)s) else b.not_before end
from held where b.id = held.id;

-- name: any_outlived
-- Whether some batch's life ended while nobody owned it.
select exists (select 1 from batch b where b.state = 'queued' and b.not_after < (select duly_clock()));

-- name: outlived_batch
-- Close one batch whose life ended while nobody owned it.
update batch set state = 'done', worker = null
where id = (
    select b.id from batch b where b.state = 'queued' and b.not_after < (select duly_clock())
    order by b.not_after, b.id limit 1 for update skip locked
)
returning id, day, duly_clock() as now;

-- name: outbox_state
-- How much is waiting, how much is in hand, and when the next batch may leave.
select
    count(*) filter (where b.state = 'queued') as queued,
    count(*) filter (where b.state = 'claimed') as claimed,
    count(*) filter (where b.state = 'queued' and b.not_before <= (select duly_clock())) as due,
    min(b.not_before) filter (where b.state = 'queued') as next_at,
    coalesce(sum(b.messages), 0)::bigint as messages
from batch b where b.state <> 'done' and b.day >= %(since)s;

-- name: still_waiting
-- What is queued or claimed and has not left, counted by everything that may keep it back.
with instant as materialized (select duly_clock() as now),
waiting as (
    select
        m.plan, m.creditor, m.brand, m.channel, m.route, m.stage, m.notice, m.template_digest, m.release, i.now,
        greatest(b.not_before, m.not_before) as at,
        case when m.person = any(o.persons) then m.person else '' end as person,
        array(select a.account from unnest(m.accounts) as a (account) where a.account = any(o.accounts)) as accounts,
        exists (select 1 from canary_message c where c.plan = m.plan and c.key = m.key) as canary
    from instant i, batch b
    join message m on m.batch = b.id and m.day = b.day
    cross join (
        select
            coalesce(array_agg(h.value) filter (where h.scope = 'person'), '{}') as persons,
            coalesce(array_agg(h.value) filter (where h.scope = 'account'), '{}') as accounts
        from halt h where h.resumed_at is null
    ) o
    where b.state <> 'done' and b.day >= %(since)s
        and not exists (
            select 1 from disposition d where d.day = m.day and d.key = m.key and d.version = m.version
        )
        and not exists (select 1 from hand_over h where h.key = m.key)
)
select
    w.plan, w.creditor, w.brand, w.channel, w.route, w.stage, w.notice, w.template_digest, w.release, w.person, w.accounts,
    w.canary, w.now, w.at > w.now as later, min(w.at) as at, count(*) as messages
from waiting w
group by
    w.plan, w.creditor, w.brand, w.channel, w.route, w.stage, w.notice, w.template_digest, w.release, w.person, w.accounts,
    w.canary, w.now, w.at > w.now
order by w.plan, w.creditor, w.brand, w.channel, w.route, w.stage, w.notice, w.template_digest, w.release, w.person, w.canary;

-- name: doubts
-- Every hand-over whose outcome is unknown, with what shows whether the gate gave its permit.
select p.day, p.key, p.attempt, p.person, p.route, p.at, p.encoded_sha256, p.not_after, p.mac, a.reason
from permit p
left join (
    select distinct on (l.key, l.attempt, l.day) l.key, l.attempt, l.day, l.outcome, l.reason
    from answer l where l.day >= %(since)s order by l.key, l.attempt, l.day, l.n desc
) a on a.key = p.key and a.attempt = p.attempt and a.day = p.day
where p.day >= %(since)s and (a.outcome is null or a.outcome = 'unsure')
    and not exists (
        select 1 from doubt_closed c where c.key = p.key and c.attempt = p.attempt and c.day = p.day
    )
order by p.at, p.key;

-- name: still_awaited
-- What a day still waits for: wakes that are due, and accepted messages without a receipt.
select
    (select count(*) from wake w where w.done_by is null and w.at <= (select duly_clock())) as wakes,
    (select count(*) from awaited a where a.day = %(day)s and a.route = any(%(routes)s::text[])) as outstanding;
