-- name: lock_scopes
-- Take the lock of every scope of a chunk in one fixed order, and the book lock shared.
with scopes as materialized (
    select distinct s.k from unnest(%(keys)s::bigint[]) as s (k) order by s.k
)
select
    pg_advisory_xact_lock_shared(%(book)s),
    (select count(*) from (select pg_advisory_xact_lock(scopes.k) from scopes order by scopes.k) as taken);

-- name: lock_book
-- Take the book lock alone, for the final commit of a load or of a plan.
select pg_advisory_xact_lock(%(book)s);

-- name: hold_book
-- Hold the book lock alone until it is given back, whatever transactions begin or end meanwhile.
select pg_advisory_lock(%(book)s);

-- name: free_book
-- Give it back.
select pg_advisory_unlock(%(book)s);

-- name: stand_alone
-- Hold a lock of a session, waiting for whoever has it.
select pg_advisory_lock(%(lock)s);

-- name: step_aside
-- Give it back.
select pg_advisory_unlock(%(lock)s);

-- name: clock
-- The gate's clock, the database's own clock, and the instant of the latest permit.
select
    duly_clock() as now,
    clock_timestamp() as wall,
    (select max(p.at) from permit p where p.day >= %(since)s) as last_permit;

-- name: now
-- The gate's clock alone.
select duly_clock() as now;

-- name: halts
-- Every halt that is in force.
select h.id, h.scope, h.value, h.reason, h.by, h.at from halt h where h.resumed_at is null order by h.id;

-- name: book_in_force
-- The snapshots that tell of the load in force (itself, and what was folded from it), and how old each feed is: null where it
-- came cut short since.
select
    (
        select array_agg(m.digest) from manifest m
        where m.base = (select n.base from manifest n order by n.number desc limit 1)
    ) as manifests,
    (
        select coalesce(jsonb_object_agg(f.feed, case when c.feed is null then f.as_of end), '{}')
        from feed_mark f left join feed_cut c on c.feed = f.feed
    ) as feeds;

-- name: events_since
-- What became known of these persons and accounts after the horizon each message was planned at.
select w.n, e.seq, e.kind, e.detail, e.person, e.account, e.point
from unnest(%(n)s::int[], %(persons)s::text[], %(horizons)s::bigint[]) as w (n, person, horizon)
join book_event e on e.person = w.person and e.seq > w.horizon
union
select w.n, e.seq, e.kind, e.detail, e.person, e.account, e.point
from unnest(%(account_n)s::int[], %(accounts)s::text[], %(account_horizons)s::bigint[]) as w (n, account, horizon)
join book_event e on e.account = w.account and e.seq > w.horizon
order by 1, 2;

-- name: already_left
-- Which of these messages left, or may have left.
select h.key from hand_over h where h.key = any(%(keys)s::bytea[]);

-- name: latest_versions
-- The newest version that was planned of each message.
select m.key, max(m.version) as version, max(m.day) as day
from message m where m.key = any(%(keys)s::bytea[]) and m.day >= %(since)s group by m.key;

-- name: attempts_so_far
-- Every permit that each message got before, and whether the carrier gave the message back.
select
    p.key, p.attempt, p.route, p.encoded_sha256, p.at, p.not_after, p.mac,
    -- Asked of each permit by itself: `exists` may read the answers of the whole day instead.
    (
        select true from answer a
        where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.outcome = 'returned' and a.day >= %(since)s
        limit 1
    ) is not null as returned
from permit p
where p.key = any(%(keys)s::bytea[]) and p.day >= %(since)s
order by p.key, p.attempt;

-- name: contacts_before
-- What counts against the caps of these persons and numbers, the contacts of the system before included.
select r.key, r.at, r.kind, r.channel, r.person, r.account, r.number
from reservation r where r.person = any(%(persons)s::text[]) and r.at > %(since)s
union
select r.key, r.at, r.kind, r.channel, r.person, r.account, r.number
from reservation r where r.number = any(%(numbers)s::text[]) and r.at > %(since)s
union
select i.key, i.at, i.kind, i.channel, i.person, i.account, i.number
from imported_contact i where i.person = any(%(persons)s::text[]) and i.at > %(since)s
union
select i.key, i.at, i.kind, i.channel, i.person, i.account, i.number
from imported_contact i where i.number = any(%(numbers)s::text[]) and i.at > %(since)s
order by 2, 1;

-- name: plans
-- The plans the chunk comes from, with the digests of what each was made by.
select
    p.id, p.released, p.strategy_digest, p.templates_digest, p.packs_digest, p.destinations_digest, p.settings_digest,
    p.channels_digest, encode(p.decisions_root, 'hex') as run_digest, p.messages, p.sum_minor
from day_plan p where p.id = any(%(plans)s::bigint[]);

-- name: mark_handed_over
-- Claim the keys; a key that is missing from the answer had left before.
insert into hand_over (key, day, attempt)
select k.key, k.day, k.attempt
from unnest(%(keys)s::bytea[], %(days)s::date[], %(attempts)s::int[]) as k (key, day, attempt)
on conflict (key) do nothing
returning key;

-- name: reserve
-- Count the contacts against every scope they touch.
insert into reservation (key, attempt, at, person, account, number, channel, kind)
select * from unnest(
    %(keys)s::bytea[], %(attempts)s::int[], %(at)s::timestamptz[], %(persons)s::text[], %(accounts)s::text[],
    %(numbers)s::text[], %(channels)s::text[], %(kinds)s::text[]
);

-- name: permit
-- Write the permits, which are the intents too.
insert into permit (day, key, attempt, version, person, route, worker, encoded_sha256, at, not_after, parts, verdict, entry, mac)
select * from unnest(
    %(days)s::date[], %(keys)s::bytea[], %(attempts)s::int[], %(versions)s::int[], %(persons)s::text[], %(routes)s::text[],
    %(workers)s::text[], %(hashes)s::bytea[], %(at)s::timestamptz[], %(not_after)s::timestamptz[], %(parts)s::int[],
    %(verdicts)s::jsonb[], %(entries)s::uuid[], %(macs)s::bytea[]
);

-- name: keep_text
-- Keep the exact text of what was released, sealed.
insert into vault.message_text (day, key, attempt, person, sealed)
select * from unnest(
    %(days)s::date[], %(keys)s::bytea[], %(attempts)s::int[], %(persons)s::text[], %(sealed)s::bytea[]
);

-- name: dispose
-- End messages that will not leave, with the reason; one that had ended before does not come back.
insert into disposition (day, key, version, outcome, code, rule, fact, at)
select * from unnest(
    %(days)s::date[], %(keys)s::bytea[], %(versions)s::int[], %(outcomes)s::text[], %(codes)s::text[],
    %(rules)s::text[], %(facts)s::text[], %(at)s::timestamptz[]
)
on conflict do nothing
returning day, key, version;

-- name: wake
-- Ask for these persons to be planned again.
insert into wake (person, at, why, key, made_at)
select w.person, w.at, w.why, w.key, w.made_at
from unnest(
    %(persons)s::text[], %(at)s::timestamptz[], %(whys)s::text[], %(keys)s::bytea[], %(made_at)s::timestamptz[]
) as w (person, at, why, key, made_at)
where not exists (
    select 1 from wake old where old.done_by is null and old.person = w.person and old.why = w.why and old.at = w.at
);

-- name: sent_of
-- How many messages were permitted on a local day.
select s.messages from sent_of_day s where s.day = %(day)s;

-- name: count_sent
-- Count permits of a day, unless that were more than its ceiling; nothing comes back where they were not counted.
update sent_of_day set messages = messages + %(messages)s
where day = %(day)s and messages + %(messages)s <= %(most)s
returning messages;

-- name: hold_count
-- Hold the count of a day, begun if it is not there.
insert into sent_of_day (day, messages) values (%(day)s, 0)
on conflict (day) do update set messages = sent_of_day.messages
returning messages;

-- name: recount_sent
-- The count of a day as its permits and their answers have it: what was refused or given back did not leave.
update sent_of_day set messages = (
    select count(*) from permit p
    where p.at >= %(begins)s and p.at < %(ends)s
        and not exists (
            select 1 from answer a
            where a.day = p.day and a.key = p.key and a.attempt = p.attempt and a.outcome in ('refused', 'returned')
        )
)
where day = %(day)s;

-- name: release_lists
-- Lists that people were asked to release, by the digests that they sign.
select distinct on (l.digest) l.digest, l.stage, l.said, l.salt
from release_list l where l.digest = any(%(digests)s::text[]) order by l.digest;
